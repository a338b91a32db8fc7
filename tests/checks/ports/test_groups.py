"""The checks of `ports/`: what is reachable, what is not, and what nobody can say."""

import importlib
from dataclasses import replace

import pytest

from posture.checks.exposure import unswept
from posture.checks.ports import (
    admin_interface,
    database,
    few_services,
    file_sharing,
    ftp,
    remote_desktop,
    telnet,
)
from posture.core import risky_ports
from posture.core.facts.ports_host import Disagreement, Port, PortsHost
from posture.core.findings import Confidence, Outcome, Verdict, failed, passed, unknown
from posture.core.risky_ports import Group

SWEPT = "T:1-65535"


def host(*ports: Port, scanned: str = SWEPT, suspicious: str | None = None) -> PortsHost:
    return PortsHost(
        address="203.0.113.7",
        names=("www.example.jp",),
        ports=ports,
        scanned=scanned,
        control=True,
        suspicious=suspicious,
    )


def port(number: int, service: str | None = None, confidence: int = 0, **more: str) -> Port:
    state = more.pop("state", "open")
    protocol = more.pop("protocol", "tcp")
    return Port(port=number, protocol=protocol, state=state, service=service, confidence=confidence)


def reachable(number: int, service: str) -> Verdict:
    return replace(failed("reachable", service=service, number=number), port=number)


def likely(number: int, service: str) -> Verdict:
    verdict = failed("likely", service=service, number=number)
    return replace(verdict, port=number, confidence=Confidence.INFERRED)


@pytest.mark.parametrize("group", list(Group))
def test_every_group_has_its_check_and_passes_a_swept_host_with_nothing_open(group: Group) -> None:
    judge = importlib.import_module(f"posture.checks.ports.{group.value}").judge
    assert list(judge(host())) == [passed("closed")]
    assert list(judge(host(port(22, "ssh", 10), port(443, "https", 10)))) == [passed("closed")]


@pytest.mark.parametrize("group", list(Group))
def test_every_port_of_every_group_is_found_by_its_number_alone(group: Group) -> None:
    judge = importlib.import_module(f"posture.checks.ports.{group.value}").judge
    for entry in risky_ports.of(group):
        expected = likely if entry.shared else reachable
        assert list(judge(host(port(entry.port)))) == [expected(entry.port, entry.service)]


@pytest.mark.parametrize("group", list(Group))
def test_what_was_not_swept_is_unknown_never_clean(group: Group) -> None:
    judge = importlib.import_module(f"posture.checks.ports.{group.value}").judge
    (found,) = judge(host(scanned="T:22"))
    assert found.outcome is Outcome.UNKNOWN
    assert found.message == "ports_not_swept"
    assert found.path == "scanned"
    assert found.arguments["ports"] == tuple(str(entry.port) for entry in risky_ports.of(group))


@pytest.mark.parametrize("group", list(Group))
@pytest.mark.parametrize("sign", ["all-open", "tcpwrapped"])
def test_a_host_that_cannot_be_believed_is_neither_good_nor_bad(group: Group, sign: str) -> None:
    judge = importlib.import_module(f"posture.checks.ports.{group.value}").judge
    entry = risky_ports.of(group)[0]
    fact = host(port(entry.port), suspicious=sign)
    assert list(judge(fact)) == [unknown("ports_implausible", path="ports", sign=sign)]


def test_a_recognised_service_is_observed() -> None:
    assert list(remote_desktop.judge(host(port(3389, "ms-wbt-server", 10)))) == [reachable(3389, "RDP")]


def test_a_recognised_service_is_found_on_any_port() -> None:
    fact = host(port(13389, "ms-wbt-server", 10), port(2222, "ssh", 10))
    assert list(remote_desktop.judge(fact)) == [reachable(13389, "RDP")]


def test_the_name_of_a_port_number_is_not_a_recognition() -> None:
    assert list(remote_desktop.judge(host(port(13389, "ms-wbt-server", 3)))) == [passed("closed")]


def test_a_number_that_others_use_too_only_suggests_its_service() -> None:
    fact = host(port(10000), port(8006))
    assert list(admin_interface.judge(fact)) == [likely(10000, "Webmin"), reachable(8006, "Proxmox VE")]
    assert list(database.judge(host(port(50000, "drda", 10)))) == [reachable(50000, "Db2")]


def test_each_reachable_port_is_a_finding_of_its_own() -> None:
    fact = host(port(445, "microsoft-ds", 10), port(135, "msrpc", 3))
    assert list(file_sharing.judge(fact)) == [
        reachable(445, "SMB"),
        reachable(135, "Microsoft RPC"),
    ]


