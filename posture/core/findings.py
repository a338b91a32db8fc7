"""Judgements: what a judge says (Verdict) and what is kept of it (Finding)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from posture.core.observations import Reason
from posture.core.targets import Target

#: Values a message may carry: what a sentence in any language can print.
Argument = str | int | float | bool | None | tuple[str, ...]


class Outcome(StrEnum):
    """`pass` is always the good state; unknown is neither good nor bad."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """Technical severity of a message, by consequence."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return list(Severity).index(self)


class Owner(StrEnum):
    """Who runs the thing a finding is about (DESIGN §6, “Whose address is it?”)."""

    SELF = "self"
    HOSTED = "hosted"
    PROVIDER = "provider"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How the finding is known: observed on the wire, or inferred (a banner, a fingerprint)."""

    OBSERVED = "observed"
    INFERRED = "inferred"


class _Badness(IntEnum):
    NOT_APPLICABLE = 0
    PASS = 1
    UNKNOWN = 2
    FAIL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One statement of a judge. `message` and the argument names are those of the check's card.

    `path` (for unknown) names the unseen part of the fact, so that the runner can say why.
    `discriminator` tells apart several findings of one check on one target (a selector, a CVE).
    `machines` are what the verdict is about where that is not the target: a domain's name servers or
    exchangers. Who runs them owns the finding.
    """

    outcome: Outcome
    message: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    confidence: Confidence = Confidence.OBSERVED
    path: str = ""
    port: int | None = None
    discriminator: str = ""
    machines: tuple[Target, ...] = ()


def passed(message: str, **arguments: Argument) -> Verdict:
    """The good state, seen."""
    return Verdict(outcome=Outcome.PASS, message=message, arguments=arguments)


def failed(message: str, **arguments: Argument) -> Verdict:
    """The bad state, seen."""
    return Verdict(outcome=Outcome.FAIL, message=message, arguments=arguments)


def unknown(message: str, *, path: str, **arguments: Argument) -> Verdict:
    """The fact was seen, but the part at `path` that decides this question was not."""
    return Verdict(outcome=Outcome.UNKNOWN, message=message, arguments=arguments, path=path)


def not_applicable(message: str, **arguments: Argument) -> Verdict:
    """The question does not arise for what was seen."""
    return Verdict(outcome=Outcome.NOT_APPLICABLE, message=message, arguments=arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict on a target, with everything needed to print, price, compare and dispute it."""

    id: str
    check: str
    version: int
    target: Target
    outcome: Outcome
    message: str
    severity: Severity
    owner: Owner
    confidence: Confidence
    reason: Reason | None = None
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()

    def badness(self) -> tuple[int, int]:
        """Sort key: of several addresses of one name the greatest decides."""
        return _Badness[self.outcome.name], self.severity.rank


def finding_id(check: str, target: Target, discriminator: str = "") -> str:
    """16 hex digits of SHA-256 over check, name (address only when nameless), port, discriminator.

    It survives a change of address, so findings can be compared between scans (DESIGN §6).
    """
    port = "" if target.port is None else str(target.port)
    parts = (check, target.name or target.address or "", port, discriminator)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
