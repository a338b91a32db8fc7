"""What a hostile DNS server puts on the wire is never taken for an answer, and always comes to an end."""

import asyncio
import struct
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.core.observations import Reason
from scanners.context import Context
from scanners.dns.resolver import MAX_ALIASES, ROUNDS, Answer
from scanners.dns.transport import parse
from scanners.net.failure import NetFailure
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, lab_context
from tests.support.dns_server import Asked, DnsServer, Raw, Reply

NAME = "www.example.jp"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", "www A 127.0.0.9\nother A 127.0.0.8\n")
        yield server


def asked_for(
    server: DnsServer, name: str = NAME, rdtype: str = "A", seconds: float = 0.6
) -> Answer | Reason:
    """The answer, or why there is none."""
    found = ask(lab_context(server, timeout=seconds), lambda c: c.resolver.attempt(name, rdtype))
    return found.reason if isinstance(found, NetFailure) else found


def wrong_question(asked: Asked) -> Reply:
    """A true answer, with our number, to what nobody asked."""
    other = dns.message.make_query(f"other.{NAME.partition('.')[2]}", "A", id=asked.query.id)
    return asked.server.answer(other)


def other_type(asked: Asked) -> Reply:
    other = dns.message.make_query(asked.query.question[0].name, "TXT", id=asked.query.id)
    return asked.server.answer(other)


def wrong_number(asked: Asked) -> Reply:
    wire = asked.answer().to_wire()
    return bytes([wire[0] ^ 1]) + wire[1:]


def an_echo(asked: Asked) -> Reply:
    return asked.query.to_wire()


def _question(asked: Asked) -> bytes:
    name = asked.query.question[0].name.to_wire()
    assert name is not None
    return name + struct.pack("!HH", 1, 1)


def a_pointer_to_itself(asked: Asked) -> Reply:
    """A compressed name that points to its own place (RFC 1035 §4.1.4)."""
    head = struct.pack("!HHHHHH", asked.query.id, 0x8180, 1, 1, 0, 0)
    question = _question(asked)
    here = len(head) + len(question)
    return head + question + struct.pack("!HHHIH", 0xC000 | here, 1, 1, 300, 4) + b"\x7f\x00\x00\x09"


def pointers_in_a_circle(asked: Asked) -> Reply:
    head = struct.pack("!HHHHHH", asked.query.id, 0x8180, 1, 1, 0, 0)
    return head + struct.pack("!HH", 0xC000 | 14, 0xC000 | 12) + b"\x00\x01\x00\x01" * 4


def counts_that_lie(asked: Asked) -> Reply:
    wire = bytearray(asked.answer().to_wire())
    wire[6:8] = b"\xff\xff"
    return bytes(wire)


def longer_than_it_says(asked: Asked) -> Reply:
    """An address of five octets."""
    head = struct.pack("!HHHHHH", asked.query.id, 0x8180, 1, 1, 0, 0)
    question = _question(asked)
    return head + question + struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 5) + b"\x7f\x00\x00\x09\x00"


LIES = [
    wrong_question,
    other_type,
    wrong_number,
    an_echo,
    a_pointer_to_itself,
    pointers_in_a_circle,
    counts_that_lie,
    longer_than_it_says,
]


def test_none_of_it_is_an_answer(server: DnsServer) -> None:
    """All side by side, for each is waited for to the end: the true answer might still come."""
    names = {f"n{number}.example.jp": lie for number, lie in enumerate(LIES)}
    server.zone("example.jp", "* A 127.0.0.9\nother A 127.0.0.8\n")
    for name, lie in names.items():
        server.behave(lie, name)

    async def all_of(context: Context) -> list[Answer | NetFailure]:
        return await asyncio.gather(*(context.resolver.attempt(name, "A") for name in names))

    found = ask(lab_context(server, timeout=4.0), all_of)
    told = {lie.__name__: getattr(one, "reason", one) for lie, one in zip(LIES, found, strict=True)}
    assert told == {lie.__name__: Reason.PROTOCOL_GARBAGE for lie in LIES}
    assert max(server.asked(name) for name in names) <= len(ROUNDS)


@pytest.mark.parametrize(
    "behaviour",
    [wrong_question, wrong_number, an_echo, a_pointer_to_itself, counts_that_lie],
)
def test_the_true_answer_behind_it_is_taken(server: DnsServer, behaviour: misbehave.Behaviour) -> None:
    """Whoever is quicker than the resolver wins nothing."""

    def both(asked: Asked) -> Reply:
        reply = behaviour(asked)
        false = reply.to_wire() if isinstance(reply, dns.message.Message) else reply
        assert isinstance(false, bytes)
        return [false, asked.answer().to_wire()] if asked.protocol == "udp" else asked.answer()

    server.behave(both)
    answer = asked_for(server)
    assert isinstance(answer, Answer)
    assert [record.to_text() for record in answer.records] == ["127.0.0.9"]


