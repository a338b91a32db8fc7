"""As much of JSON Schema (draft 2020-12) as the published schemas use; any other keyword is an error."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description", "then", "else"})


def problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Every place where the value does not fit; empty when it does."""
    return list(_check(schema, value, "$", schema))


def _check(schema: Mapping[str, Any], value: Any, path: str, root: Mapping[str, Any]) -> Iterator[str]:
    for keyword, expected in schema.items():
        if keyword not in _SILENT:
            yield from _keyword(keyword, expected, schema, value, path, root)


def _keyword(
    keyword: str, expected: Any, schema: Mapping[str, Any], value: Any, path: str, root: Mapping[str, Any]
) -> Iterator[str]:
    if keyword == "$ref":
        yield from _check(root["$defs"][expected.removeprefix("#/$defs/")], value, path, root)
    elif keyword in {"anyOf", "oneOf"}:
        fitting = sum(not list(_check(option, value, path, root)) for option in expected)
        if fitting == 0 or (keyword == "oneOf" and fitting > 1):
            yield f"{path}: {fitting} options fit"
    elif keyword == "if":
        branch = "else" if list(_check(expected, value, path, root)) else "then"
        yield from _check(schema[branch], value, path, root)
    elif keyword in {"properties", "required", "additionalProperties"}:
        if isinstance(value, dict):
            yield from _object(keyword, expected, schema, value, path, root)
    elif keyword == "items":
        for number, item in enumerate(value if isinstance(value, list) else ()):
            yield from _check(expected, item, f"{path}[{number}]", root)
    else:
        yield from _scalar(keyword, expected, value, path)


def _object(
    keyword: str, expected: Any, schema: Mapping[str, Any], value: Any, path: str, root: Mapping[str, Any]
) -> Iterator[str]:
    if keyword == "required":
        yield from (f"{path}.{name} is missing" for name in expected if name not in value)
    elif keyword == "properties":
        for name in expected.keys() & value.keys():
            yield from _check(expected[name], value[name], f"{path}.{name}", root)
    else:
        for name in value.keys() - schema.get("properties", {}).keys():
            if expected is False:
                yield f"{path}.{name} is not known"
            else:
                yield from _check(expected, value[name], f"{path}.{name}", root)


def _scalar(keyword: str, expected: Any, value: Any, path: str) -> Iterator[str]:
    if keyword == "type":
        fits = _TYPES[expected](value)
    elif keyword == "enum":
        fits = value in expected
    elif keyword == "const":
        fits = value == expected and type(value) is type(expected)
    elif keyword == "pattern":
        fits = not isinstance(value, str) or re.search(expected, value) is not None
    elif keyword in _BOUNDS:
        fits = not _TYPES["number"](value) or _BOUNDS[keyword](value, expected)
    else:
        raise ValueError(f"{path}: no way to check {keyword}")
    if not fits:
        yield f"{path}: {value!r} against {keyword} {expected!r}"
