"""What a survey does not look at is said, never left out: real DNS, real nmap, nothing else listening."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from posture.app.clock import utc_now
from posture.core.consent import Consent
from posture.core.observations import Observation, Reason, Unseen
from posture.core.scope import Scope
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from scanners.places import MOST_ADDRESSES, Places, find
from scanners.survey import survey
from tests.support.dns_server import SERVFAIL, DnsServer
from tests.support.papers import consent
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
