"""JSON and back: every fact survives it, and nothing malformed gets in."""

import ipaddress
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.core import codec
from posture.core.facts import fact_classes
from posture.core.findings import Argument

# Instants carry an offset everywhere in this project. One zone, for times in the hour that a clock is put
# back do not equal themselves in another.
FIRST, LAST = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - bounds of clock faces
st.register_type_strategy(datetime, st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
#: Facts hold finite numbers; what JSON has no word for is refused, which has a test of its own.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: int
    text: str = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    at: datetime
    day: date
    raw: bytes
    colour: Colour
    ratio: float
    flag: bool
    inner: Inner
    names: tuple[str, ...]
    pair: tuple[int, str]
    table: Mapping[str, Inner | None]
    by_colour: Mapping[Colour, int]
    some: frozenset[str]
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    argument: Argument
    renamed: int = field(default=0, metadata={"json": "new-name"})


def good() -> dict[str, Any]:
    return {
        "at": "2026-12-01T00:00:00+09:00",
        "day": "2026-12-01",
        "raw": "AAE=",
        "colour": "red",
        "ratio": 1,
        "flag": True,
        "inner": {"number": 1},
        "names": ["a", "b"],
        "pair": [1, "x"],
        "table": {"k": None, "l": {"number": 2, "text": "y"}},
        "by_colour": {"red": 1},
        "some": ["b", "a"],
        "network": "2001:db8::/32",
        "argument": ["s1", "s2"],
        "new-name": 7,
    }


def test_a_document_is_read_into_its_types() -> None:
    read = codec.decode(Sample, good())
    assert read == Sample(
        at=datetime(2026, 11, 30, 15, tzinfo=UTC),
        day=date(2026, 12, 1),
        raw=b"\x00\x01",
        colour=Colour.RED,
        ratio=1.0,
        flag=True,
        inner=Inner(number=1),
        names=("a", "b"),
        pair=(1, "x"),
        table={"k": None, "l": Inner(number=2, text="y")},
        by_colour={Colour.RED: 1},
        some=frozenset({"a", "b"}),
        network=ipaddress.IPv6Network("2001:db8::/32"),
        argument=("s1", "s2"),
        renamed=7,
    )


def test_writing_gives_one_form() -> None:
    written = codec.encode(codec.decode(Sample, good()))
    assert written["at"] == "2026-11-30T15:00:00Z"
    assert written["some"] == ["a", "b"]
    assert written["new-name"] == 7
    assert codec.encode(codec.decode(Sample, json.loads(json.dumps(written)))) == written


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("at", "2026-12-01T00:00:00", "$.at"),
        ("at", "2026-12-01", "$.at"),
        ("at", "yesterday", "$.at"),
        ("at", 1764514800, "$.at"),
        ("day", "2026-13-01", "$.day"),
        ("raw", "not base64!", "$.raw"),
        ("colour", "blue", "$.colour"),
        ("colour", ["red"], "$.colour"),
        ("ratio", "1", "$.ratio"),
        ("ratio", True, "$.ratio"),
        ("ratio", math.inf, "$.ratio"),
        ("ratio", math.nan, "$.ratio"),
        ("flag", 1, "$.flag"),
        ("flag", None, "$.flag"),
        ("inner", {"text": "x"}, "$.inner.number"),
        ("inner", {"number": True}, "$.inner.number"),
        ("inner", [], "$.inner"),
        ("names", "ab", "$.names"),
        ("names", ["a", 1], "$.names[1]"),
        ("pair", [1], "$.pair"),
        ("pair", [1, "x", 2], "$.pair"),
        ("table", {"k": {"number": "1"}}, "$.table.k.number"),
        ("by_colour", {"blue": 1}, "$.by_colour"),
        ("network", "203.0.113.1/24", "$.network"),
        ("argument", {"a": 1}, "$.argument"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(name: str, value: object, path: str) -> None:
    with pytest.raises(ValueError, match=r"^\$") as caught:
        codec.decode(Sample, good() | {name: value})
    assert path in str(caught.value)


@pytest.mark.parametrize("name", [name for name in good() if name != "new-name"])
def test_what_is_missing_is_named(name: str) -> None:
    document = good()
    del document[name]
    with pytest.raises(ValueError, match=rf"\$\.{name} is missing"):
        codec.decode(Sample, document)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_json_has_no_word_for_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="no word"):
        codec.encode({"a": (value,)})


def test_a_time_without_offset_is_not_written() -> None:
    with pytest.raises(ValueError, match="no offset"):
        codec.encode(datetime(2026, 12, 1))  # noqa: DTZ001 - the point


@given(st.datetimes(FIRST, LAST), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_instant_afterwards(naive: datetime, minutes: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    written = codec.encode(instant)
    assert written.endswith("Z")
    assert codec.decode(datetime, written) == instant


@given(st.from_type(Argument))  # type: ignore[arg-type] # a union is a type to hypothesis
def test_arguments_keep_their_type(value: Argument) -> None:
    try:
        written = json.loads(json.dumps(codec.encode(value)))
    except ValueError:
        assert isinstance(value, float)
        assert not math.isfinite(value)
        return
    read: Argument = codec.decode(Argument, written)  # type: ignore[arg-type] # the same
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("kind", sorted(fact_classes()))
@settings(max_examples=30)
@given(data=st.data())
def test_every_fact_survives_json(kind: str, data: st.DataObject) -> None:
    value = data.draw(st.from_type(fact_classes()[kind]))
    document = codec.encode(value)
    again = codec.decode(fact_classes()[kind], json.loads(json.dumps(document)))
    assert again == value
    assert codec.encode(again) == document


def test_every_kind_is_found_and_named_after_its_module() -> None:
    assert {"web.response", "ports.host", "tls.endpoint", "dns.zone"} <= set(fact_classes())
    for kind, fact in fact_classes().items():
        assert fact.__module__.rpartition(".")[2] == kind.replace(".", "_")
