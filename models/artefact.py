"""The deployed model: relativity tables as JSON. Loading reads numbers; it never runs code."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from models import priors, reading
from models.features import Readings
from models.features import schema as feature_schema
from models.perils import Group, Peril
from models.priors import Source
from models.shares import Shares
from models.tables import Tables
from posture.core.assessment import PricedBy
from posture.core.decisions import Cover
from posture.core.errors import PostureError

K = TypeVar("K")

SCHEMA = "posture.model/1"
#: Significant digits kept in an artefact: processors differ in the sixteenth, and digests may not.
_DIGITS = 12
SHIPPED = reading.DATA / "model.json"
#: What older releases shipped, by digest (models/past.py).
PAST = reading.DATA / "past"

#: Points (G, percentile) of the reference book, rising.
Grid = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One feature in one peril: factor when found, mean factor of the book, sd of the log factor."""

    found: float
    unseen: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature's row of the relativity tables: `relativity` before the tilt, `cells` after it.

    `prior` holds the prior's log factors by peril: coverage is measured on them. `shares` say how common its
    states are in the reference book, `sources` which findings set it. `moved` is by draw what the coefficient
    might differ by from the deployed one, `tilt` what that does to each peril.
    """

    name: str
    group: Group
    shares: Shares
    relativity: float
    cells: Mapping[Peril, Cell]
    prior: Mapping[Peril, float]
    sources: tuple[Source, ...] = ()
    tilt: Mapping[Peril, float] = field(default_factory=dict)
    moved: tuple[float, ...] = ()

    def variance(self, peril: Peril) -> float:
        """Variance of the prior's log relativity in the reference book."""
        return self.shares.variance * self.prior[peril] ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What was solved on the reference book for one market's tables (`tables`: their digest).

    `cover` blends perils to covers, `standard` to A+B (each sums to 1); `scale` is s of step 8,
    `capped` the mean left by the charged cap of step 10, `grid` points (G, percentile), and `ranks` the same
    by draw of the coefficients; no draws in models older than them.
    """

    tables: str
    cover: Mapping[Cover, Mapping[Peril, float]]
    standard: Mapping[Peril, float]
    scale: Mapping[Cover, float]
    capped: Mapping[Cover, float]
    grid: Grid
    ranks: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Everything scoring needs. `expected_claims` is the experience behind it: 0 for the prior.

    `levels` and `severity` are what own claims and losses have made of frequencies and sizes, 1 for nothing.
    `valued_on` is the last day on which those claims were valued; None for the prior. `drawn` is log N by
    draw of the coefficients; empty in models older than draws.
    """

    name: str
    features_schema: str
    features: tuple[Feature, ...]
    perils: tuple[Peril, ...]
    follows: Mapping[Peril, Peril]
    levels: Mapping[Peril, float]
    severity: Mapping[Peril, float]
    group_caps: Mapping[Group, float]
    overlap_order: tuple[str, ...]
    overlap_strength: float
    off_balance: Mapping[Peril, float]
    unseen: Mapping[Group, str]
    coverage_floor: float
    letters: Mapping[str, float]
    balance: Mapping[str, Balance]
    expected_claims: float
    digest: str
    valued_on: date | None = None
    drawn: Mapping[Peril, tuple[float, ...]] = field(default_factory=dict)

    def readings(self) -> Readings:
        """Which findings set each of its features."""
        return {feature.name: feature.sources for feature in self.features}

    def said(self) -> PricedBy:
        """What an assessment keeps of the model beside its digest."""
        return PricedBy(name=self.name, fitted=self.expected_claims > 0, valued_on=self.valued_on)

    def check_readings(self) -> None:
        """Raise PostureError when it is not known which findings set its features."""
        if not all(feature.sources for feature in self.features):
            raise _stale(self.name, f"reads {self.features_schema}, which this release does not know")

    def check_schema(self, schema: str) -> None:
        """Raise PostureError when this release makes other features than the model reads."""
        if schema != self.features_schema:
            raise _stale(self.name, f"reads {self.features_schema}, this release makes {schema}")

    def balanced(self, tables: Tables) -> Balance:
        """The balance for a market's tables; raises PostureError when they changed since it was solved."""
        found = self.balance.get(tables.key)
        if found is None or found.tables != tables.digest:
            raise PostureError(
                f"The model “{self.name}” is not balanced on the tables {tables.key}.",
                remedy="Run `make model` (or `posture model fit`) after changing a rating table.",
                code="model-stale",
            )
        return found


@cache
def shipped() -> Artefact:
    """The artefact of the release."""
    return load(SHIPPED)


