"""The whole area: every kind is answered for, whatever the network does."""

import re

import pytest

from posture.core.observations import Seen
from scanners import mail
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, lab_context
from tests.support.dns_server import DnsServer

ZONE = '@ MX 10 mx\nmx A 127.0.0.25\n@ TXT "v=spf1 mx -all"\n_dmarc TXT "v=DMARC1; p=reject"\n'


def test_every_question_is_answered() -> None:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE)
        context = lab_context(server)
        found = ask(context, lambda c: mail.probe(c, "example.jp"))
    own = [obs for obs in found if obs.kind in mail.KINDS]
    assert {obs.kind for obs in own} == set(mail.KINDS)
    assert {obs.target.name for obs in own} == {"example.jp"}
    assert all(isinstance(obs.result, Seen) for obs in own)
    (met,) = [obs for obs in found if obs not in own]
    assert (met.kind, met.target.address, met.target.port) == ("tls.endpoint", "127.0.0.25", 25)
    assert context.faults == []


@pytest.mark.parametrize(
    "behaviour", [misbehave.SILENT, misbehave.SERVFAIL, misbehave.REFUSED, misbehave.GARBAGE]
)
def test_nothing_is_seen_through_a_broken_resolver(behaviour: misbehave.Behaviour) -> None:
    with DnsServer(recursive=True) as server:
        server.behave(behaviour)
        context = lab_context(server, timeout=0.5)
        found = ask(context, lambda c: mail.probe(c, "example.jp"))
    told = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    assert {fact.status for fact in told} == {"temperror"}
    assert {obs.kind for obs in found} == set(mail.KINDS)
    assert context.faults == []


def test_evidence_is_the_same_until_an_answer_changes() -> None:
    found = []
    for zone in (ZONE, ZONE, ZONE.replace("p=reject", "p=none")):
        with DnsServer(recursive=True) as server:
            server.zone("example.jp", zone)
            seen = ask(lab_context(server), lambda c: mail.scan(c, "example.jp"))
        found.append({obs.kind: obs.evidence for obs in seen})
    first, again, changed = found
    assert first == again
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for (digest,) in first.values())
    assert [kind for kind in first if first[kind] != changed[kind]] == ["mail.dmarc", "mail.bimi"]
