"""Grades each site of a scan from what it answered over HTTP and HTTPS: a pure function of observations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from posture.checks.observatory import every_test, graded
from posture.core.facts.web_exposure import Sharing, WebExposure
from posture.core.facts.web_grade import WebGrade
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target

ALGORITHM: Final = "MDN HTTP Observatory 4"

Answers = Mapping[str, Observation[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """An answer that the grade needs, and why it was not seen."""

    path: str
    reason: Reason


def grades(observations: Sequence[Observation[Any]], *, at: datetime) -> tuple[Observation[WebGrade], ...]:
    """One grade per name that was asked on the ports of the web."""
    sharing = {obs.target.name: obs for obs in observations if obs.kind == WebExposure.KIND}
    return tuple(
        Observation(
            kind=WebGrade.KIND,
            target=Target(name=name),
            at=at,
            result=_grade(answers, sharing.get(name)),
        )
        for name, answers in _by_site(observations).items()
    )


def _by_site(observations: Iterable[Observation[Any]]) -> dict[str, dict[str, Observation[Any]]]:
    """Answers by name and scheme; ports other than 80 and 443 are other sites, which the grade leaves out.

    A whole domain that could not be asked counts as one site.
    """
    sites: dict[str, dict[str, Observation[Any]]] = {}
    for obs in observations:
        scheme = urlsplit(obs.target.url or "").scheme or "https"
        if obs.kind == WebResponse.KIND and obs.target.name and obs.target.port in (80, 443, None):
            sites.setdefault(obs.target.name, {})[scheme] = obs
    return sites


def _grade(answers: Answers, exposure: Observation[Any] | None) -> Seen[WebGrade] | Unseen:
    page = _page(answers)
    if isinstance(page, Unseen):
        return page
    sharing = _sharing(exposure)
    missing = [
        one for one in (_plain_missing(answers), _odd_page(page), sharing) if isinstance(one, _Missing)
    ]
    plain = answers.get("http")
    tests = every_test(
        plain.result.value if plain and isinstance(plain.result, Seen) else None,
        page,
        sharing if isinstance(sharing, Sharing) else None,
    )
    score, grade = (None, None) if missing else graded(tests)
    fact = WebGrade(url=page.url, algorithm=ALGORITHM, score=score, grade=grade, tests=tests)
    gaps = tuple(Gap(path=path, reason=one.reason) for one in missing for path in (one.path, "grade"))
    return Seen(value=fact, gaps=gaps)


def _page(answers: Answers) -> WebResponse | Unseen:
    """The answer over HTTPS, else the one over HTTP where nothing listens for HTTPS."""
    first = answers.get("https") or answers["http"]
    refused = isinstance(first.result, Unseen) and first.result.reason is Reason.REFUSED
    chosen = answers["http"] if refused and "http" in answers else first
    result = chosen.result
    return result if isinstance(result, Unseen) else result.value


def _plain_missing(answers: Answers) -> _Missing | None:
    """HTTP that did not answer. A refusal is an answer; the survey leaves out what a sweep saw shut."""
    plain = answers.get("http")
    if plain is None:
        return None
    if isinstance(plain.result, Unseen) and plain.result.reason is not Reason.REFUSED:
        return _Missing(path="tests.redirection", reason=plain.result.reason)
    return None


def _odd_page(page: WebResponse) -> _Missing | None:
    """An error page is not the site, and a page that broke off was not seen whole."""
    usual = 200 <= page.status < 400 or page.status in (401, 403)
    if not usual or page.left_scope is not None or page.meta is None:
        return _Missing(path="tests", reason=Reason.NO_DATA)
    return None


def _sharing(exposure: Observation[Any] | None) -> Sharing | _Missing:
    if exposure is None:
        return _Missing(path="tests.cross-origin-resource-sharing", reason=Reason.NO_DATA)
    if isinstance(exposure.result, Unseen):
        return _Missing(path="tests.cross-origin-resource-sharing", reason=exposure.result.reason)
    sharing: Sharing | None = exposure.result.value.sharing
    return sharing or _Missing(path="tests.cross-origin-resource-sharing", reason=Reason.NO_DATA)
