"""What a change of rating tables does to a book: every applicant priced on both, with the same findings."""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from models import artefact, priors, underwrite
from models.artefact import Artefact
from models.tables import Tables
from posture.core.application import Application
from posture.core.decisions import Decision
from posture.core.errors import PostureError
from posture.core.findings import Finding

#: Lower ends of the histogram's bins, as fractions of the old premium; the first bin has none.
EDGES = (-0.5, -0.25, -0.15, -0.1, -0.05, -0.01, 0.01, 0.05, 0.1, 0.15, 0.25, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One applicant of the book."""

    name: str
    findings: Sequence[Finding]
    application: Application | None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An applicant priced on both tables: premiums in minor units, `change` a fraction of the old one."""

    name: str
    old: int
    new: int
    change: float
    tiers: tuple[str, str]
    actions: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """How many premiums changed by at least `low` and less than `high`; None for no such end."""

    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """The book on both tables. `left_out` counts why an applicant is not in it.

    `tiers` and `actions` count what became of each ("T2 → T3"). `changes` are sorted, the largest fall first.
    """

    old: str
    new: str
    model: str
    currency: str
    changes: tuple[Change, ...]
    left_out: Mapping[str, int]
    histogram: tuple[Bin, ...]
    totals: tuple[int, int]
    mean: float | None
    median: float | None
    tiers: Mapping[str, int]
    actions: Mapping[str, int]


def disrupt(book: Iterable[Risk], old: Tables, new: Tables, model: Artefact | None = None) -> Disruption:
    """Price the book on both tables by the shipped model or this one. Raises PostureError for two markets."""
    if (old.market, old.currency) != (new.market, new.currency):
        raise PostureError(
            f"{old.key} is of {old.market} in {old.currency}, {new.key} of {new.market} in {new.currency}.",
            remedy="Compare two tables of one market.",
            code="bad-tables",
        )
    used = model or artefact.shipped()
    pair = ((old, model_on(old, used)), (new, model_on(new, used)))
    left_out: Counter[str] = Counter()
    changes = sorted(_changes(book, pair, left_out), key=lambda item: (item.change, item.name))
    shares = [item.change for item in changes]
    return Disruption(
        old=f"{old.key} {old.digest[:8]}",
        new=f"{new.key} {new.digest[:8]}",
        model=f"{used.name} {used.digest[:8]}",
        currency=old.currency,
        changes=tuple(changes),
        left_out=dict(left_out),
        histogram=histogram(shares),
        totals=(sum(item.old for item in changes), sum(item.new for item in changes)),
        mean=statistics.fmean(shares) if shares else None,
        median=statistics.median(shares) if shares else None,
        tiers=_moved(item.tiers for item in changes),
        actions=_moved(item.actions for item in changes),
    )


def histogram(shares: Sequence[float]) -> tuple[Bin, ...]:
    """Every bin, empty ones too."""
    ends = (None, *EDGES, None)
    return tuple(
        Bin(low=low, high=high, count=sum(_inside(share, low, high) for share in shares))
        for low, high in pairwise(ends)
    )


def model_on(market: Tables, model: Artefact) -> Artefact:
    """The model balanced on these tables: solved anew (some seconds) where it is not yet."""
    found = model.balance.get(market.key)
    if found is not None and found.tables == market.digest:
        return model
    # Balancing is the one thing here that needs numpy and the reference book.
    from models import build, deployed

    severity = {peril.value: scale for peril, scale in model.severity.items()}
    content = build.export(
        deployed.of(model),
        priors.table(),
        name=model.name,
        severity=severity,
        markets=(market,),
        valued_on=model.valued_on,
    )
    return artefact.read(content)


def _changes(
    book: Iterable[Risk], pair: Sequence[tuple[Tables, Artefact]], left_out: Counter[str]
) -> Iterator[Change]:
    for risk in book:
        if risk.application is None:
            left_out["no-application"] += 1
        elif risk.application.country != pair[0][0].market:
            left_out["other-market"] += 1
        else:
            try:
                decisions = [_decided(risk, market, model) for market, model in pair]
            except PostureError as error:
                left_out[error.code] += 1
                continue
            made = _change(risk, decisions)
            if made is None:
                left_out["no-price"] += 1
            else:
                yield made


def _decided(risk: Risk, market: Tables, model: Artefact) -> Decision:
    return underwrite.assess(risk.findings, risk.application, on=risk.on, model=model, market=market).decision


def _change(risk: Risk, decisions: Sequence[Decision]) -> Change | None:
    old, new = (made.premium.total for made in decisions)
    if not old or new is None:
        return None
    before, after = decisions
    return Change(
        name=risk.name,
        old=old,
        new=new,
        change=new / old - 1,
        tiers=(before.tier.value, after.tier.value),
        actions=(before.action.value, after.action.value),
    )


def _inside(share: float, low: float | None, high: float | None) -> bool:
    return (low is None or share >= low) and (high is None or share < high)


def _moved(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    counted = Counter(f"{old} → {new}" for old, new in pairs if old != new)
    return dict(sorted(counted.items()))
