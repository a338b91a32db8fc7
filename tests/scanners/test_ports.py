"""The sweep with the real nmap against real hosts: what is seen, and what must never look clean."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posture.core.errors import PostureError, RefusedError
from posture.core.facts.ports_host import PortsHost
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners import ports
from scanners.context import Context, Options
from scanners.net.routes import Route, Routes
from scanners.ports import datagrams
from scanners.ports.report import HostReport, read
from tests.support.net_servers import (
    NAME,
    NOW,
    OPTIONS,
    Server,
    close,
    context,
    deaf,
    fill,
    reset,
    silent,
    unused,
    witnessed,
)
from tests.support.tools import require_tool

HOST = "127.0.0.8"
#: A silent port is waited for as long as this, and one that answers must not be missed on a busy machine.
PATIENT = replace(OPTIONS, timeout=2)


@pytest.fixture(autouse=True)
def _nmap() -> None:
    require_tool("nmap")


def scan(ctx: Context, *targets: Target) -> list[Observation[PortsHost]]:
    found = asyncio.run(ports.scan(ctx, targets or [Target(name=NAME, address=HOST)]))
    assert ctx.faults == []
    return found


def seen(obs: Observation[PortsHost]) -> PortsHost:
    assert isinstance(obs.result, Seen), obs.result
    return obs.result.value


def unseen(obs: Observation[PortsHost]) -> tuple[Reason, str]:
    assert isinstance(obs.result, Unseen), obs.result
    return obs.result.reason, obs.result.detail


def asking(*numbers: int, options: Options = PATIENT, **changes: Any) -> Context:
    return context(replace(options, ports=",".join(map(str, numbers))), **changes)


def states(fact: PortsHost) -> dict[int, str]:
    return {port.port: port.state for port in fact.ports}


def test_open_closed_and_filtered() -> None:
    with Server(close, address=HOST) as server, deaf(HOST) as hole:
        shut = unused(HOST)[1]
        (obs,) = scan(asking(server.port, hole[1], shut))
    fact = seen(obs)
    assert states(fact) == {server.port: "open", hole[1]: "filtered", shut: "closed"}
    assert obs.target == Target(name=NAME, address=HOST)
    assert (fact.address, fact.names, fact.control, fact.suspicious) == (HOST, (NAME,), True, None)
    assert all(fact.swept(number) for number in (server.port, hole[1], shut))
    assert not fact.swept(1)


def test_the_default_list_reports_what_is_open() -> None:
    with ExitStack() as stack:
        try:
            for number in (6379, 8080, 44818):
                stack.enter_context(Server(silent, address=HOST, port=number))
        except OSError:
            pytest.skip("somebody else listens on every address here")
        (obs,) = scan(context())
    fact = seen(obs)
    told = {port.port: (port.state, port.service, port.confidence) for port in fact.ports}
    assert told.items() >= {
        (6379, ("open", "redis", 3)),
        (8080, ("open", "http-proxy", 3)),
        (44818, ("open", "EtherNetIP-2", 3)),
    }
    assert {state for state, _, _ in told.values()} == {"open"}


def test_the_same_answers_give_the_same_evidence() -> None:
    with Server(close, address=HOST) as server:
        first, second = (scan(asking(server.port, server.port + 1))[0] for _ in range(2))
    assert first.evidence == second.evidence
    assert len(first.evidence) == 1
    assert seen(first) == seen(second)


def test_ipv6_and_ipv4_are_two_hosts() -> None:
    with Server(close, address="::1") as server:
        six, four = scan(
            asking(server.port), Target(name=NAME, address="::1"), Target(name=NAME, address=HOST)
        )
    assert states(seen(six)) == {server.port: "open"}
    assert states(seen(four)) == {server.port: "closed"}


def test_only_the_asked_port_is_touched() -> None:
    with Server(close, address=HOST) as server:
        ctx = asking(server.port)
        scan(ctx)
    assert {contact.ports for contact in ctx.gateway.ledger.contacts()} == {(server.port,)}


def test_a_server_that_resets_at_once_is_open_all_the_same() -> None:
    with Server(reset, address=HOST) as server:
        (obs,) = scan(asking(server.port))
    assert states(seen(obs)) == {server.port: "open"}


# -- silence -------------------------------------------------------------------------------------------------


def test_a_host_that_never_answers_is_not_a_closed_one() -> None:
    with deaf(HOST) as one, deaf(HOST) as two:
        (obs,) = scan(asking(one[1], two[1]))
    reason, detail = unseen(obs)
    assert reason is Reason.TIMEOUT
    assert detail.startswith("nothing on the host answered")


def test_one_silent_port_asked_alone_proves_nothing() -> None:
    with deaf(HOST) as hole:
        (obs,) = scan(asking(hole[1]))
    assert unseen(obs)[0] is Reason.TIMEOUT


def test_the_sweep_itself_finds_a_control() -> None:
    """Six silent ports are tried in vain before the sweep, the seventh answers in it and after it."""
    with ExitStack() as stack:
        holes = sorted(stack.enter_context(deaf(HOST))[1] for _ in range(6))
        free = next(number for number in range(holes[-1] + 1, 65536) if _free(number))
        server = stack.enter_context(Server(close, address=HOST, port=free))
        (obs,) = scan(asking(*holes, server.port))
    assert states(seen(obs)) == dict.fromkeys(holes, "filtered") | {server.port: "open"}


def _free(number: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((HOST, number)) != 0


Ban = Callable[[socket.socket, ExitStack], None]


def _silence(listener: socket.socket, stack: ExitStack) -> None:
    listener.listen(0)
    fill(listener.getsockname(), stack)


def _refusal(listener: socket.socket, stack: ExitStack) -> None:
    listener.close()


@contextmanager
def banning(ban: Ban, bait: int) -> Iterator[tuple[int, threading.Event]]:
    """A host with an open port that takes us in until somebody touches the bait; the event says when."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        trap = stack.enter_context(socket.create_server((HOST, bait)))
        trap.settimeout(30)
        over, banned = threading.Event(), threading.Event()

        def watch() -> None:
            try:
                stack.enter_context(trap.accept()[0])
            except OSError:
                return
            if not over.is_set():
                ban(listener, stack)
            banned.set()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        yield listener.getsockname()[1], banned
        over.set()
        with socket.socket() as wake:
            wake.connect_ex((HOST, bait))
        thread.join(10)


