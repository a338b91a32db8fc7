"""Score, tier, loading and premium: what the models say, never without why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from posture.core.findings import Argument


class Cover(StrEnum):
    """The policy's covers and options (leaflet): A 第三者への賠償責任, B 事故対応費用, C 喪失利益."""

    A = "A"
    B = "B"
    C = "C"
    CRIME = "crime"
    IT = "it"


class Action(StrEnum):
    """What the underwriter is advised to do."""

    QUOTE = "quote"
    SUBJECTIVITIES = "subjectivities"
    REFER = "refer"
    DECLINE = "decline"


class Tier(StrEnum):
    """Underwriting tiers, best to worst."""

    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval with its level (0.9 = 90 %)."""

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One factor of the posture relativity; all factors multiply to it.

    `factor` is multiplicative (1.25 = +25 %), `state` is seen, unseen, or rule (a cap, the off-balance).
    """

    feature: str
    factor: float
    state: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskScore:
    """0–100, higher = riskier; letter A best to E. `relativity` is G, the A+B posture factor."""

    value: float
    letter: str
    interval: Interval
    relativity: float
    relativity_interval: Interval
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Share of the prior's log-relativity variance that was observed, 0–1."""

    overall: float
    by_peril: Mapping[str, float]
    floor: float
    #: Feature groups with at least one unseen feature, with the reasons.
    unseen: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """Fraction against the average applicant (0.25 = +25 %): the model's, and what is charged."""

    technical: float
    charged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountInterval:
    """An interval of money in minor units, and its level (0.9)."""

    low: int
    high: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Premium:
    """Integers in minor units of `currency` (JPY: yen); an unwanted cover is None.

    `total` is the sum of the rounded covers; everything is None where nothing may be priced.
    """

    currency: str
    by_cover: Mapping[Cover, int | None]
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A reason or knock-out: an id with arguments; words live in `reports/text`."""

    id: str
    arguments: Mapping[str, Argument]
    findings: tuple[str, ...] = ()


class Phase(StrEnum):
    """Whether a remedy is shown before cover begins, or within its days after."""

    PRE_BIND = "pre_bind"
    POST_BIND = "post_bind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjectivity(Statement):
    """A remedy asked for. `closed_by` are the checks that show it done, `findings` what has to pass.

    `text` is its sentence by language, of the appetite profile. `due` is `due_days` after the day of the
    decision; for post_bind a quote counts them from the period's first day.
    """

    text: Mapping[str, str]
    phase: Phase
    due_days: int
    due: date
    closed_by: tuple[str, ...]


class Agreement(StrEnum):
    """How an answer of the application stands to what was observed."""

    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    NOT_OBSERVABLE = "not_observable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An answer of the questionnaire beside what was observed; `findings` are the evidence."""

    item: str
    answer: bool
    agreement: Agreement
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the calculation, as `explain` prints it: name, the values after it by cover."""

    name: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The advice to the underwriter, replayable from features, application and tables."""

    tier: Tier
    action: Action
    loading: Mapping[str, Loading | None]
    loading_interval: Interval
    premium: Premium
    knock_outs: tuple[Statement, ...]
    subjectivities: tuple[Subjectivity, ...]
    reasons: tuple[Statement, ...]
    indication: bool
    steps: tuple[Step, ...]
    #: Share of the average applicant's premium that a scan can move, by cover and in total.
    scannable: Mapping[str, float] = field(default_factory=dict)
    quote: str | None = None
    facts_known: tuple[Statement, ...] = ()
    #: Every answer given, beside what was observed.
    declared: tuple[Declared, ...] = ()
    #: Premium at both ends of the same interval, by cover and in total; None where there is no premium.
    premium_intervals: Mapping[str, AmountInterval | None] = field(default_factory=dict)
    #: Technical loading at both ends of the posture factor's interval, by cover and in total.
    loading_intervals: Mapping[str, Interval] = field(default_factory=dict)
