"""One assessment from consent to decision. After the scan everything is a pure function of observations."""

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import models
import posture
from models import artefact, past
from models.appetite import Appetite
from models.artefact import Artefact
from models.tables import Tables
from posture.app.providers import load_providers
from posture.app.request import Request, operator_of, owner_of, ready_to_sweep
from posture.checks import registry, runner
from posture.checks.extent import extent
from posture.checks.footprint import footprint
from posture.checks.intelligence import look_up
from posture.checks.recognition import named
from posture.checks.sites import grades
from posture.core.application import Application
from posture.core.assessment import Assessment, Digests, Scanner
from posture.core.consent import Consent, Technique
from posture.core.document import observation as observation_document
from posture.core.findings import Finding
from posture.core.observations import Observation, Reason, Unseen
from posture.core.scope import Scope
from posture.core.targets import Target
from scanners.context import Context


async def assess(request: Request, context: Context) -> Assessment:
    """Scan under proved consent, judge, price; the context is spent afterwards.

    Raises PostureError before any packet for setup problems.
    """
    from posture.app.proof import prove
    from scanners.survey import survey

    if Technique.PORTS in request.consent.techniques:
        ready_to_sweep(request)
    started = request.clock().replace(microsecond=0)
    try:
        await prove(context, request.consent, request.settings.trusted_keys)
        await context.resolver.confirm()
        observations = await survey(context, request.domain, request.declared_hosts())
    finally:
        context.gateway.close()
    return conclude(request, context, started, observations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What follows from observations and application alone."""

    findings: tuple[Finding, ...]
    result: models.Result
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What an assessment was decided with, as far as releases keep it: None is today's.

    `checks` are those it was judged by that still exist: a later one says nothing about it.
    """

    checks: tuple[registry.Check, ...] | None = None
    market: Tables | None = None
    profile: Appetite | None = None

    @classmethod
    def of(cls, stored: Assessment) -> "Then":
        """By the digests and findings of the assessment."""
        known = {finding.check for finding in stored.findings}
        return cls(
            checks=tuple(check for check in registry.all_checks() if check.card.check in known),
            market=past.market(stored.digests.tables),
            profile=past.profile(stored.digests.appetite),
        )


def judge_and_price(
    observations: Sequence[Observation[Any]],
    *,
    domain: str,
    consent: Consent,
    application: Application | None,
    on: datetime,
    model: Artefact,
    then: Then | None = None,
) -> Conclusion:
    """The pure part: the same input gives the same output, today and in five years.

    `then` is what an older assessment was decided with beside its model; today's cards and tables without it.
    """
    used, scope = then or Then(), _scope(consent)
    judged = runner.judge(
        observations,
        subject=Target(name=domain),
        owner_of=lambda target: owner_of(scope, target),
        operator_of=lambda target: operator_of(scope, target),
        checks=used.checks,
    )
    result = models.assess(
        judged.findings, application, on=on.date(), model=model, market=used.market, profile=used.profile
    )
    return Conclusion(findings=judged.findings, result=result, faults=judged.faults)


def conclude(
    request: Request, context: Context, started: datetime, observations: Sequence[Observation[Any]]
) -> Assessment:
    """Put an assessment together from what the scan brought and what the feeds say of it.

    The rows a judgement rests on are kept as observations of their own, so that a replay needs no feed.
    """
    told = named(observations)
    rows = request.feeds(told)
    known = (
        *told,
        *look_up(told, rows, at=started),
        *grades(told, at=started),
        *footprint(told, _scope(request.consent), at=started),
        *extent(told, subject=Target(name=request.domain), at=started),
    )
    drawn = judge_and_price(
        known,
        domain=request.domain,
        consent=request.consent,
        application=request.application,
        on=started,
        model=request.model or artefact.shipped(),
    )
    result = drawn.result
    return Assessment(
        id=_id(request.domain, started, observations),
        domain=request.domain,
        started_at=started,
        finished_at=request.clock().replace(microsecond=0),
        versions=versions(),
        consent=request.consent,
        application=request.application,
        observations=known,
        findings=drawn.findings,
        features=result.features,
        coverage=result.coverage,
        score=result.score,
        decision=result.decision,
        scanner=Scanner(
            version=posture.__version__,
            source_addresses=context.gateway.ledger.source_addresses(),
            user_agent=request.options.user_agent,
            contact=request.options.contact,
        ),
        contacted=context.gateway.ledger.contacts(),
        digests=Digests(
            tables=result.tables_digest,
            model=result.model_digest,
            catalogue=registry.catalogue().digest,
            appetite=result.appetite_digest,
            feeds={state.label: state.sha256 for state in rows.states},
        ),
        complete=not context.faults and not drawn.faults and not _own_fault(observations),
        faults=(*context.faults, *drawn.faults),
        priced_by=result.priced_by,
    )


def replay(stored: Assessment, model: Artefact, then: Then | None = None) -> Assessment:
    """Judge and price stored observations again with this model; today's tables, or those of then."""
    drawn = judge_and_price(
        stored.observations,
        domain=stored.domain,
        consent=stored.consent,
        application=stored.application,
        on=stored.started_at,
        model=model,
        then=then,
    )
    result = drawn.result
    return replace(
        stored,
        findings=drawn.findings,
        features=result.features,
        coverage=result.coverage,
        score=result.score,
        decision=result.decision,
        versions=versions(),
        digests=replace(
            stored.digests,
            tables=result.tables_digest,
            model=result.model_digest,
            catalogue=registry.catalogue().digest,
            appetite=result.appetite_digest,
        ),
        priced_by=result.priced_by,
    )


def _scope(consent: Consent) -> Scope:
    return Scope(consent=consent, providers=load_providers())


def versions() -> dict[str, str]:
    """What the decision was made with."""
    return {"posture": posture.__version__, "python": platform.python_version()}


def _own_fault(observations: Sequence[Observation[Any]]) -> bool:
    return any(isinstance(o.result, Unseen) and o.result.reason is Reason.BUG for o in observations)


def _id(domain: str, started: datetime, observations: Sequence[Observation[Any]]) -> str:
    """Time, domain, and a digest of what was seen: unique, sortable, and safe as a file name."""
    seen = json.dumps([observation_document(obs) for obs in observations], sort_keys=True)
    return f"{started:%Y%m%dT%H%M%SZ}-{domain}-{hashlib.sha256(seen.encode()).hexdigest()[:8]}"
