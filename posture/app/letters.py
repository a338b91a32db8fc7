"""Writes letters of the underwriter's desk: neutral, in both languages."""

from pathlib import Path

from models import declared
from posture.app.desk import Case
from posture.app.letterhead import branding
from posture.app.run import check_out
from posture.app.settings import load_settings
from posture.checks.registry import catalogue
from posture.core.decisions import Agreement
from posture.core.desk.quote import State
from posture.core.errors import PostureError
from reports import files, letters
from reports.letters import Kind, Letter


def write(case: Case, kind: str, out: Path) -> tuple[Path, ...]:
    """The letter's files in a folder. Raises PostureError where the case gives no ground for it."""
    letter = _letter(case, Kind(kind))
    return files.save(check_out(out), letters.produce(letter, catalogue(), branding(load_settings())))


def _letter(case: Case, kind: Kind) -> Letter:
    version = case.standing.version
    if kind is Kind.DECLINE and case.standing.state is not State.DECLINED:
        raise _none(case, "it is not declined", "Decide it first: posture referrals decide.")
    if kind is Kind.QUOTE and (version is None or case.standing.state is not State.QUOTED):
        raise _none(case, "nothing is quoted in it", f"See: posture quotes show {case.assessment.id}")
    questions = tuple(
        (item, declared.controls()[item.item].question)
        for item in case.decision.declared
        if item.agreement is Agreement.CONTRADICTED
    )
    if kind is Kind.QUESTIONS and not questions:
        raise _none(case, "declared and observed do not differ", "There is nothing to ask.")
    quoted = version if kind is Kind.QUOTE else None
    return Letter(kind=kind, assessment=case.assessment, at=case.at, version=quoted, questions=questions)


def _none(case: Case, why: str, remedy: str) -> PostureError:
    return PostureError(
        f"There is no such letter in the case {case.assessment.id}: {why}.", remedy=remedy, code="no-letter"
    )
