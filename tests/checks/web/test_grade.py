"""The web grade against MDN HTTP Observatory's own answers (see benchmarks/web.py), and what it needs."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from posture.checks.observatory import every_test, graded
from posture.checks.sites import ALGORITHM, grades
from posture.checks.tables import table
from posture.checks.web import grade
from posture.core.document import observation, read_observation
from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_grade import GradedTest, WebGrade
from posture.core.facts.web_response import WebResponse
from posture.core.findings import failed, passed, unknown
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from tests.support.observatory_cases import HOST, KNOWN, PAGE, Case, cases

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
RECORD = json.loads(Path(__file__).with_name("observatory.json").read_text(encoding="utf-8"))
SITES = cases(len(RECORD["sites"]))


def test_the_record_is_the_peers_and_covers_every_grade() -> None:
    assert len(SITES) >= 200
    assert {site["grade"] for site in RECORD["sites"]} >= {"A+", "A-", "B+", "B", "C", "D", "F"}
    results = {result for site in RECORD["sites"] for result in site["results"].values()}
    missing = set(table("observatory")["modifiers"]) - results
    assert missing <= {"csp-not-implemented-but-reporting-enabled", "hsts-not-implemented-no-https"}


def test_every_score_and_grade_agrees_with_the_peer() -> None:
    ours = [graded(every_test(site.plain(), site.page(), site.shared())) for site in SITES]
    assert ours == [(site["score"], site["grade"]) for site in RECORD["sites"]]


def test_every_result_agrees_with_the_peer_but_for_one_reading() -> None:
    differing = {
        (test.test, theirs["results"][test.test], test.result)
        for site, theirs in zip(SITES, RECORD["sites"], strict=True)
        for test in every_test(site.plain(), site.page(), site.shared())
        if test.result != theirs["results"][test.test]
    }
    assert differing <= {KNOWN}


@pytest.mark.parametrize(
    ("modifiers", "expected"),
    [
        ((), (100, "A+")),
        ((5, 10), (115, "A+")),
        ((-10, 10), (100, "A+")),
        ((-11, 50), (89, "A-")),
        ((-20,), (80, "B+")),
        ((-30,), (70, "B")),
        ((-75,), (25, "D-")),
        ((-76,), (24, "F")),
        ((-200, 5), (0, "F")),
    ],
)
def test_bonuses_count_for_the_well_kept_alone(modifiers: tuple[int, ...], expected: tuple[int, str]) -> None:
    assert graded([GradedTest(test="x", result="x", modifier=one) for one in modifiers]) == expected


def test_without_https_there_is_no_strict_transport_and_reports_are_no_policy() -> None:
    page = replace(
        SITES[0].page(),
        url=f"http://{HOST}/",
        headers=(("Content-Security-Policy-Report-Only", "default-src 'self'"),),
    )
    results = {test.test: test.result for test in every_test(None, page, None)}
    assert results["strict-transport-security"] == "hsts-not-implemented-no-https"
    assert results["content-security-policy"] == "csp-not-implemented-but-reporting-enabled"


# From observations.


def answered(value: Any, url: str) -> Observation[Any]:
    port = 443 if url.startswith("https") else 80
    target = Target(name=HOST, port=port, url=url)
    return Observation(kind=value.KIND, target=target, at=NOW, result=Seen(value=value))


def seen_of(site: Case) -> list[Observation[Any]]:
    plain = site.plain()
    assert plain is not None
    exposure = WebExposure(origin=PAGE, at=NOW, paths=(), security_txt=None, sharing=site.shared())
    return [
        answered(plain, f"http://{HOST}/"),
        answered(site.page(), PAGE),
        answered(exposure, PAGE),
    ]


def silent(obs: Observation[Any], reason: Reason) -> Observation[Any]:
    return replace(obs, result=Unseen(reason=reason))


def only(observations: list[Observation[Any]]) -> Observation[WebGrade]:
    (found,) = grades(observations, at=NOW)
    assert found.target == Target(name=HOST)
    assert read_observation(observation(found)) == found
    return found


def fact_of(observations: list[Observation[Any]]) -> tuple[WebGrade, tuple[Gap, ...]]:
    found = only(observations)
    assert isinstance(found.result, Seen)
    return found.result.value, found.result.gaps


def test_a_site_is_graded_from_its_answers() -> None:
    fact, gaps = fact_of(seen_of(SITES[1]))
    assert (fact.url, fact.algorithm, gaps) == (PAGE, ALGORITHM, ())
    assert (fact.score, fact.grade) == (RECORD["sites"][1]["score"], RECORD["sites"][1]["grade"])


@pytest.mark.parametrize("part", [0, 2])
def test_an_answer_that_is_missing_leaves_the_grade_open(part: int) -> None:
    observations = seen_of(SITES[1])
    observations[part] = silent(observations[part], Reason.TIMEOUT)
    fact, gaps = fact_of(observations)
    assert (fact.score, fact.grade) == (None, None)
    assert Gap(path="grade", reason=Reason.TIMEOUT) in gaps
    assert list(grade.judge(fact)) == [unknown("not_graded", path="grade")]


def test_http_that_refuses_needs_no_redirect_and_a_silent_site_is_not_graded() -> None:
    plain, page, exposure = seen_of(SITES[1])
    shut, _ = fact_of([silent(plain, Reason.REFUSED), page, exposure])
    absent, _ = fact_of([page, exposure])
    assert {shut.score, absent.score} == {RECORD["sites"][1]["score"]}
    gone = only([plain, silent(page, Reason.RESET), exposure])
    assert gone.result == Unseen(reason=Reason.RESET)
    assert grades([], at=NOW) == ()
    domain = replace(gone, kind=WebResponse.KIND)
    assert only([domain]).result == gone.result  # nothing of the domain could be asked


def test_an_error_page_is_not_the_site() -> None:
    plain, page, exposure = seen_of(SITES[1])
    assert isinstance(page.result, Seen)
    assert isinstance(page.result.value, WebResponse)
    broken = replace(page, result=Seen(value=replace(page.result.value, status=500)))
    assert fact_of([plain, broken, exposure])[0].score is None


def test_the_check_names_what_costs_most() -> None:
    tests = tuple(
        GradedTest(test=name, result="x", modifier=m) for name, m in (("a", -5), ("b", -40), ("c", 5))
    )
    fact = WebGrade(url=PAGE, algorithm=ALGORITHM, score=55, grade="C", tests=tests)
    assert list(grade.judge(fact)) == [failed("poor", grade="C", score=55, tests=("b (-40)", "a (-5)"))]
    assert list(grade.judge(replace(fact, score=70, grade="B"))) == [passed("good", grade="B", score=70)]
