"""Looks at a case again before it is bound: the stored evidence, judged by what is known today. No scan."""

from collections.abc import Iterable, Sequence
from typing import Any

from posture.app.assess import judge_and_price
from posture.app.desk import Case
from posture.app.feeds import rows_of
from posture.app.pricing import Models
from posture.checks.intelligence import look_up
from posture.core.decisions import Action, Decision, Statement
from posture.core.desk import rules
from posture.core.errors import PostureError
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.findings import Outcome
from posture.core.observations import Observation
from posture.store.database import Database

#: Checks of flaws that are known to be exploited.
_EXPLOITED = frozenset({"products/no_known_exploited"})
_REFERS = frozenset({Action.REFER, Action.DECLINE})


def look(database: Database, case: Case, models: Models) -> dict[str, Any]:
    """The body of a revalidation. `worse` sends the case back to a person; nothing is ever repriced here.

    Worse is a higher tier, a knock-out or subjectivity that the version did not have, or a decision that
    now refers. `failed` are findings that failed only by today's cards, tables and feeds.
    """
    version = case.standing.version
    if version is None:
        raise PostureError(
            f"Nothing was quoted in the case {case.assessment.id}.",
            remedy=f"Quote first: posture quote {case.assessment.id}",
            code="no-quote",
        )
    item = case.assessment
    drawn = judge_and_price(
        _known_today(database, case),
        domain=item.domain,
        consent=item.consent,
        application=version.application,
        on=case.at,
        model=models.of(version.model),
    )
    before = {finding.id for finding in item.findings if finding.outcome is Outcome.FAIL}
    failed = [
        finding.id
        for finding in drawn.findings
        if finding.outcome is Outcome.FAIL and finding.id not in before
    ]
    exploited = [
        finding.id for finding in drawn.findings if finding.id in failed and finding.check in _EXPLOITED
    ]
    worse = _worse(version.decision, drawn.result.decision)
    return {
        "worse": [*(["exploited"] if exploited else []), *worse],
        "failed": failed,
        "exploited": exploited,
        "tier": [version.decision.tier.value, drawn.result.decision.tier.value],
        "open": [
            entry.id for entry in version.decision.subjectivities if rules.is_open(case.standing, entry.id)
        ],
        "overdue": list(rules.overdue(case.standing, case.at)),
        "unanswered": list(rules.open_questions(case.standing)),
    }


def _known_today(database: Database, case: Case) -> Sequence[Observation[Any]]:
    """What the scan saw, with what today's feeds say of it; without feeds, with what was known then."""
    scanned = tuple(one for one in case.assessment.observations if one.kind != ProductIntelligence.KIND)
    rows = rows_of(database, scanned)
    if not rows.states:
        return case.assessment.observations
    return (*scanned, *look_up(scanned, rows, at=case.at))


def _worse(then: Decision, now: Decision) -> list[str]:
    """Why the case is worse than when it was quoted, as stable words; empty when it is not."""
    found = []
    if now.tier > then.tier:
        found.append("tier")
    if _ids(now.knock_outs) - _ids(then.knock_outs):
        found.append("knock_outs")
    if _ids(now.subjectivities) - _ids(then.subjectivities):
        found.append("subjectivities")
    if now.action in _REFERS and then.action not in _REFERS:
        found.append("action")
    return found


def _ids(statements: Iterable[Statement]) -> set[str]:
    return {item.id for item in statements}
