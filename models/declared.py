"""Declared controls: credited where nothing can be observed, compared where something was (告知).

An answer that differs is a question to the applicant, never a reproach: a scan looks from outside, may
meet another machine than the applicant thinks of, and can err. A scan never replaces the declaration.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models import reading
from models.statements import ReasonId
from models.tables import Bounds
from posture.core.decisions import Agreement, Declared, Statement
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Finding, Outcome, Owner

_PATH = reading.DATA / "controls.toml"
LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A question by language.

    With `checks` posture prices it, so that the answer has no factor of its own. `touched_by` are checks
    whose failure shows what the answer is about, and not whether it is so.
    """

    question: Mapping[str, str]
    yes: float = 1.0
    no: float = 1.0
    checks: tuple[str, ...] = ()
    touched_by: tuple[str, ...] = ()


@cache
def controls() -> Mapping[str, Control]:
    """Every control an application may answer. Raises PostureError when the file does not fit."""
    values = reading.section(_PATH, reading.document(_PATH), "controls")
    return {name: _control(name, entry) for name, entry in values.items()}


def factor(answers: Mapping[str, bool], bounds: Bounds) -> float:
    """Product of the answered controls' factors, bounded; 1 for what was not answered."""
    known = {name: _known(name) for name in answers}
    product = math.prod(known[name].yes if answer else known[name].no for name, answer in answers.items())
    return bounds.clip(product)


def compare(answers: Mapping[str, bool], findings: Sequence[Finding]) -> tuple[Declared, ...]:
    """Every answer beside what was observed, in the questionnaire's order. Raises PostureError."""
    for name in answers:
        _known(name)
    return tuple(
        _declared(name, control, findings, answer=answers[name])
        for name, control in controls().items()
        if name in answers
    )


def differences(declared: Sequence[Declared], findings: Sequence[Finding]) -> tuple[Statement, ...]:
    """The answers that the observations contradict, as questions to the applicant."""
    checks = {finding.id: finding.check for finding in findings}
    return tuple(
        Statement(
            id=ReasonId.DIFFERS.value,
            arguments={
                "control": item.item,
                "check": tuple(sorted({checks[finding] for finding in item.findings})),
            },
            findings=item.findings,
        )
        for item in declared
        if item.agreement is Agreement.CONTRADICTED
    )


def _declared(name: str, control: Control, findings: Sequence[Finding], *, answer: bool) -> Declared:
    about = [finding for finding in _own(findings) if finding.check in control.checks]
    near = [finding for finding in _own(findings) if finding.check in control.touched_by]
    agreement, evidence = _weigh(control.checks, about, near, answer=answer)
    return Declared(item=name, answer=answer, agreement=agreement, findings=_ids(evidence))


def _weigh(
    checks: Collection[str], about: Sequence[Finding], near: Sequence[Finding], *, answer: bool
) -> tuple[Agreement, Sequence[Finding]]:
    """A failure that was observed outweighs all else; what was not seen decides nothing."""
    failed = [finding for finding in about if finding.outcome is Outcome.FAIL]
    if failed:
        if not answer:
            return Agreement.CONSISTENT, failed
        sure = [finding for finding in failed if finding.confidence is Confidence.OBSERVED]
        return (Agreement.CONTRADICTED, sure) if sure else (Agreement.UNSUPPORTED, failed)
    touched = [finding for finding in near if finding.outcome is Outcome.FAIL]
    if touched and answer:
        return Agreement.UNSUPPORTED, touched
    passed = [finding for finding in about if finding.outcome is Outcome.PASS]
    asked = {finding.check for finding in about}
    unseen = any(finding.outcome is Outcome.UNKNOWN for finding in about)
    if not passed or unseen or asked != set(checks):
        return Agreement.NOT_OBSERVABLE, ()
    return (Agreement.CONSISTENT if answer else Agreement.UNSUPPORTED), passed


def _own(findings: Sequence[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.owner is not Owner.PROVIDER)


def _ids(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)


def _control(name: str, entry: Mapping[str, Any]) -> Control:
    missing = [language for language in LANGUAGES if not entry.get(language)]
    if missing:
        raise reading.bad(_PATH, f"[controls] {name} has no question in {', '.join(missing)}")
    control = Control(
        question={language: str(entry[language]) for language in LANGUAGES},
        yes=reading.number(_PATH, f"[controls] {name}.yes", entry.get("yes", 1.0), above=0),
        no=reading.number(_PATH, f"[controls] {name}.no", entry.get("no", 1.0), above=0),
        checks=tuple(entry.get("checks", ())),
        touched_by=tuple(entry.get("touched_by", ())),
    )
    if not control.yes <= 1 <= control.no:
        raise reading.bad(_PATH, f"[controls] {name}: yes may not cost more, nor no less, than no answer")
    if control.checks and (control.yes, control.no) != (1.0, 1.0):
        raise reading.bad(_PATH, f"[controls] {name} is observed, and would be credited twice")
    return control


def _known(name: str) -> Control:
    try:
        return controls()[name]
    except KeyError:
        raise PostureError(
            f"The application answers a control “{name}” that does not exist.",
            remedy=f"Known controls: {', '.join(controls())}.",
            code="bad-application",
        ) from None
