"""Writes the JSON Schemas of the desk's documents from the types they are made of: `make docs`.

With --check it writes nothing and fails when a schema is not what it would write. `posture.core.codec` is the
other reader of these types: what it encodes is what is described here.
"""

import dataclasses
import json
import sys
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, Union

from posture.core import ledger
from posture.core.decisions import Declared, Subjectivity
from posture.core.desk import events
from posture.core.desk.quote import Required, State, Version
from posture.core.findings import Finding
from posture.core.targets import Address, Network
from reports.delta import GROUPS
from reports.schema import DESK

FOLDER = Path(__file__).parents[1] / "reports" / "schema"
Schema = dict[str, Any]

_TIME: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$"
_DAY: Final = r"^\d{4}-\d{2}-\d{2}$"
_PLAIN: Final[Mapping[Any, Schema]] = {
    str: {"type": "string"},
    bytes: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "pattern": _TIME},
    date: {"type": "string", "pattern": _DAY},
    Address: {"type": "string"},
    Network: {"type": "string"},
    Any: {},
}


class Book:
    """Definitions of dataclasses and enumerations, each described once."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:  # noqa: ANN401 - any type, as it was written
        """The schema of a type that `codec.encode` writes."""
        try:
            if kind in _PLAIN:
                return dict(_PLAIN[kind])
        except TypeError:
            pass
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        if origin in (tuple, frozenset, list):
            return {"type": "array", "items": self.of(arguments[0])}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return self._named(kind)

    def _named(self, kind: type) -> Schema:
        name = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = self._enumeration(kind) if issubclass(kind, Enum) else self._dataclass(kind)
        return {"$ref": f"#/$defs/{name}"}

    def _enumeration(self, kind: type[Enum]) -> Schema:
        return {"enum": [member.value for member in kind]}

    def _dataclass(self, kind: type) -> Schema:
        hints = typing.get_type_hints(kind)
        fields = {
            str(field.metadata.get("json", field.name)): self.of(hints[field.name])
            for field in dataclasses.fields(kind)
        }
        return strict(fields)


def strict(fields: Mapping[str, Schema]) -> Schema:
    """An object with these fields and no other."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": sorted(fields),
        "additionalProperties": False,
    }


def _listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _with(book: Book, kind: type, **more: Schema) -> Schema:
    """A dataclass with further fields beside its own."""
    return strict({**book._dataclass(kind)["properties"], **more})  # noqa: SLF001 - of this file


TEXT, FLAG, COUNT = _PLAIN[str], _PLAIN[bool], _PLAIN[int]
MAYBE: Schema = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def _case(book: Book) -> Schema:
    closing = {"status": {"enum": ["open", "closed"]}, "closed": MAYBE}
    return strict(
        {
            **dict.fromkeys(("case", "domain", "applicant", "requester"), TEXT),
            **dict.fromkeys(("quote", "taken_by", "approved_by", "signed_by"), MAYBE),
            **dict.fromkeys(("questions", "overdue", "disputed", "reasons"), _listed(TEXT)),
            "state": book.of(State),
            "since": book.of(datetime | None),
            "required": book.of(Required),
            "subjectivities": _listed(_with(book, Subjectivity, **closing)),
            "versions": _listed(book.of(Version)),
            "history": _listed(book.of(events.Event)),
        }
    )


def _cases(book: Book) -> Schema:
    line = strict(
        {
            **dict.fromkeys(("case", "applicant", "domain", "tier"), TEXT),
            **dict.fromkeys(("quote", "taken_by", "approved_by", "currency"), MAYBE),
            "state": book.of(State),
            "required": book.of(Required),
            "reasons": _listed(TEXT),
            "age_days": COUNT,
            "limit": book.of(int | None),
        }
    )
    return {"oneOf": [strict({name: _listed(line)}) for name in ("cases", "referrals")]}


