"""What mending would bring, as the real models count it."""

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

import models.whatif
import reports
from posture.checks.registry import catalogue
from posture.core.findings import Outcome
from posture.core.whatif import Held, WhatIf
from reports import Branding, text
from reports.view import Effect, build
from tests.reports.test_models import assessed
from tests.reports.test_reports import words
from tests.support.sample_assessment import application

ON = date(2026, 11, 23)


@cache
def counted() -> WhatIf:
    item = assessed(application())
    return models.whatif.study(models.whatif.case(item.findings, item.application, on=ON))


@cache
def priced() -> WhatIf:
    """The same, with every open question answered well, so that there is a premium."""
    item = assessed(application())
    seen = [
        replace(one, outcome=Outcome.PASS, reason=None) if one.outcome is Outcome.UNKNOWN else one
        for one in item.findings
    ]
    return models.whatif.study(models.whatif.case(seen, item.application, on=ON))


def told(audience: str, language: str, whatif: WhatIf | None, branding: Branding | None = None) -> str:
    files = reports.produce(
        assessed(application()),
        catalogue(),
        languages=(language,),
        formats=("html",),
        audiences=(audience,),
        whatif=whatif,
        branding=branding,
    )
    (content,) = files.values()
    return words(content.decode())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_underwriter_sees_every_fix_and_the_way_to_the_next_tier(language: str) -> None:
    say = text.load(language)
    page = told("underwriter", language, counted())
    plan = counted().plan
    assert plan is not None
    assert say("mending.plan", tier=plan.target.value) in page
    section = page.partition(say("captions.mending"))[2].partition(say("captions.areas"))[0]
    assert section.count(say("mending.today")) == 1
    assert len(re.findall(r"\bT[1-5]\b", section)) > len(counted().groups)


def test_without_a_count_there_is_no_section() -> None:
    title = text.load("en")("sections.mending")
    assert title not in told("underwriter", "en", None)
    assert title in told("underwriter", "en", counted())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_applicant_sees_classes_and_never_a_figure(language: str) -> None:
    page = told("applicant", language, counted())
    assert text.load(language)("sections.mending") not in page
    assert not re.search(r"×\d|[+−]\d+%|\bT[1-5]\b|¥|円", page)


def test_classes_come_from_the_count() -> None:
    item = assessed(application())
    issues = build(item, catalogue(), whatif=counted()).issues
    first = issues[0]
    assert (first.finding.check, first.effect) == ("ports/remote_desktop", Effect.LARGE)
    caa = next(issue for issue in issues if issue.finding.check == "dns/caa")
    assert (caa.effect, caa.held) == (Effect.NONE, Held.NOT_READ)


def test_a_zero_says_why() -> None:
    why = text.load("en")(f"held.{Held.NOT_READ.value}")
    assert why in told("applicant", "en", counted())
    quiet = replace(counted(), fixes=(), groups=())
    assert why not in told("applicant", "en", quiet)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_amounts_are_for_applicants_only_with_the_insurers_approval(language: str) -> None:
    say = text.load(language)
    page = told("applicant", language, priced(), Branding(yen_approval="承認 2026-7"))
    assert say("text.amounts", approval="承認 2026-7") in page
    section = page.partition(say("captions.amounts"))[2].partition(say("sections.details"))[0]
    assert re.search(r"¥|円", section)
    held = [fix for fix in priced().groups if fix.held is not None]
    assert section.count("→") == len(held)
    assert not re.search(r"[+−]\d+%|\bT[1-5]\b", page)
    assert say("captions.amounts") not in told("applicant", language, None, Branding(yen_approval="x"))


def test_an_answer_shows_the_interval_before_and_after() -> None:
    whatif = counted()
    page = told("underwriter", "en", whatif)
    section = page.partition(text.load("en")("mending.answers"))[2].partition(
        text.load("en")("captions.areas")
    )[0]
    if whatif.everything is None:
        assert section == ""
        return
    now = whatif.before.relativity_interval
    assert f"×{now.low:.2f} … ×{now.high:.2f}" in section
    for answer in whatif.answers:
        for after in (answer.clean, answer.found):
            span = after.relativity_interval
            assert f"{after.tier.value}  ×{span.low:.2f} … ×{span.high:.2f}".split()[-1] in section
