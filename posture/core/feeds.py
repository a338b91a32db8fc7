"""What the vulnerability feeds say, as rows: tables that a judgement is made by, never facts about a target.

Sources: CISA Known Exploited Vulnerabilities catalog (JSON), FIRST EPSS (CSV), NVD CVE API 2.0 (JSON),
endoflife.date API 1 (JSON).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from posture.core.findings import Severity

#: How the URL of a document begins that was made up (`posture demo`).
SYNTHETIC: Final = "synthetic:"


class FeedName(StrEnum):
    """The feeds we know."""

    KEV = "kev"
    EPSS = "epss"
    NVD = "nvd"
    END_OF_LIFE = "endoflife"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """One stored document of a feed. `part` is the product (`vendor:product`) where a feed comes in parts.

    `published` is the date its maker gives; `sha256` (hex) is of the document as it came; `rows` counts
    what was kept of it.
    """

    name: FeedName
    part: str
    url: str
    fetched_at: datetime
    published: date | None
    sha256: str
    rows: int
    etag: str = ""

    @property
    def label(self) -> str:
        """The name under which an assessment lists the document's digest; a made-up one says so."""
        label = f"{self.name.value}:{self.part}" if self.part else self.name.value
        return f"{SYNTHETIC}{label}" if self.url.startswith(SYNTHETIC) else label


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploited:
    """A line of the KEV catalog: exploited somewhere, to be mended by `due`."""

    cve: str
    vendor: str
    product: str
    added: date
    due: date
    ransomware: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """A line of EPSS: the probability of exploitation within 30 days, and its percentile, both 0 to 1."""

    cve: str
    epss: float
    percentile: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Versions of a product that a flaw is in. `version` is one version or `*`; bounds narrow `*`.

    `update` is the CPE update field (`p1`), `*` for any, `-` for none. `conditional` spans hold only
    together with something else that a banner does not show (an operating system, a device).
    """

    version: str
    update: str = "*"
    start_including: str | None = None
    start_excluding: str | None = None
    end_including: str | None = None
    end_excluding: str | None = None
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A CVE record of NVD as far as it concerns one product (`vendor:product`)."""

    cve: str
    product: str
    published: date
    severity: Severity | None
    score: float | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release line of endoflife.date; `ended` is its last day of support, None when it has none yet."""

    product: str
    name: str
    ended: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRows:
    """The rows that bear on the products seen, and the documents they come from.

    A product without a state of NVD was never asked about: that it has no flaws there says nothing.
    """

    states: tuple[FeedState, ...] = ()
    exploited: tuple[Exploited, ...] = ()
    likelihoods: Mapping[str, Likelihood] = field(default_factory=dict)
    flaws: tuple[Flaw, ...] = ()
    releases: tuple[Release, ...] = ()

    def state(self, name: FeedName, part: str = "") -> FeedState | None:
        """The stored document of a feed; None when there is none."""
        return next((one for one in self.states if (one.name, one.part) == (name, part)), None)
