"""What `posture renewals run` brought, for programs and for people."""

from collections.abc import Iterable
from typing import Any

import click

from posture.app.cli.summary import Terminal
from posture.app.renew import NotRenewed, Result
from posture.app.run import Outcome
from posture.checks.registry import catalogue
from posture.core import document as core
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from reports.delta import GROUPS, Delta, compare


def incomplete(result: Result) -> bool:
    """Whether a fault of ours left questions open."""
    return not isinstance(result, NotRenewed) and not result.outcome.assessment.complete


def document(result: Result) -> dict[str, Any]:
    """JSON value of one policy's renewal; `changes` holds findings by group."""
    head = {"policy": result.policy.id, "domain": result.policy.domain}
    if isinstance(result, NotRenewed):
        refused = {"code": result.code, "message": result.message, "remedy": result.remedy}
        return {**head, "assessed": False, **refused}
    current, delta = result.outcome.assessment, _delta(result.outcome)
    return {
        **head,
        "assessed": True,
        "assessment": current.id,
        "before": _standing(delta.previous) if delta else None,
        "after": _standing(current),
        "changes": _changes(delta) if delta else None,
    }


def show(results: Iterable[Result], language: Language) -> None:
    """A paragraph for each policy."""
    terminal = Terminal.open(catalogue(), language)
    for result in results:
        if isinstance(result, NotRenewed):
            where = f"{result.policy.id}  {result.policy.domain}"
            click.echo(f"{where}: not scanned. {result.message} {result.remedy}")
        else:
            terminal.changes(result.policy.id, result.outcome.assessment, _delta(result.outcome))


def _delta(outcome: Outcome) -> Delta | None:
    """The comparison that the reports show."""
    if outcome.previous is None:
        return None
    return compare(outcome.previous, outcome.assessment, outcome.past)


def _changes(delta: Delta) -> dict[str, list[Any]]:
    return {group: [core.finding(item) for item in getattr(delta, group)] for group in GROUPS}


def _standing(assessment: Assessment) -> dict[str, Any]:
    decision = assessment.decision
    return {
        "tier": decision.tier.value,
        "action": decision.action.value,
        "premium": decision.premium.total,
        "currency": decision.premium.currency,
    }
