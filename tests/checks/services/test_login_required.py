"""Log-ins: what the first word of a service said about them."""

from dataclasses import replace

import pytest

from posture.checks.services.login_required import judge
from posture.core.facts.service_product import ServiceProduct
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from scanners.services.questions import QUESTIONS


def fact(protocol: str, *, login: bool | None) -> ServiceProduct:
    return ServiceProduct(
        protocol=protocol,
        banner="",
        vendor=None,
        product=None,
        version=None,
        cpe=None,
        how="question",
        confidence=10,
        login=login,
    )


def about(protocol: str, verdict: Verdict) -> Verdict:
    return replace(verdict, discriminator=protocol)


CASES: list[tuple[str, bool | None, list[Verdict]]] = [
    ("redis", True, [passed("asked", service="Redis")]),
    ("redis", False, [about("redis", failed("open", service="Redis"))]),
    ("redis", None, [unknown("unanswered", path="login", service="Redis")]),
    ("vnc", False, [about("vnc", failed("open", service="VNC"))]),
    ("rdp", True, [passed("asked", service="RDP")]),
    ("rdp", False, [failed("before_login", service="RDP")]),
    ("mongodb", None, [unknown("untold", path="login", service="MongoDB")]),
    ("ssh", None, [not_applicable("no_question")]),
    ("unknown", None, [not_applicable("no_question")]),
    ("http", True, [not_applicable("no_question")]),
]


@pytest.mark.parametrize(("protocol", "login", "expected"), CASES)
def test_verdicts(protocol: str, login: object, expected: list[Verdict]) -> None:
    assert login in (True, False, None)
    assert list(judge(replace(fact(protocol, login=None), login=login))) == expected


def test_every_protocol_that_is_asked_is_judged() -> None:
    for question in QUESTIONS:
        assert list(judge(fact(question.name, login=True))) != [not_applicable("no_question")], question.name
