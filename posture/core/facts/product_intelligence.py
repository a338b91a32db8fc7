"""`product.intelligence`: a product that a service states, and what the feeds of the day say of it.

Made after the scan by a pure join of observations and feed rows (`posture.checks.intelligence`), and kept
with the assessment: a replay judges by these rows, whatever the feeds say later.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from posture.core.feeds import Exploited, FeedState, Release
from posture.core.findings import Severity
from posture.core.priority import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A flaw whose affected versions hold the stated one; what no feed says is null."""

    cve: str
    severity: Severity | None
    score: float | None
    epss: float | None
    percentile: float | None
    kev: Exploited | None
    priority: Priority | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductIntelligence:
    """One product of one service.

    `version` is null where none is stated or the stated one does not tell what is mended. `cpe` is a CPE 2.3
    name (NISTIR 7695). `how`: banner, http-header, fingerprint, nmap; `confidence` 0–10. `distribution` names
    the distribution that a banner shows; `packaged` products come from distributions, which mend old versions
    themselves, so that a version proves nothing. `on` is the day of the judgement.

    `listed` holds every KEV line that names the product, null without the catalog. `undecided` are those of
    them for which nothing says whether the stated version has the flaw. `matches` is null without NVD's
    records of the product or without a version. `possible` are the severe and likely flaws of any of the
    product's versions, null where records, severities or likelihoods are missing. `release` is the line of
    endoflife.date the version is of.
    """

    KIND: ClassVar[str] = "product.intelligence"

    vendor: str
    product: str
    version: str | None
    cpe: str
    how: str
    confidence: int
    distribution: str | None
    packaged: bool
    on: date
    feeds: tuple[FeedState, ...]
    listed: tuple[Exploited, ...] | None
    undecided: tuple[str, ...]
    matches: tuple[Match, ...] | None
    release: Release | None
    possible: tuple[str, ...] | None = None

    def label(self) -> str:
        """Product and version for a sentence."""
        return f"{self.product} {self.version}" if self.version else self.product
