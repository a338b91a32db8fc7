"""`web.grade`: a site's web grade, comparable with MDN HTTP Observatory's; made after the scan."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTest:
    """One test: its result in MDN's words, and what it adds to or takes from 100."""

    test: str
    result: str
    modifier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebGrade:
    """`score` 0 and up, `grade` A+ to F; null where an answer the grade needs was not seen (see the gaps).

    `algorithm` is whose modifiers these are. `url` is where the site answered.
    """

    KIND: ClassVar[str] = "web.grade"

    url: str
    algorithm: str
    score: int | None
    grade: str | None
    tests: tuple[GradedTest, ...]
