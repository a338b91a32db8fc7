"""The applicant's answers beside what was observed, and what was said about the differences."""

from pathlib import Path
from typing import Any

from models import declared
from posture.app import findings
from posture.app.desk import Case
from posture.core import codec
from posture.core.decisions import Declared
from posture.core.errors import PostureError


def sheet() -> list[dict[str, Any]]:
    """The questionnaire: item, question by language, and the checks that bear on it."""
    return [
        {
            "item": name,
            "question": dict(control.question),
            "checks": list(control.checks),
            "touched_by": list(control.touched_by),
        }
        for name, control in declared.controls().items()
    ]


def document(case: Case) -> dict[str, Any]:
    """JSON value: every answer with grade, evidence and the applicant's word, and the items not answered."""
    given = case.decision.declared
    answered = {item.item for item in given}
    return {
        "case": case.assessment.id,
        "answers": [_entry(case, item) for item in given],
        "not_answered": [name for name in declared.controls() if name not in answered],
    }


def answer_body(case: Case, item: str, evidence: Path | None) -> dict[str, str]:
    """The body of an answer. Raises PostureError for an item that the application does not answer."""
    known = [entry.item for entry in case.decision.declared]
    if item not in known:
        raise PostureError(
            f"The application of {case.assessment.id} says nothing about “{item}”.",
            remedy=f"It answers: {', '.join(known) or 'nothing'}.",
            code="no-item",
        )
    return {"item": item, "evidence": "" if evidence is None else findings.digest(evidence)}


def _entry(case: Case, item: Declared) -> dict[str, Any]:
    said = case.standing.answers.get(item.item)
    return {**codec.encode(item), "said": None if said is None else codec.encode(said)}
