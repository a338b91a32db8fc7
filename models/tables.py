"""Dated rating tables of a market: every number of money, frequency and severity lives in its TOML."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from models import reading
from models.development import Development
from models.perils import Peril
from models.severity import Lognormal
from posture.core.application import CoverTerms
from posture.core.decisions import Cover
from posture.core.errors import PostureError

V = TypeVar("V")

MARKETS = reading.DATA / "markets"
DEFAULT_COUNTRY = "JP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A closed range of factors; `low <= 1 <= high`."""

    low: float
    high: float

    def clip(self, factor: float) -> float:
        """The factor, moved to the nearer end when it lies outside."""
        return min(self.high, max(self.low, factor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What the authority approved, and for which days (`valid_until` is exclusive).

    `factor` bounds each factor of the posture, `schedule` the underwriter's, `total` their product:
    no override, schedule or rounding leaves them. Unless `in_force`, every premium is an indication.
    """

    filed: bool
    id: str
    valid_from: date
    valid_until: date
    factor: Bounds
    schedule: Bounds
    total: Bounds

    def in_force(self, on: date) -> bool:
        """Whether a premium of this day may be bound."""
        return self.filed and self.valid_from <= on < self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Frequency in an exposure base: (x / reference) to a power that changes at each segment's start."""

    reference: float
    segments: tuple[tuple[float, float], ...]

    def factor(self, x: float) -> float:
        """Relative frequency at exposure `x`; 1 at the reference, continuous, increasing."""
        return self.level(x) / self.level(self.reference)

    def level(self, x: float) -> float:
        """Frequency at exposure `x` against that at the reference by the first segment's power alone."""
        level, scale = 1.0, self.reference
        for (start, power), (end, _) in zip(
            self.segments, (*self.segments[1:], (float("inf"), 0.0)), strict=True
        ):
            if x <= start:
                break
            low = start or scale
            level *= (min(x, end) / low) ** power
        return level


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """Cost of claims of revenue earned overseas, and in the US and Canada, against that at home."""

    overseas: float
    us_canada: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Cover C: outage by triggering peril and indemnity period in days, extra expense, its sub-limit."""

    outage: Mapping[Peril, Lognormal]
    indemnity_days: float
    extra_expense: Lognormal
    extra_expense_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expenses:
    """Loads: `ulae` on losses, `fixed` and `minimum` in minor units a policy, the rest of gross premium."""

    ulae: float
    fixed: float
    variable: float
    profit: float
    minimum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Above these a person decides: limits in minor units, records held, incidents within the years."""

    limit: Mapping[Cover, int]
    records: int
    incidents: int
    incident_years: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """One market's tables in force between two dates. Money is in minor units of `currency`."""

    market: str
    currency: str
    rounding: int
    valid_from: date
    filing: Filing
    frequency: Mapping[Peril, float]
    revenue: Exposure
    revenue_range: Bounds
    headcount: Exposure
    it_revenue: Exposure
    sectors: Mapping[str, float]
    sector_needs: Mapping[str, Cover]
    sector_refers: frozenset[str]
    triggers: Mapping[Peril, Mapping[Cover, float]]
    severity: Mapping[Peril, Mapping[Cover, Lognormal]]
    interruption: Interruption
    territory: Mapping[Cover, Abroad]
    defence_share: float
    items: Mapping[str, float]
    development: Development
    standard: Mapping[Cover, CoverTerms]
    standard_gross_profit: int
    clip: Bounds
    controls: Bounds
    charged: Bounds
    expenses: Expenses
    authority: Authority
    calibration: Mapping[str, Any]
    digest: str

    @property
    def key(self) -> str:
        """Market and first day, such as JP/2026-01-01."""
        return f"{self.market}/{self.valid_from.isoformat()}"


def everything() -> tuple[Tables, ...]:
    """Every dated table of every market."""
    return tuple(read(path) for path in sorted(MARKETS.glob("*/*.toml")))


def countries() -> tuple[str, ...]:
    """Countries with at least one table, upper case."""
    return tuple(sorted(folder.name.upper() for folder in MARKETS.iterdir() if folder.is_dir()))


def load(country: str, on: date) -> Tables:
    """The country's tables in force at `on`: the newest that has begun.

    Raises PostureError when the country has no table, none had begun, or the file is malformed.
    """
    wanted = country.upper()
    if wanted not in countries():
        raise PostureError(
            f"No rating table exists for the country “{country}”.",
            remedy=f"Tables exist for {', '.join(countries())}; add one under models/data/markets.",
            code="no-table",
        )
    files = sorted((MARKETS / wanted.lower()).glob("*.toml"))
    begun = [file for file in files if date.fromisoformat(file.stem) <= on]
    if not begun:
        raise PostureError(
            f"No rating table of {wanted} is in force on {on.isoformat()}; the first begins {files[0].stem}.",
            remedy="Assess at a date for which a table exists.",
            code="no-table",
        )
    return read(begun[-1])


def named(text: str) -> Tables:
    """Tables by their key (JP/2026-01-01) or the path of their file. Raises PostureError for neither."""
    kept = MARKETS / f"{text.lower()}.toml"
    path = kept if kept.is_file() and kept.parent.parent == MARKETS else Path(text)
    if not path.is_file():
        keys = ", ".join(table.key for table in everything())
        raise PostureError(
            f"“{text}” is no rating table.",
            remedy=f"Give the path of a table's file, or one of {keys}.",
            code="no-table",
        )
    return read(path)


@cache
def read(path: Path) -> Tables:
    """The tables of one file. Raises PostureError naming file, section and what is wrong with it."""
    content = reading.document(path)
    try:
        tables = _Reader(path, content).tables()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise reading.bad(path, f"cannot be read: {type(error).__name__} {error}") from None
    _check(path, tables)
    _check_terms(path, tables)
    return tables


class _Reader:
    """Turns one parsed file into `Tables`."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        self.path = path
        self.content = content

    def values(self, name: str) -> Mapping[str, Any]:
        return reading.section(self.path, self.content, name)

    def tables(self) -> Tables:
        head, rules = self.content, self.values("sector_rules")
        bounds, standard = self.values("bounds"), self.values("standard")
        revenue = self.values("revenue")
        return Tables(
            market=head["market"],
            currency=head["currency"],
            rounding=int(head["rounding"]),
            valid_from=head["valid_from"],
            filing=_filing(self.path, head["filing"]),
            frequency={
                Peril(k): self._number("frequency", k, v) for k, v in self.values("frequency").items()
            },
            revenue=_exposure(revenue),
            revenue_range=Bounds(low=revenue["low"], high=revenue["high"]),
            headcount=_exposure(self.values("headcount")),
            it_revenue=_exposure(self.values("it_revenue")),
            sectors={k: self._number("sectors", k, v) for k, v in self.values("sectors").items()},
            sector_needs={sector: Cover(cover) for sector, cover in rules["needs"].items()},
            sector_refers=frozenset(rules["refer"]),
            triggers=_by_peril(self.values("triggers"), float),
            severity=_by_peril(self.values("severity"), lambda entry: Lognormal(**entry)),
            interruption=_interruption(self.values("outage")),
            territory={Cover(k): Abroad(**v) for k, v in self.values("territory").items()},
            defence_share=self._number("defence", "share", self.values("defence")["share"]),
            items={k: self._number("items", k, v) for k, v in self.values("items").items()},
            development=_development(self.values("development")),
            standard={
                cover: CoverTerms(**standard[cover.value]) for cover in Cover if cover.value in standard
            },
            standard_gross_profit=int(standard["daily_gross_profit"]),
            clip=Bounds(**bounds["clip"]),
            controls=Bounds(**bounds["controls"]),
            charged=Bounds(**bounds["charged"]),
            expenses=Expenses(**self.values("expenses")),
            authority=_authority(self.values("authority")),
            calibration=self.values("calibration"),
            digest=hashlib.sha256(self.path.read_bytes()).hexdigest(),
        )

    def _number(self, name: str, key: str, value: object) -> float:
        return reading.number(self.path, f"[{name}] {key}", value, above=0)


def _filing(path: Path, entry: Mapping[str, Any]) -> Filing:
    status = entry["status"]
    if status not in {"filed", "none"}:
        raise reading.bad(path, f"[filing] status is {status!r}, neither “filed” nor “none”")
    filing = Filing(
        filed=status == "filed",
        id=entry["id"],
        valid_from=entry["valid_from"],
        valid_until=entry["valid_until"],
        factor=Bounds(**entry["factor"]),
        schedule=Bounds(**entry["schedule"]),
        total=Bounds(**entry["total"]),
    )
    if filing.filed and not filing.id:
        raise reading.bad(path, "[filing] is filed, but has no id")
    if not filing.valid_from < filing.valid_until:
        raise reading.bad(path, "[filing] valid_until is not after valid_from")
    return filing


def _exposure(entry: Mapping[str, Any]) -> Exposure:
    segments = entry.get("segments") or [{"above": 0, "elasticity": entry["elasticity"]}]
    pairs = tuple((float(item["above"]), float(item["elasticity"])) for item in segments)
    return Exposure(reference=float(entry["reference"]), segments=pairs)


def _by_peril(values: Mapping[str, Any], convert: Callable[[Any], V]) -> dict[Peril, dict[Cover, V]]:
    return {
        Peril(peril): {Cover(cover): convert(entry) for cover, entry in covers.items()}
        for peril, covers in values.items()
    }


def _interruption(values: Mapping[str, Any]) -> Interruption:
    outage = {Peril(k): Lognormal(**v) for k, v in values.items() if k in set(Peril)}
    return Interruption(
        outage=outage,
        indemnity_days=float(values["indemnity_days"]),
        extra_expense=Lognormal(**values["extra_expense"]),
        extra_expense_limit=float(values["extra_expense_limit"]),
    )


def _development(values: Mapping[str, Any]) -> Development:
    def shares(name: str) -> tuple[tuple[float, float], ...]:
        return tuple(zip(map(float, values["months"]), map(float, values[name]), strict=True))

    return Development(numbers=shares("reported"), costs=shares("incurred"))


def scaled(market: Tables, scales: Mapping[Peril, float]) -> Tables:
    """The tables with the severity scales that own losses have taught; the digest stays as it is."""
    if all(scale == 1.0 for scale in scales.values()):
        return market
    severity = {
        peril: {
            cover: replace(loss, median=loss.median * scales.get(peril, 1.0))
            for cover, loss in curves.items()
        }
        for peril, curves in market.severity.items()
    }
    return replace(market, severity=severity)


def _authority(values: Mapping[str, Any]) -> Authority:
    return Authority(
        limit={Cover(k): int(v) for k, v in values["limit"].items()},
        records=int(values["records"]),
        incidents=int(values["incidents"]),
        incident_years=int(values["incident_years"]),
    )


def _check(path: Path, tables: Tables) -> None:
    """Gaps, overlaps and bounds that would let a number through which nobody filed."""
    if path.stem != tables.valid_from.isoformat():
        raise reading.bad(path, f"valid_from is {tables.valid_from}, which is not the file's name")
    starts = [start for start, _ in tables.revenue.segments]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise reading.bad(path, "[revenue] segments leave a gap or overlap: begin at 0 and rise")
    for name, inner in (("clip", tables.clip), ("charged", tables.charged), ("controls", tables.controls)):
        if not tables.filing.factor.low <= inner.low <= 1 <= inner.high <= tables.filing.factor.high:
            raise reading.bad(path, f"[bounds] {name} leaves the filed range or excludes 1")
    filing = tables.filing
    for name, filed in (("factor", filing.factor), ("schedule", filing.schedule), ("total", filing.total)):
        if not 0 < filed.low <= 1 <= filed.high:
            raise reading.bad(path, f"[filing] {name} is no range around 1")
    if not (filing.total.low <= tables.charged.low and tables.charged.high <= filing.total.high):
        raise reading.bad(path, "[bounds] charged leaves the filed range in total")
    for peril, covers in tables.triggers.items():
        if peril not in tables.frequency:
            raise reading.bad(path, f"[frequency] {peril} is missing")
        _check_peril(path, tables, peril, covers)


def _check_terms(path: Path, tables: Tables) -> None:
    """What the terms of an application and the valuation of claims rest on."""
    if set(tables.territory) != {Cover.A, Cover.B, Cover.C}:
        raise reading.bad(path, "[territory] must hold covers A, B and C")
    if tables.defence_share >= 1 or sum(tables.items.values()) > 1:
        raise reading.bad(path, "[defence] share or the sum of [items] is more than a loss")
    for points in (tables.development.numbers, tables.development.costs):
        at, shares = [month for month, _ in points], [share for _, share in points]
        if at != sorted({*at, 0.0})[1:] or shares != sorted(shares) or shares[0] <= 0 or shares[-1] != 1:
            raise reading.bad(path, "[development] leaves a gap: months and shares must rise to a share of 1")


def _check_peril(path: Path, tables: Tables, peril: Peril, covers: Mapping[Cover, float]) -> None:
    for cover, probability in covers.items():
        known = tables.interruption.outage if cover is Cover.C else tables.severity.get(peril, {})
        if (peril if cover is Cover.C else cover) not in known:
            raise reading.bad(path, f"cover {cover} of {peril} is triggered but has no severity")
        if not 0 < probability <= 1:
            raise reading.bad(path, f"[triggers] {peril}.{cover} is {probability}, not a probability")