def test_another_protocol_on_a_listed_port_is_not_the_listed_service() -> None:
    assert list(remote_desktop.judge(host(port(3389, "ssh", 10)))) == [passed("closed")]
    assert list(database.judge(host(port(3306, "http", 10)))) == [passed("closed")]


def test_http_does_not_clear_a_service_that_speaks_http() -> None:
    expected = [reachable(9200, "Elasticsearch / OpenSearch")]
    assert list(database.judge(host(port(9200, "http", 10)))) == expected


def test_tls_without_a_protocol_clears_nothing() -> None:
    fact = host(port(3389, "ssl", 10))
    assert list(remote_desktop.judge(fact)) == [reachable(3389, "RDP")]


def test_a_wrapped_port_is_not_counted_open() -> None:
    fact = host(port(23, "tcpwrapped", 8))
    expected = replace(unknown("ports_wrapped", path="ports.23", number=23), port=23)
    assert list(telnet.judge(fact)) == [expected]


def test_a_port_of_which_two_ways_tell_two_things_is_unknown() -> None:
    never = Disagreement(port=23, sweep="open", connect="closed", settled=None)
    settled = Disagreement(port=2323, sweep="open", connect="closed", settled="closed")
    fact = replace(host(port(22, "ssh", 10)), disagreements=(never, settled))
    expected = replace(unknown("ports_disputed", path="ports.23", number=23), port=23)
    assert list(telnet.judge(fact)) == [expected]
    assert list(ftp.judge(fact)) == [passed("closed")]


def test_ports_that_hang_up_are_not_counted_as_services() -> None:
    wrapped = [port(number, "tcpwrapped", 8) for number in range(100, 110)]
    assert list(few_services.judge(host(*wrapped, port(22)))) == [passed("few", count=1, limit=10)]


def test_closed_filtered_and_udp_ports_are_not_reachable() -> None:
    fact = host(port(21, state="closed"), port(2121, state="filtered"), port(21, protocol="udp"))
    assert list(ftp.judge(fact)) == [passed("closed")]


def test_a_partial_sweep_shows_what_it_found_and_says_what_it_did_not_ask() -> None:
    fact = host(port(21, "ftp", 10), scanned="T:1-1024")
    assert list(ftp.judge(fact)) == [
        reachable(21, "FTP"),
        unknown("ports_not_swept", path="scanned", ports=("2121",)),
    ]


def test_a_wrapped_port_leaves_the_rest_of_the_group_unsaid() -> None:
    """No `closed` beside an unknown: the group as a whole was not seen shut."""
    outcomes = [verdict.outcome for verdict in telnet.judge(host(port(23, "tcpwrapped", 8)))]
    assert outcomes == [Outcome.UNKNOWN]


def test_udp_ranges_do_not_count_as_swept() -> None:
    assert unswept(host(scanned="U:21,2121"), Group.FTP) == (21, 2121)
    assert unswept(host(scanned=""), Group.FTP) == (21, 2121)
    assert unswept(host(scanned="T:21,U:2121"), Group.FTP) == (2121,)


def test_no_two_services_of_one_group_share_a_port() -> None:
    for group in Group:
        numbers = [entry.port for entry in risky_ports.of(group)]
        assert len(numbers) == len(set(numbers)), group


def test_no_port_belongs_to_two_groups() -> None:
    """One open port is one finding: two would count it twice."""
    owners: dict[int, Group] = {}
    for group in Group:
        for entry in risky_ports.of(group):
            assert owners.setdefault(entry.port, group) is group


def test_no_word_of_nmap_belongs_to_two_groups() -> None:
    owners: dict[str, Group] = {}
    for group in Group:
        for entry in risky_ports.of(group):
            for word in entry.spoken:
                assert owners.setdefault(word, group) is group


def test_few_open_ports_are_few_and_many_are_many() -> None:
    few = host(*(port(number) for number in range(1, 11)))
    many = host(*(port(number) for number in range(1, 12)))
    assert list(few_services.judge(few)) == [passed("few", count=10, limit=10)]
    assert list(few_services.judge(many)) == [failed("many", count=11, limit=10)]


def test_a_short_sweep_can_show_many_but_never_few() -> None:
    few = host(port(443), scanned="T:1-999")
    many = host(*(port(number) for number in range(1, 12)), scanned="T:1-20")
    assert list(few_services.judge(few)) == [unknown("short_sweep", path="scanned", count=1, asked=999)]
    assert list(few_services.judge(many)) == [failed("many", count=11, limit=10)]


def test_an_implausible_host_has_no_footprint() -> None:
    fact = host(*(port(number) for number in range(1, 500)), suspicious="all-open")
    assert list(few_services.judge(fact)) == [unknown("ports_implausible", path="ports", sign="all-open")]
