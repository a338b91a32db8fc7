"""`web/grade`: the site's headers earn a B or better by the modifiers MDN HTTP Observatory publishes."""

from collections.abc import Iterator
from typing import Final

from posture.core.facts.web_grade import GradedTest, WebGrade
from posture.core.findings import Verdict, failed, passed, unknown

#: Score of the lowest B.
GOOD: Final = 70


def judge(fact: WebGrade) -> Iterator[Verdict]:
    """A grade beside other grades: it moves no price, the checks it is made of say what to do."""
    if fact.score is None or fact.grade is None:
        yield unknown("not_graded", path="grade")
    elif fact.score >= GOOD:
        yield passed("good", grade=fact.grade, score=fact.score)
    else:
        yield failed("poor", grade=fact.grade, score=fact.score, tests=_costly(fact.tests))


def _costly(tests: tuple[GradedTest, ...]) -> tuple[str, ...]:
    """What costs most, first."""
    losing = sorted(
        (test for test in tests if test.modifier < 0), key=lambda test: (test.modifier, test.test)
    )
    return tuple(f"{test.test} ({test.modifier})" for test in losing[:5])