@pytest.mark.parametrize("ban", [_silence, _refusal])
def test_a_host_that_bans_us_half_way_is_not_clean(ban: Ban) -> None:
    """As an ordinary user does, by connections: the bait is no likely port, so only the sweep touches it."""
    with ExitStack() as stack:
        bait = unused(HOST)[1]
        control, banned = stack.enter_context(banning(ban, bait))

        def read_once_banned(*arguments: Any) -> HostReport:
            """However fast the sweep was: what is asked after it finds the ban."""
            assert banned.wait(30)
            return read(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("scanners.ports.control._LIKELY", (control,))
            patch.setattr("scanners.ports.control._MOST_TRIED", 1)
            patch.setattr("scanners.ports.tcp.read", read_once_banned)
            patch.setattr("os.geteuid", lambda: 1000)
            patch.delenv("NMAP_PRIVILEGED", raising=False)
            (obs,) = scan(asking(control, bait))
    reason, detail = unseen(obs)
    assert reason is Reason.BLOCKED
    assert f"port {control}" in detail


def test_losing_the_control_ends_a_long_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanners.ports.control._BEAT", 0.1)
    monkeypatch.setattr("scanners.ports.control._AGAIN", 0.1)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        control = listener.getsockname()[1]
        monkeypatch.setattr("scanners.ports.control._LIKELY", (control,))
        monkeypatch.setattr("scanners.ports.control._MOST_TRIED", 1)
        ctx = asking(control, *range(20_000, 20_100), options=replace(OPTIONS, sweep_rate=1))

        async def ban_meanwhile() -> list[Observation[PortsHost]]:
            task = asyncio.create_task(ports.scan(ctx, [Target(address=HOST)]))
            await asyncio.to_thread(_swept, ctx)
            _refusal(listener, stack)
            return await task

        (obs,) = asyncio.run(ban_meanwhile())
    assert unseen(obs) == (
        Reason.BLOCKED,
        f"port {control} stopped answering during the sweep: banned half-way",
    )


def _swept(ctx: Context) -> None:
    while not any(len(contact.ports) > 1 for contact in ctx.gateway.ledger.contacts()):
        threading.Event().wait(0.01)


# -- hosts that answer too much ------------------------------------------------------------------------------


@pytest.mark.parametrize(("opens", "asked", "believed"), [(20, 50, True), (21, 50, False), (49, 49, True)])
def test_a_host_where_everything_is_open(opens: int, asked: int, believed: bool) -> None:  # noqa: FBT001
    with ExitStack() as stack:
        listening = [stack.enter_context(Server(close, address=HOST)).port for _ in range(opens)]
        shut = [number for number in range(3000, 3100) if _shut(number)][: asked - opens]
        (obs,) = scan(asking(*listening, *shut))
    if believed:
        assert len(seen(obs).open_ports()) == opens
    else:
        reason, detail = unseen(obs)
        assert reason is Reason.BLOCKED
        assert detail.startswith(f"all-open: {opens} of {asked} ports")


def _shut(number: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((HOST, number)) != 0


# -- routes --------------------------------------------------------------------------------------------------


def test_a_laboratory_without_low_ports() -> None:
    with Server(close, address=HOST) as web, Server(close, address="127.0.0.9") as mail:
        routes = Routes(
            routes=(
                Route(name=NAME, port=443, to_address=HOST, to_port=web.port),
                Route(name=NAME, port=25, to_address="127.0.0.9", to_port=mail.port),
                Route(name=NAME, port=22, to_address=HOST, to_port=unused(HOST)[1]),
            )
        )
        ctx = asking(
            22, 25, 443, web.port, options=replace(OPTIONS, routes=routes), ports=f"22,25,443,{web.port}"
        )
        (obs,) = scan(ctx)
    fact = seen(obs)
    assert states(fact) == {22: "closed", 25: "open", 443: "open"}
    assert fact.scanned == "T:22,25,443"
    assert {port.service for port in fact.ports} == {None}, "nmap knows the name of the physical number only"
    assert {contact.address for contact in ctx.gateway.ledger.contacts()} == {HOST, "127.0.0.9"}


def test_a_route_into_what_the_consent_excludes() -> None:
    with Server(close, address="127.66.0.1") as server:
        routes = Routes(routes=(Route(name=NAME, port=443, to_address="127.66.0.1", to_port=server.port),))
        ctx = asking(22, 443, options=replace(OPTIONS, routes=routes))
        (obs,) = scan(ctx)
        assert server.connections == 0
    assert unseen(obs)[0] is Reason.NOT_PERMITTED
    assert not [contact for contact in ctx.gateway.ledger.contacts() if contact.address == "127.66.0.1"]


# -- refused, broken, late -----------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"networks": ()}, {"valid_until": NOW}, {"ports": "1"}])
def test_without_leave_nothing_is_sent(changes: dict[str, Any]) -> None:
    with Server(close, address=HOST) as server:
        ctx = context(replace(OPTIONS, ports=None if "ports" in changes else str(server.port)), **changes)
        excluded = Target(name="www.example.org", address="127.66.0.1")
        with witnessed() as events:
            (obs,) = scan(ctx, excluded if "ports" in changes else Target(name=NAME, address=HOST))
        assert unseen(obs)[0] is Reason.NOT_PERMITTED
        assert events == []
        assert ctx.gateway.ledger.contacts() == ()
        assert server.connections == 0


def test_one_refused_host_does_not_spoil_the_others() -> None:
    with Server(close, address=HOST) as server:
        refused, fine = scan(asking(server.port), Target(address="127.66.0.1"), Target(address=HOST))
    assert unseen(refused)[0] is Reason.NOT_PERMITTED
    assert states(seen(fine)) == {server.port: "open"}


@pytest.mark.parametrize(
    ("options", "changes", "kind"),
    [
        (replace(OPTIONS, ports="23"), {"ports": "22"}, RefusedError),
        (replace(OPTIONS, ports="http"), {}, PostureError),
        (replace(OPTIONS, nmap="/nonexistent/nmap"), {}, PostureError),
        (replace(OPTIONS, nmap="/nonexistent/nmap", ports="22"), {}, PostureError),
    ],
)
def test_setup_errors_come_before_anything_is_sent(
    options: Options, changes: dict[str, Any], kind: type[PostureError]
) -> None:
    ctx = context(options, **changes)
    with witnessed() as events, pytest.raises(kind):
        asyncio.run(ports.scan(ctx, [Target(address=HOST)]))
    assert events == []


@pytest.mark.parametrize(
    "script",
    [
        'echo "Failed to resolve" >&2; exit 0',
        "echo '<nmaprun>'",
        "printf 'gar\\377bage'; printf '\\377' >&2",
        "exit 1",
        "kill -SEGV $$",
    ],
)
def test_a_broken_nmap_is_our_own_fault_and_never_a_clean_host(script: str, tmp_path: Path) -> None:
    fake = tmp_path / "nmap"
    fake.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    fake.chmod(0o755)
    ctx = context(replace(OPTIONS, nmap=str(fake), ports="22"))
    (obs,) = asyncio.run(ports.scan(ctx, [Target(address=HOST)]))
    assert unseen(obs)[0] is Reason.BUG
    assert len(ctx.faults) == 1


def test_every_port_there_is_can_be_asked(tmp_path: Path) -> None:
    """What nmap would say of them is canned: what is made of it must not take its square."""
    with Server(close, address=HOST) as server:
        others = ",".join(f"{a}-{b}" for a, b in ((1, server.port - 1), (server.port + 1, 65535)) if a <= b)
        said = _EVERY_PORT.format(host=HOST, open=server.port, others=others)
        (tmp_path / "said.xml").write_text(said, encoding="ascii")
        fake = tmp_path / "nmap"
        fake.write_text(f"#!/bin/sh\ncat '{tmp_path}/said.xml'\n", encoding="utf-8")
        fake.chmod(0o700)
        (obs,) = scan(context(replace(PATIENT, nmap=str(fake), ports="1-65535")))
    fact = seen(obs)
    assert states(fact) == {server.port: "open"}
    assert fact.scanned == "T:1-65535"


_EVERY_PORT = """\
<?xml version="1.0"?>
<nmaprun scanner="nmap" args="nmap" start="1" version="7.93" xmloutputversion="1.05">
<scaninfo type="connect" protocol="tcp" numservices="65535" services="1-65535"/>
<host starttime="1" endtime="2"><status state="up" reason="user-set" reason_ttl="0"/>
<address addr="{host}" addrtype="ipv4"/><hostnames/><ports>
<extraports state="closed" count="65534">
<extrareasons reason="conn-refused" count="65534" proto="tcp" ports="{others}"/></extraports>
<port protocol="tcp" portid="{open}"><state state="open" reason="syn-ack" reason_ttl="0"/></port>
</ports></host>
<runstats><finished time="2" timestr="" summary="" elapsed="1" exit="success"/>
<hosts up="1" down="0" total="1"/></runstats></nmaprun>
"""


def test_a_host_too_slow_for_its_time() -> None:
    options = replace(OPTIONS, budget=0.3, sweep_rate=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scanners.ports.tcp._PROBES_PER_PORT", 0)
        (obs,) = scan(asking(*range(3000, 3050), options=options))
    assert unseen(obs) == (Reason.TIMEOUT, "nmap gave up after 0 seconds")


# -- UDP -----------------------------------------------------------------------------------------------------


@contextmanager
def answering(reply: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A UDP port that says `reply` to everything (None: nothing), and what it heard."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        sock.settimeout(10)

        def serve() -> None:
            while True:
                try:
                    data, peer = sock.recvfrom(4096)
                except OSError:
                    return
                heard.append(data)
                if data == b"over":
                    return
                if reply is not None:
                    sock.sendto(reply, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield sock.getsockname()[1], heard
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"over", sock.getsockname())
        thread.join(5)
        heard.remove(b"over")


def datagrams_to(*places: tuple[int, int], tcp: int | None = None) -> Context:
    """Logical UDP ports and where they are."""
    routes = tuple(Route(name=NAME, port=port, to_address=HOST, to_port=number) for port, number in places)
    ports = [f"U:{port}" for port, _ in places] + ([f"T:{tcp}"] if tcp else [])
    return context(replace(PATIENT, ports=",".join(ports), routes=Routes(routes=routes)))


def test_udp_ports_are_told_only_where_they_answered() -> None:
    with (
        answering(b"anything") as (snmp, heard),
        answering(None) as (ntp, unheard),
        Server(close, address=HOST) as server,
    ):
        places = (161, snmp), (123, ntp), (623, unused(HOST)[1])
        (obs,) = scan(datagrams_to(*places, tcp=server.port))
    fact = seen(obs)
    told = {(port.protocol, port.port): port.state for port in fact.ports}
    assert told == {("tcp", server.port): "open", ("udp", 161): "open", ("udp", 623): "closed"}
    assert not fact.swept(123, "udp"), "silence says nothing with UDP"
    assert isinstance(obs.result, Seen)
    assert obs.result.gaps == (Gap(path="ports.udp", reason=Reason.NO_DATA),)
    assert heard == [datagrams.QUESTIONS[161][1]]
    assert unheard == [datagrams.QUESTIONS[123][1]] * 2, "asked again once"


def test_udp_alone_is_its_own_control() -> None:
    with answering(b"x" * 60_000) as (port, _):
        (obs,) = scan(datagrams_to((5060, port)))
    assert [(port.protocol, port.port, port.state) for port in seen(obs).ports] == [("udp", 5060, "open")]


def test_udp_ports_without_a_harmless_question_are_not_asked() -> None:
    with answering(b"hello") as (port, heard):
        ctx = datagrams_to((69, port))
        (obs,) = scan(ctx)
    assert unseen(obs)[0] is Reason.NO_DATA
    assert heard == []
    assert ctx.gateway.ledger.contacts() == ()


def test_no_question_holds_a_community_string_or_a_name_of_somebody() -> None:
    for _, question in datagrams.QUESTIONS.values():
        assert not any(word in question.lower() for word in (b"public", b"private", b"admin", b"anonymous"))
