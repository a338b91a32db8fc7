"""nmap's XML: read with python-nmap, and refused when it is not whole."""

import pytest

from scanners.net.nmap import NmapError
from scanners.ports.report import HostReport, Key, read
from tests.support.net_servers import witnessed

ASKED: frozenset[Key] = frozenset({("tcp", 22), ("tcp", 80), ("tcp", 81), ("tcp", 82), ("tcp", 83)})
_PORT = '<port protocol="tcp" portid="{}"><state state="{}" reason="{}"/>{}</port>'
_SSH = (
    '<service name="ssh" product="OpenSSH" version="9.2p1" method="probed" conf="10">'
    "<cpe>cpe:/a:openbsd:openssh:9.2p1</cpe></service>"
)
_LISTED = _PORT.format(22, "open", "syn-ack", _SSH) + _PORT.format(80, "closed", "reset", "")
_COUNTED = (
    '<extraports state="filtered" count="3">'
    '<extrareasons reason="no-response" count="2" proto="tcp" ports="81-82"/>'
    '<extrareasons reason="host-prohibited" count="1" proto="tcp" ports="83"/></extraports>'
)


def xml(
    ports: str = _COUNTED + _LISTED,
    *,
    address: str = "127.0.0.1",
    services: str = "22,80-83",
    host: str = "",
    end: str = '<runstats><finished exit="success"/><hosts up="1" down="0" total="1"/></runstats>',
) -> bytes:
    kind = "ipv6" if ":" in address else "ipv4"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><nmaprun scanner="nmap" version="7.93">'
        f'<scaninfo type="syn" protocol="tcp" numservices="5" services="{services}"/>'
        f'<host {host}><status state="up" reason="user-set"/><address addr="{address}" addrtype="{kind}"/>'
        f"<ports>{ports}</ports></host>{end}</nmaprun>"
    ).encode()


def states(report: HostReport) -> dict[int, tuple[str, str]]:
    return {number: (port.state, port.reason) for (_, number), port in sorted(report.ports.items())}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_every_asked_port_is_told_listed_or_counted(address: str) -> None:
    report = read(xml(address=address), address, ASKED)
    assert states(report) == {
        22: ("open", "syn-ack"),
        80: ("closed", "reset"),
        81: ("filtered", "no-response"),
        82: ("filtered", "no-response"),
        83: ("filtered", "host-prohibited"),
    }
    ssh = report.ports["tcp", 22]
    assert (ssh.name, ssh.product, ssh.version, ssh.confidence) == ("ssh", "OpenSSH", "9.2p1", 10)
    assert ssh.cpe == ("cpe:/a:openbsd:openssh:9.2p1",)
    assert report.open_ports() == (22,)
    assert report.text() == "tcp/22 open syn-ack\ntcp/80 closed reset"


def test_reading_starts_no_program() -> None:
    """PortScanner's constructor would run nmap -V behind the Gateway's back."""
    with witnessed() as events:
        read(xml(), "127.0.0.1", ASKED)
    assert events == []


def test_an_older_nmap_counts_without_numbers() -> None:
    group = '<extraports state="closed" count="3"><extrareasons reason="resets" count="3"/></extraports>'
    assert states(read(xml(group + _LISTED), "127.0.0.1", ASKED))[82] == ("closed", "resets")


def test_two_groups_without_numbers_prove_nothing() -> None:
    groups = (
        '<extraports state="closed" count="2"><extrareasons reason="resets" count="2"/></extraports>'
        '<extraports state="filtered" count="1"><extrareasons reason="no-responses" count="1"/></extraports>'
    )
    assert states(read(xml(groups + _LISTED), "127.0.0.1", ASKED))[82] == ("filtered", "no-response")


def test_a_host_nmap_gave_up() -> None:
    report = read(xml("", host='timedout="true"'), "127.0.0.1", ASKED)
    assert report == HostReport(ports={}, timed_out=True)


def test_a_protocol_nmap_could_not_ask_is_left_out() -> None:
    report = read(xml(), "127.0.0.1", ASKED | {("udp", 161)})
    assert {protocol for protocol, _ in report.ports} == {"tcp"}


WHOLE = xml()
EMPTY = (
    b'<nmaprun><scaninfo type="connect" protocol="tcp" numservices="5" services="22,80-83"/>'
    b'<runstats><finished exit="success"/><hosts up="0" down="0" total="0"/></runstats></nmaprun>'
)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"Failed to resolve",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-1],
        WHOLE.replace(b"reset", b"res\xffet"),
        xml(end=""),
        xml(end='<runstats><finished exit="error"/><hosts up="0" down="0" total="0"/></runstats>'),
        xml(end="<runstats><hosts/></runstats>"),
        xml(address="127.0.0.2"),
        xml(services="22"),
        xml(services="22,80-84"),
        xml(services=""),
        EMPTY,
        b"<nmaprun><runstats><finished exit='success'/><hosts/></runstats></nmaprun>",
    ],
    ids=[
        "nothing",
        "text",
        "half",
        "one byte short",
        "not UTF-8",
        "no end",
        "failed",
        "no finish",
        "another host",
        "fewer ports",
        "more ports",
        "no ports",
        "no host",
        "no sweep",
    ],
)
def test_a_broken_result_is_never_a_clean_host(broken: bytes) -> None:
    with pytest.raises(NmapError):
        read(broken, "127.0.0.1", ASKED)
