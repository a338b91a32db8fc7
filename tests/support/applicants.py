"""Synthetic applicants for the model's tests: findings that set chosen features, and an application."""

from collections.abc import Collection, Mapping

from models import priors
from posture.core.application import Application, CoverTerms
from posture.core.decisions import Cover
from posture.core.findings import Confidence, Finding, Outcome, Owner, Severity, finding_id
from posture.core.observations import Reason
from posture.core.targets import Target

NAME = "www.example.co.jp"
COVERS: Mapping[Cover, CoverTerms] = {
    Cover.A: CoverTerms(limit=100_000_000, deductible=100_000),
    Cover.B: CoverTerms(limit=30_000_000, deductible=100_000),
}
ALL_COVERS: Mapping[Cover, CoverTerms] = {
    **COVERS,
    Cover.C: CoverTerms(limit=30_000_000, waiting_hours=12),
    Cover.CRIME: CoverTerms(limit=30_000_000, deductible=100_000),
    Cover.IT: CoverTerms(limit=100_000_000, deductible=100_000),
}


def finding(
    check: str,
    outcome: Outcome = Outcome.PASS,
    *,
    message: str = "said",
    reason: Reason | None = None,
    owner: Owner = Owner.SELF,
    confidence: Confidence = Confidence.OBSERVED,
    name: str = NAME,
) -> Finding:
    target = Target(name=name)
    if outcome is Outcome.UNKNOWN and reason is None:
        reason = Reason.TIMEOUT
    return Finding(
        id=finding_id(check, target),
        check=check,
        version=1,
        target=target,
        outcome=outcome,
        message=message,
        severity=Severity.INFO,
        owner=owner,
        confidence=confidence,
        reason=reason,
    )


def findings(
    bad: Collection[str] = (), unknown: Mapping[str, Reason] | Collection[str] = ()
) -> tuple[Finding, ...]:
    """Findings of every check the model reads: `bad` features fail, `unknown` are unseen, the rest pass."""
    made: list[Finding] = []
    for row in priors.table().active():
        outcome = (
            Outcome.FAIL if row.name in bad else Outcome.UNKNOWN if row.name in unknown else Outcome.PASS
        )
        reason = unknown[row.name] if isinstance(unknown, Mapping) and row.name in unknown else None
        made.extend(
            finding(
                source.check,
                outcome,
                reason=reason,
                message=min(source.messages, default="said"),
                name=_host(source.check, row.name),
            )
            for source in row.sources
        )
    return tuple(made)


def _host(check: str, feature: str) -> str:
    """A host of its own for each of several features that read one check (the classes of VPN appliances)."""
    readers = [row for row in priors.table().active() if check in {source.check for source in row.sources}]
    return NAME if len(readers) == 1 else f"{feature.replace('_', '-')}.{NAME}"


def application(**changes: object) -> Application:
    """A Japanese manufacturer of middle size asking for A and B; keyword arguments replace fields."""
    fields: dict[str, object] = {
        "applicant": "株式会社例",
        "country": "JP",
        "currency": "JPY",
        "sector": "manufacturing",
        "revenue": 500_000_000,
        "employees": 80,
        "records": 12_000,
        "covers": COVERS,
    }
    return Application(**(fields | changes))  # type: ignore[arg-type]  # fields are checked by the dataclass's users
