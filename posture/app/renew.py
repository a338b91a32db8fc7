"""Renewals: assess again what falls due, against the last complete assessment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from posture.app.files import parse_application, parse_consent
from posture.app.pricing import Models
from posture.app.run import Outcome, RunRequest, run
from posture.app.settings import Settings
from posture.core.errors import PostureError
from posture.store import policies
from posture.store.database import Database
from posture.store.policies import Policy
from scanners.context import Options

#: Days before the renewal date in which one complete assessment is enough.
WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A policy that was assessed again."""

    policy: Policy
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRenewed:
    """A policy that was not: `code` is a stable word (expired, consent-unproved …), `message` a sentence."""

    policy: Policy
    code: str
    message: str
    remedy: str


Result = Renewed | NotRenewed


def make_policy(
    number: str, *, domain: str, renewal_date: date, consent: str, application: str, at: datetime
) -> Policy:
    """A policy from the texts of its files, after both were read without complaint. Raises PostureError."""
    read = parse_consent(consent, "consent")
    parse_application(application, "application")
    if not read.names(domain):
        raise PostureError(
            f"The consent does not name {domain}.",
            remedy="Give the consent of this applicant.",
            code="not-consented",
        )
    return Policy(
        id=number,
        applicant=read.applicant,
        domain=domain,
        renewal_date=renewal_date,
        consent=consent,
        application=application,
        added_at=at,
    )


def pending(database: Database, *, today: date, within: int) -> Iterable[Policy]:
    """Policies due within so many days that have no complete assessment of this renewal yet."""
    for policy in policies.due(database, until=today + timedelta(days=within)):
        opened = datetime.combine(policy.renewal_date - WINDOW, datetime.min.time()).astimezone()
        if not policies.assessed_since(database, policy.id, opened):
            yield policy


async def renew(
    policy: Policy,
    *,
    options: Options,
    settings: Settings,
    models: Models,
    database: str | None,
    out: Path,
    progress: Callable[[str], None],
) -> Result:
    """Assess one policy again. A refusal or a setup problem of this policy does not stop the others."""
    try:
        request = RunRequest(
            domain=policy.domain,
            consent=parse_consent(policy.consent, f"consent of {policy.id}"),
            application=parse_application(policy.application, f"application of {policy.id}"),
            options=options,
            settings=settings,
            models=models,
            out=out / policy.id,
            database=database,
            policy_id=policy.id,
        )
        return Renewed(policy=policy, outcome=await run(request, progress))
    except PostureError as error:
        return NotRenewed(policy=policy, code=error.code, message=error.message, remedy=error.remedy)
