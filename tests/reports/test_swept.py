"""The statement of coverage: what was asked of each host, in both reports and both languages."""

from dataclasses import replace
from typing import Any

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core import risky_ports
from posture.core.catalogue import Language
from posture.core.facts.ports_host import SIGNS, Disagreement, Port, PortsHost
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from reports import text
from reports.say import Say
from reports.sections import swept
from reports.view import View, build
from tests.support import golden

EN, JA = (Say(text.load(language), catalogue()) for language in (Language.EN, Language.JA))
TARGET = Target(name="www.example.jp", address="203.0.113.7")
RISKY = ",".join(map(str, risky_ports.numbers()))


def host(scanned: str, *ports: Port, **more: Any) -> Seen[PortsHost]:
    fact = PortsHost(
        address="203.0.113.7", names=("www.example.jp",), ports=ports, scanned=scanned, control=True, **more
    )
    return Seen(value=fact)


def view(*results: Any) -> View:
    assessment = golden.assessment()
    found = tuple(
        Observation(kind=PortsHost.KIND, target=TARGET, at=assessment.started_at, result=result)
        for result in results
    )
    return build(replace(assessment, observations=found), catalogue())


def rows(say: Say, *results: Any) -> list[list[str]]:
    (table,) = swept.table(view(*results), say)
    return [[cell.text for cell in row] for row in table.rows]


def port(number: int, service: str | None = None) -> Port:
    return Port(port=number, protocol="tcp", state="open", service=service)


def test_what_was_asked_and_what_is_open() -> None:
    whole = host("T:1-65535", port(22), port(443))
    assert rows(EN, whole) == [
        ["www.example.jp (203.0.113.7)", "TCP 1-65535, our whole risk list among them", "2", ""]
    ]
    assert rows(JA, whole)[0][1:] == ["TCP 1-65535、当方のリスク一覧をすべて含む", "2", ""]


def test_a_long_list_is_counted() -> None:
    udp = "U:111,123,137,161,623,1434,1900,5060,11211"
    assert rows(EN, host(f"T:{RISKY},{udp}"))[0][1] == (
        f"{len(risky_ports.numbers())} TCP ports, 9 UDP ports, our whole risk list among them"
    )


def test_a_short_sweep_says_what_it_left_out() -> None:
    left = len(risky_ports.numbers()) - 1
    assert rows(EN, host("T:22,3389", port(22)))[0][1:] == [
        f"TCP 22,3389, {left} of our risk list left out",
        "1",
        "",
    ]
    assert rows(JA, host("T:22,3389"))[0][1] == f"TCP 22,3389、リスク一覧のうち {left} ポートは対象外"


def test_ports_of_which_nothing_is_known() -> None:
    disputed = Disagreement(port=81, sweep="open", connect="closed", settled=None)
    settled = Disagreement(port=82, sweep="open", connect="closed", settled="closed")
    seen = host("T:1-65535", port(23, "tcpwrapped"), port(22), disagreements=(disputed, settled))
    assert rows(EN, seen)[0][2:] == ["1", "hang up on everybody: 23, answered in two ways: 81"]
    assert rows(JA, seen)[0][2:] == ["1", "接続後すぐに切断：23、応答が一致しない：81"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_host_that_is_not_believed_says_why(sign: str) -> None:
    unseen = Unseen(reason=Reason.BLOCKED, detail=f"{sign}: 20 ports")
    for say in (EN, JA):
        (row,) = rows(say, unseen)
        assert row[1:3] == [say("swept.nothing"), "–"]
        assert row[3] == say("labels.with_note", text=say.reason("blocked"), note=say(f"sweep_signs.{sign}"))


def test_a_host_that_was_not_seen_at_all() -> None:
    assert rows(EN, Unseen(reason=Reason.TIMEOUT, detail="nothing answered"))[0][3] == "no answer in time"


def test_where_nothing_was_to_be_swept_there_is_no_table() -> None:
    assert swept.table(view(), EN) == ()


@pytest.mark.parametrize("report", ["applicant", "underwriter"])
def test_it_stands_in_both_reports(report: str) -> None:
    name = f"{report}.en.html"
    files = reports.produce(golden.assessment(), golden.catalogue(), formats=("html",))
    page = files[name].decode()
    assert "Ports asked of each host; nothing is said of the others" in page
