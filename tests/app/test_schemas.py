"""What the desk's commands print fits the published schemas, and nothing that is not in them does."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports import schema
from scripts import make_schemas
from tests.support.desk import ASKER, SENIOR, WHY, Office, exposed, ordinary, quote, referral, step
from tests.support.json_schema import problems


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


def printed(office: Office, folder: Path) -> Iterator[tuple[str, Any]]:
    """Every kind of document, from a case that went some way; `Office.run` has looked at each already."""
    referred, plain = office.keep(exposed()), office.keep(replace(ordinary(), id="20261123-other-0b0e"))
    yield "case", quote(office, referred)
    yield "case", quote(office, plain)
    yield "case", referral(office, "take", referred, SENIOR)
    yield "case", step(office, "comment", referred, ASKER)
    yield "case", office.run("quotes", "show", plain)
    yield "cases", office.run("quotes", "list")
    yield "cases", office.run("referrals", "list")
    yield "quotes", office.run("quotes", "history", referred)
    yield "quotes", office.run("quotes", "compare", plain)
    yield "quotes", office.run("quotes", "replay", plain)
    office.run("declared", "ask", referred, "--by", ASKER, "--out", str(folder / "letters"))
    item = "no_remote_desktop_exposed"
    yield "case", office.run("declared", "answer", referred, item, "--by", "客", "--answer", "はい")
    yield "declared", office.run("declared", "show", referred)
    yield "questionnaire", office.run_plain("declared", "items")
    listed = office.run("findings", "list", plain, "--all")
    finding = next(one["finding"]["id"] for one in listed["findings"] if one["finding"]["outcome"] == "fail")
    yield "ledger", listed
    yield "ledger", office.run("findings", "dispute", plain, finding, "--by", ASKER, *WHY)
    yield "ledger", office.run("findings", "history", plain, finding)
    yield "renewals", office.run("renewals", "due")
    yield "whatif", office.run("whatif", plain)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)
    if isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_documents_fit_and_unknown_or_missing_fields_do_not(office: Office, tmp_path: Path) -> None:
    seen = set()
    for name, document in printed(office, tmp_path):
        published = schema.load(name)
        assert problems(published, document) == [], name
        assert problems(published, {**document, "unheard_of": 1}) != []
        for field in document:
            assert problems(published, {k: v for k, v in document.items() if k != field}) != []
        seen.add(name)
    assert seen == {*schema.DESK, "whatif"}


@pytest.mark.parametrize(
    "path", [("versions", 0, "decision"), ("versions", 0, "application"), ("history", 0)]
)
def test_no_unknown_field_hides_deep_inside_a_case(path: tuple[Any, ...], office: Office) -> None:
    case = quote(office, office.keep(ordinary()))
    changed = copy.deepcopy(case)
    place: Any = changed
    for part in path:
        place = place[part]
    place["unheard_of"] = 1
    assert problems(schema.load("case"), changed) == [f"${_spelt(path)}.unheard_of is not known"]


def _spelt(path: tuple[Any, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


@pytest.mark.parametrize("name", [*schema.NAMES, *schema.DESK])
def test_every_published_schema_is_one(name: str) -> None:
    """Strict at the top, and every reference leads somewhere."""
    item = schema.load(name)
    assert item["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    text = json.dumps(item)
    wanted = {found["$ref"].removeprefix("#/$defs/") for found in objects(item) if "$ref" in found}
    assert wanted <= set(item.get("$defs", {}))
    assert '"additionalProperties": false' in text


def test_every_schema_in_the_folder_is_listed() -> None:
    files = {path.stem for path in make_schemas.FOLDER.glob("*.json")}
    assert files == {*schema.NAMES, *schema.DESK}
