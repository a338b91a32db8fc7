"""What a survey does not look at is said, never left out: real DNS, real nmap, nothing else listening."""

import asyncio
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from posture.app.clock import utc_now
from posture.core.consent import Consent
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.scope import Scope
from posture.core.targets import Target
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from scanners.places import MOST_ADDRESSES, Places, find
from scanners.survey import survey, worth_asking
from tests.support.dns_server import SERVFAIL, DnsServer
from tests.support.papers import consent
from tests.support.tls_servers import issue, nginx
from tests.support.tools import require_tool

DOMAIN = "example.co.jp"
NAMES = f"@ NS ns1.{DOMAIN}.\nns1 A 127.0.0.1\n"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as running:
        yield running


def context(server: DnsServer, item: Consent) -> Context:
    options = Options(resolvers=(server.endpoint,), timeout=10, budget=60)
    gateway = Gateway(Scope(consent=item), options, utc_now)
    resolver = Resolver(gateway, options, target=DOMAIN)
    return Context(gateway=gateway, resolver=resolver, options=options, clock=utc_now)


def places(server: DnsServer, item: Consent | None = None) -> Places:
    async def run() -> Places:
        return await find(context(server, item or consent()), DOMAIN)

    return asyncio.run(run())


def look(server: DnsServer, item: Consent) -> tuple[list[Observation[Any]], Context]:
    require_tool("nmap")

    async def run() -> tuple[list[Observation[Any]], Context]:
        made = context(server, item)
        return await survey(made, DOMAIN), made

    return asyncio.run(run())


def unseen(observations: list[Observation[Any]], kind: str) -> dict[str | None, Reason]:
    return {
        obs.target.address or obs.target.name: obs.result.reason
        for obs in observations
        if obs.kind == kind and isinstance(obs.result, Unseen)
    }


def test_addresses_beyond_the_limit_are_known_to_stay_unseen(server: DnsServer) -> None:
    many = "".join(f"@ A 127.0.9.{number}\n" for number in range(1, 12))
    server.zone(DOMAIN, NAMES + many)
    found = places(server)
    assert len(found.sites) == MOST_ADDRESSES
    assert [why.reason for _, why in found.blind] == [Reason.BUDGET] * 3
    assert not {target for target, _ in found.blind} & set(found.sites)


