"""What-if for a stored assessment, and its JSON document `posture.whatif/1`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import whatif
from models.artefact import Artefact
from posture.core import codec
from posture.core.assessment import Assessment
from posture.core.decisions import Tier
from posture.core.whatif import Fix, Outcome, Plan, WhatIf

SCHEMA = "posture.whatif/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An assessment, what was asked of it, and the answer.

    `changed` names what is no longer what the assessment was decided with (tables, model): before and
    after are then both of today's, and differ from the paper.
    """

    assessment: Assessment
    before: Outcome
    answer: WhatIf | Fix | Plan
    changed: tuple[str, ...]


def everything(assessment: Assessment, model: Artefact) -> Asked:
    """Every fix, every unknown, and the plan to the next tier."""
    case = case_of(assessment, model)
    return _asked(assessment, case, whatif.study(case))


def fixed(assessment: Assessment, model: Artefact, findings: tuple[str, ...]) -> Asked:
    """The decision with these findings (ids) fixed. Raises PostureError for one that did not fail."""
    case = case_of(assessment, model)
    return _asked(assessment, case, whatif.fix(case, findings))


def planned(assessment: Assessment, model: Artefact, target: Tier) -> Asked:
    """The cheapest fixes that reach the tier."""
    case = case_of(assessment, model)
    return _asked(assessment, case, whatif.reach(case, target))


def to_document(asked: Asked) -> dict[str, Any]:
    """JSON value, `posture.whatif/1`; premiums as in the assessment's document."""
    kinds: Mapping[type, str] = {WhatIf: "study", Fix: "fix", Plan: "plan"}
    body = _plain(codec.encode(asked.answer))
    return {
        "schema": SCHEMA,
        "assessment": asked.assessment.id,
        "domain": asked.assessment.domain,
        "changed": list(asked.changed),
        "before": _plain(codec.encode(asked.before)),
        kinds[type(asked.answer)]: body,
    }


def _plain(value: object) -> object:
    """Premiums by cover are spread into one object, as everywhere else in our documents."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"currency", "by_cover", "total"}:
        return {"currency": value["currency"], **value["by_cover"], "total": value["total"]}
    return {key: _plain(item) for key, item in value.items()}


def case_of(assessment: Assessment, model: Artefact) -> whatif.Case:
    """The stored assessment as this model reads it today. Raises PostureError as `models.assess` does."""
    on = assessment.started_at.date()
    return whatif.case(assessment.findings, assessment.application, on=on, model=model)


def _asked(assessment: Assessment, case: whatif.Case, answer: WhatIf | Fix | Plan) -> Asked:
    digests, base = assessment.digests, case.base
    used = {
        "tables": base.tables_digest,
        "model": base.model_digest,
        "appetite": base.appetite_digest,
    }
    changed = tuple(name for name, digest in used.items() if getattr(digests, name) != digest)
    return Asked(assessment=assessment, before=whatif.before(case), answer=answer, changed=changed)
