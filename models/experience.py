"""Own claims: the CSV an insurer keeps, read strictly, and the update of the model by it."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from models import features, tables
from models.development import months
from models.perils import LEARNT, Peril
from posture.core.errors import PostureError

T = TypeVar("T")

_LOSS = "covers A and B from the ground up, no deductible or limit taken off; blank while any claim is open"

#: States a feature may have in the file; blank is unknown.
_STATES = frozenset({0.0, 0.5, 1.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file: its name, unit and meaning."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One row. Money in minor units of the market's currency; an open claim has no loss yet (None).

    `base` are the claims expected by `valuation` at posture factor 1: what is not yet reported is not missed.
    """

    policy: str
    exposure: float
    inception: date
    valuation: date
    market: str
    revenue: float
    sector: str
    claims: Mapping[Peril, int]
    losses: Mapping[Peril, float | None]
    values: Mapping[str, float | None]
    base: Mapping[Peril, float]


def columns() -> tuple[Column, ...]:
    """Every column, in the order `posture model schema` prints them. All are required."""
    fixed = (
        Column(name="policy", unit="text", meaning="a key of yours, unique in the file"),
        Column(name="exposure", unit="policy-years", meaning="time at risk, 0 or more"),
        Column(name="inception", unit="date", meaning="first day of cover; chooses the rating table"),
        Column(name="valuation", unit="date", meaning="day on which claims and losses were valued"),
        Column(name="market", unit="country", meaning=f"one of {', '.join(tables.countries())}"),
        Column(name="revenue", unit="minor units", meaning="annual revenue in the market's currency"),
        Column(name="sector", unit="id", meaning="as in the rating table"),
    )
    claims = (
        column
        for peril in LEARNT
        for column in (
            Column(name=f"claims_{peril}", unit="claims", meaning="0 when exposed without claims"),
            Column(name=f"loss_{peril}", unit="minor units", meaning=_LOSS),
        )
    )
    states = (
        Column(
            name=name,
            unit="0, 0.5, 1",
            meaning="1 found, 0.5 inferred or not shown, 0 clean; blank = unknown",
        )
        for name in features.names()
    )
    return (*fixed, *claims, *states)


def read(path: Path) -> tuple[Policy, ...]:
    """Every policy of the file. Raises PostureError naming row and column; nothing is guessed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, reader.fieldnames)
            policies = tuple(_rows(path, reader))
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise _bad(path, f"is not a CSV file in UTF-8: {error}") from None
    if not policies:
        raise _bad(path, "holds no policy")
    _check_unique(path, policies)
    return policies


def _check_header(path: Path, header: Sequence[str] | None) -> None:
    wanted = [column.name for column in columns()]
    if not header:
        raise _bad(path, "is empty")
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted]
    if missing:
        raise _bad(path, f"lacks the column {', '.join(missing)}")
    if unknown:
        raise _bad(path, f"has a column nobody knows: {', '.join(map(str, unknown))}")
    if len(set(header)) != len(header):
        raise _bad(path, "has a column twice")


def _rows(path: Path, reader: "csv.DictReader[str]") -> Iterator[Policy]:
    for row in reader:
        if None in row or None in row.values():
            raise _bad(path, f"row {reader.line_num} has not as many fields as the header")
        yield _Row(path, reader.line_num, row).policy()


def _check_unique(path: Path, policies: Sequence[Policy]) -> None:
    seen: set[tuple[str, date]] = set()
    for item in policies:
        key = (item.policy, item.inception)
        if key in seen:
            raise _bad(path, f"holds policy {item.policy} with inception {item.inception} twice")
        seen.add(key)


class _Row:
    """One row on its way to a `Policy`."""

    def __init__(self, path: Path, line: int, row: Mapping[str, str]) -> None:
        self.path = path
        self.line = line
        self.row = row

    def policy(self) -> Policy:
        exposure, inception = self._amount("exposure"), self._get("inception", date.fromisoformat)
        claims = {peril: self._count(f"claims_{peril}") for peril in LEARNT}
        if exposure == 0 and any(claims.values()):
            raise self._bad("exposure", "is 0 although there are claims")
        market = self._tables(inception)
        sector, revenue = self.row["sector"].strip(), self._amount("revenue")
        if sector not in market.sectors:
            raise self._bad("sector", f"“{sector}” is not in the {market.market} table")
        if revenue == 0:
            raise self._bad("revenue", "is 0")
        valuation = self._valuation(inception)
        relative = exposure * market.revenue.factor(revenue) * market.sectors[sector]
        relative *= market.development.reported(months(inception, valuation))
        return Policy(
            policy=self.row["policy"].strip(),
            exposure=exposure,
            inception=inception,
            valuation=valuation,
            market=market.market,
            revenue=revenue,
            sector=sector,
            claims=claims,
            losses={peril: self._loss(peril, claims[peril]) for peril in LEARNT},
            values={name: self._state(name) for name in features.names()},
            base={peril: relative * market.frequency[peril] for peril in LEARNT},
        )

    def _tables(self, inception: date) -> tables.Tables:
        try:
            return tables.load(self.row["market"].strip(), inception)
        except PostureError as error:
            raise self._bad("market", f"and inception: {error.message}") from None

    def _valuation(self, inception: date) -> date:
        valuation = self._get("valuation", date.fromisoformat)
        if valuation < inception:
            raise self._bad("valuation", f"{valuation} lies before the inception {inception}")
        return valuation

    def _loss(self, peril: Peril, claims: int) -> float | None:
        name = f"loss_{peril}"
        if not self.row[name].strip():
            return None
        loss = self._amount(name)
        if loss and not claims:
            raise self._bad(name, "is above 0 although there is no claim")
        return loss

    def _state(self, name: str) -> float | None:
        if not self.row[name].strip():
            return None
        state = self._get(name, float)
        if state not in _STATES:
            raise self._bad(name, f"is {state:g}, not 0, 0.5, 1 or blank")
        return state

    def _amount(self, name: str) -> float:
        amount = self._get(name, float)
        if not 0 <= amount < math.inf:
            raise self._bad(name, f"is {amount:g}, not a number of 0 or more")
        return amount

    def _count(self, name: str) -> int:
        count = self._get(name, int)
        if count < 0:
            raise self._bad(name, f"is {count}, not a number of claims")
        return count

    def _get(self, name: str, convert: Callable[[str], T]) -> T:
        try:
            return convert(self.row[name].strip())
        except ValueError:
            raise self._bad(name, f"holds “{self.row[name]}”") from None

    def _bad(self, column: str, what: str) -> PostureError:
        return _bad(self.path, f"row {self.line}, column {column} {what}")


def _bad(path: Path, what: str) -> PostureError:
    return PostureError(
        f"The experience {path.name} {what}.",
        remedy="`posture model schema` prints the columns; correct the file, nothing was written.",
        code="bad-experience",
    )