def test_a_name_that_cannot_be_resolved_is_a_blind_spot(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\nwww A 127.0.9.2\n@ MX 10 mail\nmail A 127.0.9.3")
    server.behave(SERVFAIL, f"www.{DOMAIN}", "A")
    server.behave(SERVFAIL, f"www.{DOMAIN}", "AAAA")
    server.behave(SERVFAIL, f"mail.{DOMAIN}", "A")
    server.behave(SERVFAIL, f"mail.{DOMAIN}", "AAAA")
    blind = {target.name: why.reason for target, why in places(server).blind}
    assert blind == {f"www.{DOMAIN}": Reason.DNS_FAILURE, f"mail.{DOMAIN}": Reason.DNS_FAILURE}


def test_exchangers_that_cannot_be_asked_for_are_a_blind_spot(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\n@ MX 10 mail\nmail A 127.0.9.3")
    server.behave(SERVFAIL, DOMAIN, "MX")
    ((target, why),) = places(server).blind
    assert (target.name, target.port, why.reason) == (DOMAIN, 25, Reason.DNS_FAILURE)


def test_exchangers_beyond_the_limit_are_known_to_stay_unseen(server: DnsServer) -> None:
    for number, blind in ((20, []), (21, [(DOMAIN, 25, Reason.BUDGET)])):
        hosts = "".join(f"@ MX {i} mx{i}\nmx{i} A 127.0.9.{i}\n" for i in range(1, number + 1))
        server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\nwww A 127.0.9.1\n" + hosts)
        found = places(server)
        assert len(found.exchangers) == 20
        assert [(target.name, target.port, why.reason) for target, why in found.blind] == blind


def test_the_exchangers_of_others_are_no_hosts_of_the_applicant(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\n@ MX 10 mx.other.example.")
    server.zone("other.example", "mx A 127.0.9.7")
    found = places(server)
    assert [target.name for target in found.hosts] == [DOMAIN]
    assert [target.name for target in found.exchangers] == ["mx.other.example"]


def test_a_blind_spot_leaves_ports_and_tls_unseen(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\n@ MX 10 mail\nmail A 127.0.9.3")
    server.behave(SERVFAIL, f"mail.{DOMAIN}", "A")
    server.behave(SERVFAIL, f"mail.{DOMAIN}", "AAAA")
    seen, made = look(server, consent(ports="22"))
    for kind in ("ports.host", "tls.endpoint"):
        assert unseen(seen, kind).get(f"mail.{DOMAIN}") is Reason.DNS_FAILURE
    assert made.faults == []


def test_tls_is_found_on_any_open_port(server: DnsServer) -> None:
    """One port speaks TLS, one something else, one nothing; only the first is an endpoint of TLS."""
    server.zone(DOMAIN, NAMES + "@ A 127.0.0.1")
    leaf = issue(DOMAIN, names=[DOMAIN])
    with nginx(leaf) as one, speaking(b"* HELLO\r\n") as two, speaking(b"") as three:
        seen, made = look(server, consent(ports=f"{one.port},{two},{three}"))
    assert made.faults == []
    endpoints = {obs.target.port: obs for obs in seen if obs.kind == "tls.endpoint"}
    assert set(endpoints) == {443, one.port}  # the site’s own port, which is shut, beside
    result = endpoints[one.port].result
    assert isinstance(result, Seen)
    assert result.value.protocols["TLSv1.2"] is True
    (swept,) = [obs.result.value for obs in seen if obs.kind == "ports.host" and isinstance(obs.result, Seen)]
    assert {port.port for port in swept.open_ports()} == {one.port, two, three}


def test_no_port_is_asked_for_tls_twice_or_where_it_does_harm() -> None:
    def worth(*numbers: int, suspicious: str | None = None) -> list[tuple[int | None, bool]]:
        ports = tuple(Port(port=number, protocol="tcp", state="open") for number in numbers)
        host = PortsHost(
            address="192.0.2.1",
            names=(),
            ports=ports,
            scanned="T:1-65535",
            control=True,
            suspicious=suspicious,
        )
        target = Target(address="192.0.2.1")
        seen = Observation(kind=PortsHost.KIND, target=target, at=utc_now(), result=Seen(value=host))
        return [(target.port, tried) for target, tried in worth_asking([seen])]

    assert worth(22, 443, 3306, 6379, 9100, 4434) == [(443, False), (3306, False), (4434, True)]
    assert worth(443, 4434, suspicious="all-open") == [(443, False)]
    assert worth(*range(20000, 20100)) == [(number, True) for number in range(20000, 20016)]


@contextmanager
def speaking(words: bytes) -> Iterator[int]:
    """A port of loopback whose server says these words to everybody, and nothing more."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.sendall(words)
                while self.request.recv(4096):
                    pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join(20)


def test_a_host_that_only_the_consent_calls_shared_is_unseen_and_not_swept(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES + "@ A 127.0.9.1\nwww A 127.0.9.2")
    hosted = f'authority = [{{ covers = ["{DOMAIN}"], basis = "hosted" }}]'
    proof = 'document = { sha256 = "' + "a" * 64 + '" }\nproof = { method = "document" }\n'
    seen, made = look(server, consent(ports="22", proof=proof + hosted))
    assert set(unseen(seen, "ports.host").values()) == {Reason.NOT_PERMITTED}
    assert not [entry for entry in made.gateway.ledger.contacts() if entry.technique == "ports"]


def test_a_domain_without_any_address_is_not_a_clean_one(server: DnsServer) -> None:
    server.zone(DOMAIN, NAMES)
    seen, _ = look(server, consent(ports="22"))
    assert unseen(seen, "ports.host") == {DOMAIN: Reason.NO_DATA}
