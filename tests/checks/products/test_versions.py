"""Versions as makers number them, against NVD's spans."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.checks.versions import Version, compare, holds
from posture.core.feeds import Span

NUMBERS = st.lists(st.integers(0, 999), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [
        ("2.4.6", "2.4.50"),
        ("2.4", "2.4.1"),
        ("1.0.2", "1.0.2k"),
        ("1.0.2k", "1.0.2u"),
        ("3.0.0-beta1", "3.0.0"),
        ("1.3.8rc2", "1.3.8"),
        ("9.9", "10.0"),
        ("2019.78", "2020.81"),
    ],
)
def test_order(smaller: str, greater: str) -> None:
    assert (compare(smaller, greater), compare(greater, smaller)) == (-1, 1)


@given(NUMBERS, NUMBERS, NUMBERS)
@settings(max_examples=60, deadline=None)
def test_it_is_an_order(one: str, two: str, three: str) -> None:
    assert compare(one, two) == -compare(two, one)
    assert compare(one, one + ".0") == 0
    if compare(one, two) <= 0 and compare(two, three) <= 0:
        assert compare(one, three) <= 0


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("9.2p1", Version(number="9.2", update="p1")),
        ("2.4.57", Version(number="2.4.57")),
        ("1.1.1w", Version(number="1.1.1w")),
        ("", None),
        ("latest", None),
        ("2.4.57 (Debian)", None),
        ("1.0\x1b[31m", None),
        ("1" * 5_000, None),
        ("7.4p1-hpn14v20:*", None),
    ],
)
def test_reading(text: str, read: Version | None) -> None:
    assert Version.read(text) == read


@pytest.mark.parametrize(
    ("version", "span", "held"),
    [
        ("2.4.49", {"version": "2.4.49"}, True),
        ("2.4.5", {"version": "2.4.49"}, False),
        ("2.4.51", {"version": "*", "start_including": "2.4.50", "end_excluding": "2.4.52"}, True),
        ("2.4.50", {"version": "*", "start_excluding": "2.4.50", "end_including": "2.4.52"}, False),
        ("2.4.52", {"version": "*", "start_excluding": "2.4.50", "end_including": "2.4.52"}, True),
        ("2.4.52", {"version": "*", "start_including": "2.4.50", "end_excluding": "2.4.52"}, False),
        ("2.4.52", {"version": "*"}, True),
        ("2.4.52", {"version": "-"}, False),
        ("9.2p1", {"version": "9.2", "update": "p1"}, True),
        ("9.2p1", {"version": "9.2", "update": "p2"}, False),
        ("9.2p1", {"version": "9.2", "update": "-"}, False),
        ("9.2", {"version": "9.2", "update": "-"}, True),
        ("9.2p1", {"version": "9.2"}, True),
        ("9.2p1", {"version": "*", "end_excluding": "9.3"}, True),
    ],
)
def test_what_a_span_holds(version: str, span: dict[str, Any], *, held: bool) -> None:
    read = Version.read(version)
    assert read is not None
    assert holds(Span(**span), read) is held
