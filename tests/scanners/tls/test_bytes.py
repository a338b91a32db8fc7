"""The parsers, fed with everything: what they read is right, what they cannot read is refused."""

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.tls import hello as h
from scanners.tls import legacy, registry, ssl2
from scanners.tls.ladder import Ladder
from scanners.tls.legacy import Keys, Protection
from scanners.tls.offers import offer, ordinary
from scanners.tls.records import MAX_MESSAGE, MessageReader, Record, RecordReader
from scanners.tls.schedule import Protector, Schedule
from scanners.tls.shares import generate
from scanners.tls.wire import Malformed, Reader, vector

PARSERS: list[Callable[[bytes], Any]] = [
    h.read_server_hello,
    h.read_certificates,
    h.read_certificates_13,
    h.read_status,
    ssl2.read_server_hello,
    legacy.named_group,
    legacy.dh_parameters,
    lambda data: h.read_extensions(Reader(data)),
]


@pytest.mark.parametrize("parse", PARSERS)
@given(data=st.binary(max_size=300))
def test_noise_is_read_or_refused(parse: Callable[[bytes], Any], data: bytes) -> None:
    try:
        parse(data)
    except Malformed:
        return


HELLO = (
    b"\x03\x03" + bytes(32) + b"\x20" + bytes(32) + b"\xc0\x2f\0" + vector(2, b"\xff\x01\0\1\0\0\x0b\0\2\1\0")
)
SERVER_HELLOS = [
    HELLO,
    HELLO[:73],
    b"\x03\x03" + h.RETRY_RANDOM + b"\0\x13\1\0" + vector(2, b"\0\x33\0\2\0\x1d\0\x2b\0\2\3\4"),
]


@given(data=st.data())
def test_mutated_hellos_are_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SERVER_HELLOS)))
    for _ in range(data.draw(st.integers(0, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    try:
        found = h.read_server_hello(bytes(raw[:cut]))
        _ = found.share, found.is_retry
    except Malformed:
        return
    assert found.version in registry.PROTOCOL_NAMES


def test_hellos_say_what_they_mean() -> None:
    found = h.read_server_hello(SERVER_HELLOS[0])
    assert (found.version, found.suite, found.is_retry, found.share) == (0x0303, 0xC02F, False, None)
    assert found.extensions == {0xFF01: b"\0", 11: b"\1\0"}
    retry = h.read_server_hello(SERVER_HELLOS[2])
    assert (retry.version, retry.suite, retry.is_retry, retry.share) == (0x0304, 0x1301, True, (29, b""))


@given(stream=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_records_do_not_depend_on_how_they_arrive(stream: bytes, cuts: list[int]) -> None:
    assert _records([stream]) == _records(_pieces(stream, cuts))


def _pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[a:b] for a, b in pairwise(places)]


def _records(pieces: list[bytes]) -> tuple[list[Record], bool]:
    reader, found = RecordReader(), []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (record := reader.next()) is not None:
                found.append(record)
    except Malformed:
        return found, False
    return found, True


@given(bodies=st.lists(st.binary(max_size=60), max_size=6), size=st.integers(1, 50))
def test_messages_are_joined_from_fragments(bodies: list[bytes], size: int) -> None:
    stream = b"".join(bytes([11]) + vector(3, body) for body in bodies)
    reader, found = MessageReader(), []
    for at in range(0, len(stream), size):
        reader.feed(stream[at : at + size])
        while (message := reader.next()) is not None:
            found.append(message[1])
    assert found == bodies


def test_a_message_too_long_is_refused_before_it_is_kept() -> None:
    reader = MessageReader()
    reader.feed(b"\x0b" + (MAX_MESSAGE + 1).to_bytes(3, "big"))
    with pytest.raises(Malformed):
        reader.next()


@pytest.mark.parametrize("version", [registry.TLS10, registry.TLS11, registry.TLS12])
@pytest.mark.parametrize("suite", [0x002F, 0x0035, 0x000A, 0x003C, 0x009C, 0x009D, 0xCCA8])
def test_what_is_sealed_opens_again_and_nothing_else(version: int, suite: int) -> None:
    kind = legacy.shape(suite)
    assert kind is not None
    if version < registry.TLS12 and not kind.is_cbc:
        return
    keys, _ = legacy.key_block(kind, version, os.urandom(48), os.urandom(64))
    sender, receiver = Protection(kind, version, keys), Protection(kind, version, keys)
    for text in (b"", b"one", bytes(1000)):
        assert receiver.open(sender.seal(23, text)).body == text
    spoilt = sender.seal(23, b"four")
    body = bytearray(spoilt.body)
    body[-1] ^= 1
    with pytest.raises(Malformed):
        receiver.open(Record(kind=23, version=version, body=bytes(body)))


@given(body=st.binary(max_size=100))
def test_protected_noise_never_opens(body: bytes) -> None:
    kind = legacy.shape(0x002F)
    assert kind is not None
    for keys in (Keys(mac=bytes(20), key=bytes(16), iv=bytes(16)),):
        with pytest.raises(Malformed):
            Protection(kind, registry.TLS12, keys).open(Record(kind=23, version=0x0303, body=body))
    schedule = Schedule(0x1301)
    _, server = schedule.agreed(bytes(32))
    opener = schedule.protector(server)
    assert isinstance(opener, Protector)
    with pytest.raises(Malformed):
        opener.open(Record(kind=23, version=0x0303, body=body))


@pytest.mark.parametrize("group", [23, 24, 25, 29, 30, 31, 32, 33, 256, 257])
def test_shares_agree(group: int) -> None:
    one, two = generate(group), generate(group)
    assert one is not None
    assert two is not None
    assert one.agree(two.public) == two.agree(one.public)


@given(peer=st.binary(max_size=1300))
def test_bad_shares_are_refused(peer: bytes) -> None:
    for group in (23, 29, 256, 4588, 4587):
        share = generate(group)
        assert share is not None
        try:
            share.agree(peer)
        except Malformed:
            continue
        assert len(peer) in {32, 65, 256, 1120}


def test_our_hellos_avoid_the_sizes_that_old_devices_swallow() -> None:
    for hello in (
        ordinary("www.example.com", []),
        offer(0x0303, "a.example", [0x2F]),
        offer(0x0301, None, [5]),
    ):
        assert len(hello.message()) not in range(256, 512)


@given(
    order=st.permutations(registry.usual_order(0x0303)[:30]), size=st.integers(0, 30), width=st.integers(1, 6)
)
def test_a_ladder_finds_every_order(order: list[int], size: int, width: int) -> None:
    """Whatever the order, and however late answers come, it is found, with few questions too many."""
    real = order[:size]
    waiting: list[frozenset[int]] = []
    ladder, asked = Ladder(registry.usual_order(0x0303)), 0
    while not ladder.whole:
        while len(waiting) < ladder.width and (question := ladder.question(waiting)) is not None:
            waiting.append(question)
            asked += 1
        for left_out in [waiting.pop() for _ in range(min(width, len(waiting)))]:
            ladder.learn(left_out, next((suite for suite in real if suite not in left_out), None))
    assert ladder.found == real
    assert asked <= 3 * size + 8