def _quotes(book: Book) -> Schema:
    version, history = book.of(Version), _listed(book.of(events.Event))
    return {
        "oneOf": [
            strict({"case": TEXT, "history": history}),
            strict({"case": TEXT, "versions": _listed(version)}),
            strict({"quote": TEXT, "same": FLAG, "changed": _listed(TEXT), "version": version}),
        ]
    }


def _declared(book: Book) -> Schema:
    answer = _with(book, Declared, said=book.of(events.Event | None))
    return strict({"case": TEXT, "answers": _listed(answer), "not_answered": _listed(TEXT)})


def _questionnaire(book: Book) -> Schema:
    question = {"question": book.of(Mapping[str, str]), "checks": _listed(TEXT), "touched_by": _listed(TEXT)}
    return strict({"items": _listed(strict({"item": TEXT, **question}))})


def _noted(book: Book) -> Schema:
    return strict(
        {
            "finding": book.of(Finding),
            "standing": _with(book, ledger.Standing, waived=FLAG),
            "history": _listed(book.of(ledger.Event)),
        }
    )


def _findings(book: Book) -> Schema:
    head = {"assessment": TEXT, "domain": TEXT, "at": book.of(datetime), "elsewhere": _listed(TEXT)}
    return {"oneOf": [strict({**head, "findings": _listed(_noted(book))}), _noted(book)]}


def _renewals(book: Book) -> Schema:
    head = {"policy": TEXT, "domain": TEXT}
    standing = strict({"tier": TEXT, "action": TEXT, "premium": book.of(int | None), "currency": TEXT})
    changes = strict(dict.fromkeys(GROUPS, _listed(book.of(Finding))))
    done = {
        "assessed": {"const": True},
        "assessment": TEXT,
        "before": {"anyOf": [standing, {"type": "null"}]},
        "after": standing,
        "changes": {"anyOf": [changes, {"type": "null"}]},
    }
    refused = {"assessed": {"const": False}, **dict.fromkeys(("code", "message", "remedy"), TEXT)}
    due = strict(
        {
            **head,
            "applicant": TEXT,
            "renewal_date": book.of(date),
            "consent_until": TEXT,
            "consent": {"enum": ["valid", "expired"]},
        }
    )
    results = {"oneOf": [strict({**head, **done}), strict({**head, **refused})]}
    return {"oneOf": [strict({"due": _listed(due)}), strict({"renewals": _listed(results)})]}


#: What prints each document, and how it is described.
_MADE = {
    "case": ("A case of the underwriter's desk: `posture quote`, `quotes`, `referrals` --json", _case),
    "cases": ("Cases in a list: `posture quotes list`, `posture referrals list` --json", _cases),
    "quotes": (
        "History, versions or replay of a quote: `posture quotes history|compare|replay` --json",
        _quotes,
    ),
    "declared": ("Answers beside observations: `posture declared show` --json", _declared),
    "questionnaire": ("What an application may answer: `posture declared items` --json", _questionnaire),
    "ledger": ("What was said of findings: `posture findings` --json", _findings),
    "renewals": ("What falls due and what was assessed again: `posture renewals due|run` --json", _renewals),
}


def schema(name: str) -> Schema:
    """The published schema of a document of the desk."""
    about, make = _MADE[name]
    book = Book()
    made = make(book)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://posture-underwriting.invalid/schema/{name}.json",
        "title": name,
        "description": about,
        **made,
        "$defs": dict(sorted(book.defs.items())),
    }


def written(name: str) -> str:
    """The file of a schema."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write or check."""
    stale = [name for name in DESK if not _fits(name)]
    for name in stale:
        if "--check" in sys.argv:
            print(f"reports/schema/{name}.json is not what its types say: run `make docs`.")
        else:
            (FOLDER / f"{name}.json").write_text(written(name), encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


def _fits(name: str) -> bool:
    path = FOLDER / f"{name}.json"
    return path.is_file() and path.read_text(encoding="utf-8") == written(name)


if __name__ == "__main__":
    sys.exit(main())
