"""Frozen dataclasses to JSON values and back, driven by their type hints alone.

Tuples become lists, mappings objects, enumerations their value, times RFC 3339 in UTC with Z,
bytes base64. `decode` is strict: a wrong type, a missing field, a time without offset or a number that
is not finite raises ValueError with its path.
"""

import base64
import dataclasses
import ipaddress
import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, Union

T = TypeVar("T")
Json = Any


def encode(value: Any) -> Json:
    """Return the JSON value of a dataclass (or of anything one may hold).

    Raises ValueError for a time without offset and for a number that is not finite.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_json_name(f): encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(encode(key)): encode(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(encode(item) for item in value)
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return _plain(value)


def _plain(value: Any) -> Json:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float):
        return _finite(value, "$")
    return str(value) if isinstance(value, _AS_TEXT) else value


def decode(kind: type[T], data: Json, path: str = "$") -> T:
    """Build a `kind` from its JSON value. Raises ValueError naming the path of what does not fit."""
    return typing.cast(T, _decode(kind, data, path))


def _json_name(field: "dataclasses.Field[Any]") -> str:
    return str(field.metadata.get("json", field.name))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, data: Json, path: str) -> Any:
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _union(arguments, data, path)
    if origin is tuple:
        return _tuple(arguments, data, path)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        entries = _expect(dict, data, path)
        return {
            _decode(arguments[0], k, path): _decode(arguments[1], v, f"{path}.{k}")
            for k, v in entries.items()
        }
    if origin is frozenset:
        return frozenset(_decode(arguments[0], item, path) for item in _expect(list, data, path))
    if kind is Any:
        return data
    if dataclasses.is_dataclass(kind):
        return _dataclass(typing.cast(type, kind), data, path)
    return _scalar(kind, data, path)


def _dataclass(kind: type, data: Json, path: str) -> Any:
    entries = _expect(dict, data, path)
    arguments = {}
    for field in dataclasses.fields(kind):
        name = _json_name(field)
        if name in entries:
            arguments[field.name] = _decode(_hints(kind)[field.name], entries[name], f"{path}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{path}.{name} is missing")
    return kind(**arguments)


def _union(kinds: tuple[Any, ...], data: Json, path: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    problems = []
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _decode(kind, data, path)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError("; ".join(problems) or f"{path} may not be null")


def _tuple(kinds: tuple[Any, ...], data: Json, path: str) -> Any:
    items = _expect(list, data, path)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decode(kinds[0], item, f"{path}[{n}]") for n, item in enumerate(items))
    if len(kinds) != len(items):
        raise ValueError(f"{path} holds {len(items)} items, not {len(kinds)}")
    return tuple(
        _decode(kind, item, f"{path}[{n}]") for n, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} carries no offset")
    precision = "microseconds" if value.microsecond else "seconds"
    return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _scalar(kind: Any, data: Json, path: str) -> Any:
    if kind is float:
        return _finite(float(_expect((int, float), data, path)), path)
    if kind in (str, int, bool):
        return _expect(kind, data, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _named(kind, data, path)
    if kind not in _WRITTEN:
        raise ValueError(f"{path}: no way to read a {kind}")
    return _named(_WRITTEN[kind], _expect(str, data, path), path)


def _named(read: Callable[[Any], Any], data: Json, path: str) -> Any:
    """What `read` makes of the data; its complaint gets the path."""
    try:
        return read(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _finite(number: float, path: str) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{path} holds {number}, which JSON has no word for")
    return number


def _read_instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text} carries no offset")
    return value


_AS_TEXT = (
    date,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)
#: How what is written as a string is read back.
_WRITTEN: Mapping[Any, Callable[[str], Any]] = {
    datetime: _read_instant,
    date: date.fromisoformat,
    bytes: partial(base64.b64decode, validate=True),
    ipaddress.IPv4Address: ipaddress.IPv4Address,
    ipaddress.IPv6Address: ipaddress.IPv6Address,
    ipaddress.IPv4Network: ipaddress.IPv4Network,
    ipaddress.IPv6Network: ipaddress.IPv6Network,
}


def _expect(kind: Any, data: Json, path: str) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise ValueError(f"{path} holds a {type(data).__name__}")
    return data