def test_records_of_other_names_are_not_kept(server: DnsServer) -> None:
    """What an answer says of names that were not asked for (RFC 2181 §5.4.1) changes nothing."""

    def poisoned(asked: Asked) -> Reply:
        response = asked.answer()
        lie = dns.rrset.from_text("other.example.jp.", 300, "IN", "A", "127.0.0.66")
        for section in (response.answer, response.authority, response.additional):
            section.append(lie)
        return response

    server.behave(poisoned, NAME)

    async def one_after_the_other(context: Context) -> list[str]:
        answers = [await context.resolver.query(name, "A") for name in (NAME, "other.example.jp")]
        return [record.to_text() for answer in answers for record in answer.records]

    assert ask(lab_context(server, timeout=10.0), one_after_the_other) == ["127.0.0.9", "127.0.0.8"]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", Reason.RESET),
        (b"\x01", Reason.RESET),
        (b"\x40\x00half of it", Reason.RESET),
        (b"\x00\x00", Reason.PROTOCOL_GARBAGE),
        (b"\x00\x05hello", Reason.PROTOCOL_GARBAGE),
        (b"\x00\x0c" + b"\xff" * 12, Reason.PROTOCOL_GARBAGE),
    ],
)
def test_half_a_message_over_tcp(server: DnsServer, sent: bytes, reason: Reason) -> None:
    def cut(asked: Asked) -> Reply:
        return Raw(sent) if asked.protocol == "tcp" else misbehave.TRUNCATED(asked)

    server.behave(cut)
    assert asked_for(server) is reason


def test_the_largest_message_there_is(server: DnsServer) -> None:
    """65,535 octets over TCP (RFC 7766 §8) are read whole."""
    records = "".join(f'big TXT "{number:03}{"x" * 250}"\n' for number in range(245))
    server.zone("example.jp", records)
    answer = asked_for(server, "big.example.jp", "TXT")
    assert isinstance(answer, Answer)
    assert sum(len(b"".join(record.strings)) for record in answer.of(TXT)) == 245 * 253


def test_a_chain_of_aliases_without_end(server: DnsServer) -> None:
    """Each answer is one alias to a name that was never there before."""

    def on(asked: Asked) -> Reply:
        response = dns.message.make_response(asked.query, recursion_available=True)
        owner = asked.query.question[0].name
        number = int(owner.labels[0].removeprefix(b"n") or b"0") if owner.labels[0].startswith(b"n") else 0
        response.answer.append(dns.rrset.from_text(owner, 300, "IN", "CNAME", f"n{number + 1}.example.jp."))
        return response

    server.behave(on)
    assert asked_for(server) is Reason.DNS_FAILURE
    assert server.asked() <= MAX_ALIASES + 1


REAL = [
    dns.message.make_response(dns.message.make_query("a.example.jp", kind), recursion_available=True)
    for kind in ("A", "MX", "TXT", "CAA", "DNSKEY", "NSEC3")
]
REAL[1].answer.append(dns.rrset.from_text("a.example.jp.", 300, "IN", "MX", "10 mx.example.jp."))
REAL[2].answer.append(dns.rrset.from_text("a.example.jp.", 300, "IN", "TXT", '"v=spf1 -all" ""'))
REAL[3].answer.append(dns.rrset.from_text("a.example.jp.", 300, "IN", "CAA", '0 issue "ca.example"'))
REAL[4].answer.append(dns.rrset.from_text("a.example.jp.", 300, "IN", "DNSKEY", f"257 3 13 {'A' * 88}"))
REAL[5].authority.append(
    dns.rrset.from_text("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.jp.", 300, "IN", "NSEC3",
                        "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA RRSIG")
)  # fmt: skip


@settings(max_examples=200)
@given(
    st.sampled_from(REAL).map(lambda message: message.to_wire()),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
)
def test_reading_never_fails(wire: bytes, changes: list[tuple[int, int]], length: int) -> None:
    """A message with octets changed, or cut off: read or not, but no exception of another kind."""
    spoilt = bytearray(wire)
    for place, value in changes:
        spoilt[place % len(spoilt)] = value
    for raw in (bytes(spoilt), bytes(spoilt[:length])):
        found = parse(raw)
        assert found is None or isinstance(found, dns.message.Message)


@given(st.binary(max_size=600))
def test_reading_noise_never_fails(raw: bytes) -> None:
    found = parse(raw)
    assert found is None or isinstance(found, dns.message.Message)
