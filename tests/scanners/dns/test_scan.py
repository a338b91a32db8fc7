"""The whole area: every kind is answered for, whatever the network does."""

import re
from dataclasses import replace
from typing import Any

import pytest

from posture.core.facts.dns_dangling import DnsDangling
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners import dns
from scanners.context import Context
from tests.support import dns_server as misbehave
from tests.support import tls_facts
from tests.support.dns_lab import NOW, ask, lab_consent, lab_context
from tests.support.dns_server import DnsServer

ZONE = "@ NS ns1\n@ NS ns2\n@ A 127.0.0.1\nns1 A 127.0.0.1\nns2 A 127.0.0.2\n"


def test_every_question_is_answered_and_www_may_not_exist() -> None:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE)
        routes = [f"ns{i}.example.jp:53=127.0.0.1:{server.port}" for i in (1, 2)]
        context = lab_context(server, routes=routes)
        found = ask(context, lambda c: dns.scan(c, "example.jp"))
    assert [(obs.kind, obs.target.name) for obs in found] == [
        ("dns.addresses", "example.jp"),
        ("dns.addresses", "www.example.jp"),
        ("dns.zone", "example.jp"),
        ("dnssec.chain", "example.jp"),
        ("dns.caa", "example.jp"),
        ("dns.dangling", "example.jp"),
    ]
    assert {obs.kind for obs in found} == set(dns.KINDS)
    values = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    assert len(values) == 6
    assert (values[0].ipv4, values[1].exists) == (("127.0.0.1",), False)
    assert context.faults == []


@pytest.mark.parametrize(
    "behaviour", [misbehave.SILENT, misbehave.SERVFAIL, misbehave.REFUSED, misbehave.GARBAGE]
)
def test_nothing_is_seen_through_a_broken_resolver(behaviour: misbehave.Behaviour) -> None:
    with DnsServer(recursive=True) as server:
        server.behave(behaviour)
        context = lab_context(server, timeout=0.5)
        found = ask(context, lambda c: dns.scan(c, "example.jp"))
    chain = next(obs for obs in found if obs.kind == "dnssec.chain")
    assert isinstance(chain.result, Seen)
    assert chain.result.value.status == "indeterminate"
    assert not any(isinstance(obs.result, Seen) for obs in found if obs is not chain)
    assert context.faults == []


def test_the_ledger_has_every_server() -> None:
    with DnsServer(recursive=True) as server, DnsServer(address="127.0.0.2") as second:
        for each in (server, second):
            each.zone("example.jp", ZONE)
        routes = [
            f"ns1.example.jp:53=127.0.0.1:{server.port}",
            f"ns2.example.jp:53=127.0.0.2:{second.port}",
        ]
        context = lab_context(server, routes=routes)
        ask(context, lambda c: dns.scan(c, "example.jp"))
        contacts = context.gateway.ledger.contacts()
        queries = sum(contact.connections for contact in contacts)
        asked = server.asked() + second.asked()
    assert {(contact.address, contact.why) for contact in contacts} == {
        ("127.0.0.1", "resolver"),
        ("127.0.0.1", "name-server"),
        ("127.0.0.2", "name-server"),
    }
    assert queries == asked


def test_evidence_is_the_same_until_an_answer_changes() -> None:
    found = []
    for zone in (ZONE, ZONE, ZONE + '@ CAA 0 issue "ca.example"\n'):
        with DnsServer(recursive=True) as server:
            server.zone("example.jp", zone)
            context = lab_context(server)
            seen = ask(context, lambda c: dns.scan(c, "example.jp"))
        found.append({(obs.kind, obs.target.name): obs.evidence for obs in seen})
    first, again, changed = found
    assert first == again
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for (digest,) in first.values())
    assert {kind for kind, _ in first if first[kind, _] != changed[kind, _]} == {"dns.caa"}


def test_names_in_certificates_are_looked_for_too() -> None:
    """A subdomain that only a certificate shows, gone at a service anybody can claim."""
    consent = replace(lab_consent(), excluded_names=("hidden.example.jp",))
    shown = ("*.example.jp", "Old.example.jp", "hidden.example.jp", "other.example.net", "www.example.jp")
    with DnsServer(recursive=True) as server:
        server.zone(
            "example.jp", ZONE + "old CNAME x.azurewebsites.net.\nhidden CNAME y.azurewebsites.net.\n"
        )
        context = lab_context(server, consent=consent)
        endpoint = tls_facts.endpoint(certificates=(tls_facts.certificate(names=shown),))
        served = Observation(
            kind="tls.endpoint", target=Target(name="www.example.jp"), at=NOW, result=Seen(value=endpoint)
        )

        async def both(c: Context) -> list[Observation[Any]]:
            return await dns.completed(c, "example.jp", [*await dns.scan(c, "example.jp"), served])

        found = ask(context, both)
        asked = server.asked("www.example.jp", "A")
    values = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    (names,) = [value for value in values if isinstance(value, DnsDangling)]
    assert [(p.name, p.claimable) for p in names.pointers if p.rdtype == "CNAME"] == [
        ("old.example.jp", "Azure App Service")
    ]
    assert "hidden.example.jp" not in names.names_checked
    assert asked == 1
    assert [obs.kind for obs in found] == [*(obs.kind for obs in found[:-1]), "tls.endpoint"]
