"""Prices a version of a quote from a stored assessment: no scan, and the same bytes on every replay."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import models
from models import authority, quoting, tables
from models.artefact import Artefact
from posture.app.files import MINOR_DIGITS
from posture.core.application import Application, CoverTerms
from posture.core.assessment import Assessment
from posture.core.decisions import Action, Cover, Decision
from posture.core.desk.quote import Override, Required, State, Version
from posture.core.desk.rules import Bench
from posture.core.errors import PostureError

#: How far ahead a period may begin.
_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of a version. Limits and deductibles are in whole units of the currency, as in the file.

    `schedule` is the underwriter's own factor, with its reason; `first_day` when cover begins.
    """

    application: Application | None = None
    limits: Mapping[Cover, int] = field(default_factory=dict)
    deductibles: Mapping[Cover, int] = field(default_factory=dict)
    schedule: float | None = None
    reason: str = ""
    first_day: date | None = None


def price(
    assessment: Assessment,
    terms: Terms,
    earlier: tuple[Version, ...],
    *,
    by: str,
    at: datetime,
    bench: Bench,
    model: Artefact,
) -> Version:
    """The next version. Raises PostureError for terms no table can price and for a scan that is too old."""
    asked = application_of(assessment, terms, earlier)
    override = _override(terms, by, bench)
    here = quoting.zone(asked.country)
    on = at.astimezone(here).date()
    market = tables.load(asked.country, on)
    priced = models.assess(assessment.findings, asked, on=on, model=model)
    offered = priced if override is None else _overridden(assessment, asked, on, override, model)
    required = authority.required(priced.decision, asked, override.schedule if override else 1.0)
    ends = quoting.valid_until(
        at,
        scanned=assessment.finished_at,
        consent_until=assessment.consent.valid_until,
        market=asked.country,
        filing=market.filing,
    )
    if ends <= at:
        raise PostureError(
            f"Nothing can be quoted from the assessment {assessment.id}: its scan or its consent is too old.",
            remedy=f"Assess {assessment.domain} again under a consent in force.",
            code="too-old",
        )
    first, last = quoting.period(asked.country, _first_day(terms, asked, on, ends.astimezone(here).date()))
    number = len(earlier) + 1
    return Version(
        quote=f"{quote_number(assessment)}-{number}",
        number=number,
        issued=at,
        valid_until=ends,
        period_from=first,
        period_until=last,
        offset_minutes=int((first.utcoffset() or timedelta(0)).total_seconds() // 60),
        application=asked,
        decision=priced.decision,
        premium=offered.decision.premium,
        override=override,
        required=required,
        routed=_routed(priced.decision, required, override, by, bench),
        indication=not market.filing.in_force(on),
        tables=priced.tables_digest,
        model=priced.model_digest,
        appetite=priced.appetite_digest,
    )


def _first_day(terms: Terms, asked: Application, on: date, last: date) -> date:
    """As asked now, as the application asks (`policy_from`) unless that is over, or the quote's last day.

    Raises PostureError for a day asked now that is over, or more than a year away.
    """
    wanted = asked.further.get("policy_from")
    if terms.first_day is None:
        applied = date.fromisoformat(wanted) if isinstance(wanted, str) else last
        return applied if on <= applied <= on + _AHEAD else last
    if not on <= terms.first_day <= on + _AHEAD:
        raise PostureError(
            f"--from {terms.first_day} is no day on which cover could begin: today is {on}.",
            remedy="Name a day from today up to a year ahead; nothing is backdated.",
            code="bad-terms",
        )
    return terms.first_day


def replayed(assessment: Assessment, version: Version, model: Artefact) -> Version:
    """The version priced again with today's tables and this model, as of the day it was issued."""
    on = version.issued.astimezone(quoting.zone(version.application.country)).date()
    priced = models.assess(assessment.findings, version.application, on=on, model=model)
    override = version.override
    offered = (
        priced if override is None else _overridden(assessment, version.application, on, override, model)
    )
    return replace(
        version,
        decision=priced.decision,
        premium=offered.decision.premium,
        tables=priced.tables_digest,
        model=priced.model_digest,
        appetite=priced.appetite_digest,
    )


def quote_number(assessment: Assessment) -> str:
    """One number for each assessment; versions are counted behind it."""
    return f"Q{assessment.started_at:%Y%m%d}-{assessment.id.rpartition('-')[2][:8]}"


def application_of(assessment: Assessment, terms: Terms, earlier: tuple[Version, ...]) -> Application:
    """The application of the terms, of the last version, or of the assessment, with what is changed."""
    last = earlier[-1].application if earlier else assessment.application
    asked = terms.application or last
    if asked is None:
        raise PostureError(
            f"The assessment {assessment.id} has no application, so there is nothing to price.",
            remedy="Give one: posture quote ASSESSMENT --application FILE",
            code="no-application",
        )
    unit = 10 ** MINOR_DIGITS[asked.currency]
    covers = dict(asked.covers)
    for name, amounts in (("limit", terms.limits), ("deductible", terms.deductibles)):
        for cover, amount in amounts.items():
            if cover not in covers:
                raise PostureError(
                    f"--{name} {cover.value}={amount}: the application does not ask for cover {cover.value}.",
                    remedy=f"Add covers.{cover.value} to an application and give it with --application.",
                    code="bad-terms",
                )
            covers[cover] = _with(covers[cover], name, amount * unit)
    return replace(asked, covers=covers)


def _with(terms: CoverTerms, name: str, amount: int) -> CoverTerms:
    return replace(terms, limit=amount) if name == "limit" else replace(terms, deductible=amount)


def _override(terms: Terms, by: str, bench: Bench) -> Override | None:
    if terms.schedule is None:
        return None
    level = bench.level(by)
    if level is None:
        raise PostureError(
            f"{by} has no authority to override.",
            remedy="The settings name who has which: [authority] NAME = LEVEL.",
            code="authority",
        )
    if not terms.reason.strip():
        raise PostureError(
            "An override needs a reason.", remedy="Say why with --reason TEXT.", code="no-reason"
        )
    return Override(schedule=terms.schedule, by=by, level=level, reason=terms.reason.strip())


def _overridden(
    assessment: Assessment, asked: Application, on: date, override: Override, model: Artefact
) -> models.Result:
    """Priced with the underwriter's schedule. Raises PostureError outside the filed bounds."""
    return models.assess(assessment.findings, asked, on=on, model=model, schedule=override.schedule)


def _routed(
    decision: Decision, required: Required, override: Override | None, by: str, bench: Bench
) -> State:
    """To a person where the model refers, and where the asker's own authority does not reach."""
    lowest = required.level == bench.levels[0] and override is None
    enough = lowest or bench.suffices(by, required.level)
    refers = decision.action in {Action.REFER, Action.DECLINE} or decision.premium.total is None
    return State.QUOTED if enough and not refers else State.REFERRED
