"""What mending would bring, as the real models count it."""

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

import models.whatif
import reports
from posture.checks.registry import catalogue
from posture.core.whatif import Held, WhatIf
from reports import text
from reports.view import Effect, build
from tests.reports.test_models import assessed
from tests.reports.test_reports import words
from tests.support.sample_assessment import application

ON = date(2026, 11, 23)


@cache
def counted() -> WhatIf:
    item = assessed(application())
    return models.whatif.study(models.whatif.case(item.findings, item.application, on=ON))


def told(audience: str, language: str, whatif: WhatIf | None) -> str:
    files = reports.produce(
        assessed(application()),
        catalogue(),
        languages=(language,),
        formats=("html",),
        audiences=(audience,),
        whatif=whatif,
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
