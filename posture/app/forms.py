"""Fits what a TOML file says into a msgspec Struct, strictly, and says of a misfit where it is.

No value is coerced: a text is no date and true is no 1, only a whole number stands for a fraction. A field
that the form does not have is a misfit: misspelt in a consent it could be an exclusion.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self, TypeVar

from msgspec import Struct, ValidationError, convert, inspect

from posture.core.errors import PostureError

F = TypeVar("F", bound=Struct)
Toml = Any

# msgspec ends a message with the place, but does not name the key of a mapping: `$.covers[...].limit`.
_PLACE = re.compile(r" - at (`key` in )?`\$([\w.\[\]]*)`\Z")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`\Z")
_ANY_KEY = "..."
#: msgspec's names of types (those of JSON) in the words of somebody who writes TOML.
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text in quotes",
    "array": "a list",
    "object": "a table",
    "date": "a date",
    "datetime": "a date with time",
    "time": "a time",
}


class Misfit(Exception):  # a value that does not fit, not a failure of ours
    """The first thing that does not fit: the field ("" for the whole) and what is wrong with it."""

    def __init__(self, field: str, problem: str, *, unknown: bool = False) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem
        self.unknown = unknown


class Checked(str):
    """A text that `check` accepts, in the spelling that it gives; a form's field may be of such a type."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError saying what is wrong."""
        try:
            return cls(cls.check(text))
        except PostureError as error:
            raise ValueError(f"{error.message} {error.remedy}") from None

    @staticmethod
    def check(text: str) -> str:
        """Return the text, or its one spelling. Raises PostureError or ValueError."""
        raise NotImplementedError


def fit(form: type[F], data: Mapping[str, Any], *, further: bool = False) -> F:
    """Build the form from parsed TOML; `further` allows more fields at the top. Raises Misfit."""
    try:
        filled = _convert(form, data)
    except ValidationError as error:
        raise _misfit(form, data, str(error)) from None
    for path, known in _unknown(filled, data, ()):
        if len(path) > 1 or not further:
            raise Misfit(".".join(path), _unknown_field(path[-1], known), unknown=True)
    return filled


def _convert(form: type[F], data: Mapping[str, Any]) -> F:
    return convert(data, form, strict=True, builtin_types=(date, datetime), dec_hook=_checked)


def _checked(kind: type[Any], value: object) -> Checked:
    if not issubclass(kind, Checked):
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise TypeError(f"should be {_WORDS['str']}")
    return kind.read(value)


def _unknown(
    filled: object, data: Toml, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
    """Fields in the data that their form does not have, each with those it has."""
    for name, part, given in _parts(filled, data):
        yield from _unknown(part, given, (*path, name))
    if isinstance(filled, Struct):
        known = filled.__struct_encode_fields__
        yield from (((*path, name), known) for name in data if name not in known)


def _parts(filled: object, data: Toml) -> Iterator[tuple[str, object, Toml]]:
    """What a form, a list or a mapping was made of: name, the part made, the part given."""
    if isinstance(filled, Struct):
        names = zip(filled.__struct_fields__, filled.__struct_encode_fields__, strict=True)
        yield from ((name, getattr(filled, own), data[name]) for own, name in names if name in data)
    elif isinstance(filled, tuple):
        yield from ((str(n), *both) for n, both in enumerate(zip(filled, data, strict=True)))
    elif isinstance(filled, dict):
        yield from ((str(name), filled[name], data[name]) for name in filled)


def _unknown_field(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    meant = get_close_matches(name, known, n=1)
    return "there is no such field" + (f" (is “{meant[0]}” meant?)" if meant else "")


def _misfit(form: type[Struct], data: Mapping[str, Any], message: str) -> Misfit:
    path = _path(form, data, message)
    problem = _PLACE.sub("", message)
    if missing := _MISSING.match(problem):
        return Misfit(".".join([*path, missing[1]]), "it is missing")
    if problem.startswith("Invalid enum value"):
        *others, last = _choices(inspect.type_info(form), path)
        problem = f"should be {', '.join(others)} or {last}" if others else f"should be “{last}”"
    return Misfit(".".join(path), _plain(problem))


def _plain(problem: str) -> str:
    """Say msgspec's “Expected `int | null`, got `str`” in words; what our own checks say stays as it is."""
    if not problem.startswith("Expected `"):
        return problem.rstrip(".")
    problem = problem.replace(" | null`", "`").replace("a timezone component", "an offset such as +09:00")
    problem = problem.replace("Expected", "should be").replace(", got", ", not")
    words = re.sub(r"`(\w+)`", lambda found: _WORDS.get(found[1], found[1]), problem)
    return words.replace(", not a number", ", not a decimal number")


def _path(form: type[Struct], data: Mapping[str, Any], message: str) -> list[str]:
    """The steps to the place that a message ends with."""
    place = _PLACE.search(message)
    if place is None:
        return []
    steps = [name or item for name, item in _STEP.findall(place[2])] + [_ANY_KEY] * bool(place[1])
    for at, step in enumerate(steps):
        if step == _ANY_KEY:
            steps[at] = _key(form, data, steps[:at], message)
    return steps


def _key(form: type[Struct], data: Toml, path: Sequence[str], message: str) -> str:
    """The key of a mapping at which the message arises: it alone brings about the same message."""
    mapping = data
    for step in path:
        mapping = mapping[_index(mapping, step)]
    for key in mapping:
        try:
            _convert(form, _only(data, path, key))
        except ValidationError as error:
            if str(error) == message:
                return str(key)
    return _ANY_KEY


def _only(data: Toml, path: Sequence[str], key: str) -> Toml:
    """A copy of the data whose mapping at the path has the one key."""
    if not path:
        return {key: data[key]}
    copy, step = data.copy(), _index(data, path[0])
    copy[step] = _only(data[step], path[1:], key)
    return copy


def _index(data: Toml, step: str) -> Toml:
    return int(step) if isinstance(data, list) else step


def _choices(kind: inspect.Type, path: Sequence[str]) -> list[str]:
    """The words allowed at a path below a type: those of an enumeration or of a `Literal`."""
    if isinstance(kind, inspect.UnionType):
        return [word for part in kind.types for word in _choices(part, path)]
    if isinstance(kind, inspect.EnumType):
        return [str(item.value) for item in kind.cls]
    if isinstance(kind, inspect.LiteralType):
        return [str(value) for value in kind.values]
    if isinstance(kind, inspect.StructType) and path:
        return [w for f in kind.fields if f.encode_name == path[0] for w in _choices(f.type, path[1:])]
    if isinstance(kind, inspect.VarTupleType):
        return _choices(kind.item_type, path[1:])
    if isinstance(kind, inspect.DictType):
        return _choices(kind.value_type if path[1:] else kind.key_type, path[1:])
    return []
