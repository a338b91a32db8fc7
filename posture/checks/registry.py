"""Finds the checks and reads their cards. No list is kept: a check is a place."""

import hashlib
import importlib
import inspect
import pkgutil
import tomllib
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from posture import checks
from posture.checks import tables
from posture.core.catalogue import Card, Catalogue, Language, Reference, Wording
from posture.core.findings import Severity, Verdict

_ROOT = Path(__file__).parent
_COMMON = _ROOT / "common.toml"

Judge = Callable[[Any], Iterator[Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A judge with its card. The kind it reads is the fact class its parameter is annotated with."""

    card: Card
    judge: Judge


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check, ordered by path."""
    return tuple(_load(path) for path in sorted(_paths()))


def area_checks(area: str) -> tuple[Check, ...]:
    """The checks of one area, which read kinds of its scanner alone; the others are not loaded."""
    return tuple(_load(path) for path in sorted(_paths()) if path.startswith(f"{area}/"))


@cache
def catalogue() -> Catalogue:
    """Cards of every check, with a digest over what is no code: all card files and the judges' tables."""
    cards = {check.card.check: check.card for check in all_checks()}
    digest = hashlib.sha256()
    for path in (*(_ROOT / f"{name}.toml" for name in sorted(cards)), _COMMON):
        digest.update(path.read_bytes())
    digest.update(tables.digest())
    common = tomllib.loads(_COMMON.read_text(encoding="utf-8"))
    shared = {language: _texts(common[language.value]) for language in Language}
    reasons = {language: dict(common[language.value]["reasons"]) for language in Language}
    return Catalogue(cards=cards, common=shared, reasons=reasons, digest=digest.hexdigest())


def _paths() -> Iterator[str]:
    for area in pkgutil.iter_modules(checks.__path__):
        if area.ispkg:
            for module in pkgutil.iter_modules([str(_ROOT / area.name)]):
                yield f"{area.name}/{module.name}"


def _load(path: str) -> Check:
    module = importlib.import_module("posture.checks." + path.replace("/", "."))
    judge: Judge = module.judge
    document = tomllib.loads((_ROOT / f"{path}.toml").read_text(encoding="utf-8"))
    return Check(card=_card(path, _kind_read(judge), document), judge=judge)


def _kind_read(judge: Judge) -> str:
    hints = typing.get_type_hints(judge)
    (parameter,) = inspect.signature(judge).parameters
    return str(vars(hints[parameter])["KIND"])


def _card(path: str, kind: str, document: Mapping[str, Any]) -> Card:
    return Card(
        check=path,
        version=document["version"],
        reads=kind,
        references=tuple(Reference(**entry) for entry in document["references"]),
        severities={name: Severity(level) for name, level in document["messages"].items()},
        wordings={language: _wording(document[language.value]) for language in Language},
    )


def _texts(section: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, text in section.items() if isinstance(text, str)}


def _wording(entry: Mapping[str, Any]) -> Wording:
    return Wording(
        title=entry["title"],
        why=entry["why"],
        fix=entry["fix"],
        messages=dict(entry["messages"]),
    )