def load(path: Path) -> Artefact:
    """Read and verify an artefact. Raises PostureError for a wrong schema, digest or number."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise _bad(path, "cannot be read") from None
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"is not JSON: {error}") from None
    return parse(content, path)


def parse(content: object, path: Path) -> Artefact:
    """Verify a document; `path` names it in messages. Raises PostureError as `load` does."""
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _bad(path, f"is not a {SCHEMA} document")
    try:
        if content.get("digest") != digest(content):
            raise _bad(path, "does not match its digest")
        return read(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _bad(path, f"is malformed: {type(error).__name__} {error}") from None


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of everything but the digest itself."""
    body = {key: value for key, value in content.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def rounded(value: object) -> object:
    """The same JSON value with every float at `_DIGITS` significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _stale(name: str, what: str) -> PostureError:
    return PostureError(
        f"The model “{name}” {what}.",
        remedy="Rebuild it with `make model`, or fit it again with this release.",
        code="model-stale",
    )


def _bad(path: Path, what: str) -> PostureError:
    return PostureError(
        f"The model {path.name} {what}.",
        remedy="Rebuild it with `make model`, or fit it again with this release.",
        code="bad-model",
    )


def read(content: Mapping[str, Any]) -> Artefact:
    """The artefact of a document. Raises KeyError, TypeError, ValueError or AttributeError when malformed."""
    expected = feature_schema(content["features"])
    if content["features_schema"] != expected:
        raise ValueError(f"features_schema is {content['features_schema']}, its features make {expected}")
    read = _readings(content["features"], expected)
    features = tuple(_feature(name, entry, read[name]) for name, entry in content["features"].items())
    return Artefact(
        name=content["name"],
        features_schema=expected,
        features=features,
        perils=tuple(Peril(peril) for peril in content["off_balance"]),
        follows={Peril(k): Peril(v) for k, v in content["follows"].items()},
        levels=_numbers(Peril, content["levels"]),
        severity=_numbers(Peril, content["severity"]),
        group_caps=_numbers(Group, content["group_caps"]),
        overlap_order=tuple(content["overlap"]["order"]),
        overlap_strength=_positive(content["overlap"]["strength"]),
        off_balance=_numbers(Peril, content["off_balance"]),
        unseen={Group(k): str(v) for k, v in content["unseen"].items()},
        coverage_floor=float(content["coverage_floor"]),
        letters={str(k): float(v) for k, v in content["letters"].items()},
        balance={market: _balance(entry) for market, entry in content["balance"].items()},
        expected_claims=float(content["expected_claims"]),
        digest=content["digest"],
        valued_on=date.fromisoformat(content["valued_on"]) if "valued_on" in content else None,
        drawn={Peril(peril): _row(text) for peril, text in content.get("drawn", {}).items()},
    )


def _readings(features: Mapping[str, Mapping[str, Any]], schema: str) -> Readings:
    """Which findings set the features: in the artefact, or beside those older than that by their schema."""
    if all("from" in entry for entry in features.values()):
        return {name: priors.sources(entry["from"]) for name, entry in features.items()}
    path = PAST / f"features-{schema.rpartition('+')[2]}.toml"
    return priors.readings(path) if path.is_file() else dict.fromkeys(features, ())


def _row(text: str) -> tuple[float, ...]:
    """A row of numbers, written as one string so that an artefact stays readable."""
    return tuple(map(float, text.split()))


def _feature(name: str, entry: Mapping[str, Any], sources: tuple[Source, ...]) -> Feature:
    return Feature(
        name=name,
        group=Group(entry["group"]),
        shares=Shares(_positive(entry["prevalence"]), float(entry.get("half", 0.0))),
        relativity=_positive(entry["relativity"]),
        cells={
            Peril(peril): Cell(
                found=_positive(cell["found"]), unseen=_positive(cell["unseen"]), sd=float(cell["sd"])
            )
            for peril, cell in entry["perils"].items()
        },
        prior={Peril(peril): float(value) for peril, value in entry["prior"].items()},
        sources=sources,
        tilt={Peril(peril): float(value) for peril, value in entry.get("tilt", {}).items()},
        moved=_row(entry.get("moved", "")),
    )


def _balance(entry: Mapping[str, Any]) -> Balance:
    return Balance(
        tables=entry["tables"],
        cover={Cover(cover): _numbers(Peril, weights) for cover, weights in entry["cover"].items()},
        standard=_numbers(Peril, entry["standard"]),
        scale=_numbers(Cover, entry["scale"]),
        capped=_numbers(Cover, entry["capped"]),
        grid=tuple((float(g), float(p)) for g, p in entry["grid"]),
        ranks=tuple(_grid(text) for text in entry.get("ranks", ())),
    )


def _grid(text: str) -> Grid:
    points = _row(text)
    return tuple(zip(points[::2], points[1::2], strict=True))


def _numbers(kind: Callable[[str], K], entry: Mapping[str, object]) -> dict[K, float]:
    return {kind(key): _positive(value) for key, value in entry.items()}


def _positive(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    if not 0 < number < math.inf:
        raise ValueError(f"{value} is not a positive number")
    return number
