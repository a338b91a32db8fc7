"""The words: both languages complete, with the same placeholders, for everything code may name."""

import string
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from itertools import chain
from pathlib import Path

import pytest

import models
import posture
import reports
from models import perils, statements
from posture.checks.registry import catalogue
from posture.core.catalogue import Language
from posture.core.consent import Basis, ProofMethod, Technique
from posture.core.decisions import Action, Agreement, Cover, Tier
from posture.core.desk.events import Kind as Did
from posture.core.dossier import Service
from posture.core.facts import fact_classes
from posture.core.facts.footprint_host import SIGNS
from posture.core.findings import Confidence, Outcome, Owner, Severity
from posture.core.ledger import Kind
from posture.core.priority import Priority
from posture.core.whatif import Held
from reports import text, verify
from reports.blocks import Labels
from reports.view import Effect

#: Never said to an applicant (field/underwriting.md §7): promises no scan can keep, and offers nobody made.
FORBIDDEN = (
    "安全です",
    "侵入されません",
    "事故を防げます",
    "必ず下がります",
    "無料",
    "最安",
    "他社より",
    "保証",
    "告知義務違反",
    "虚偽",
    "misrepresentation",
    "guarantee",
)
DATA = Path(models.__file__).parent / "data"


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_both_languages_have_the_same_ids() -> None:
    english, japanese = (text.load(language).entries for language in Language)
    assert english.keys() == japanese.keys()


def test_both_languages_have_the_same_placeholders() -> None:
    english, japanese = (text.load(language).entries for language in Language)
    differing = {key for key in english if placeholders(english[key]) != placeholders(japanese[key])}
    assert differing == set()


@pytest.mark.parametrize("language", list(Language))
def test_no_sentence_is_empty(language: Language) -> None:
    assert [key for key, value in text.load(language).entries.items() if not value] == []


@pytest.mark.parametrize("language", list(Language))
def test_no_forbidden_word(language: Language) -> None:
    entries = text.load(language).entries
    assert [(key, word) for key, value in entries.items() for word in FORBIDDEN if word in value] == []


def test_japanese_is_japanese_and_english_is_english() -> None:
    """Names of products and protocols may be equal; no sentence may."""
    english, japanese = (text.load(language).entries for language in Language)
    assert [key for key in english if english[key] == japanese[key] and " " in english[key]] == [
        "product.name"
    ]
    kana = [key for key, value in english.items() if any("\u3040" <= letter <= "\u30ff" for letter in value)]
    assert kana == []


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(KeyError):
        text.load("en")("tiers.T9")


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(ValueError, match="fr"):
        text.load("fr")


def names(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


SECTIONS: dict[str, Iterable[str]] = {
    "tiers": names(Tier),
    "actions": names(Action),
    "action_notes": names(Action),
    "covers": [*names(Cover), "total"],
    "cover_names": [*names(Cover), "total"],
    "severities": names(Severity),
    "outcomes": names(Outcome),
    "owners": names(Owner),
    "owner_notes": names(Owner),
    "owners_short": names(Owner),
    "confidences": names(Confidence),
    "techniques": names(Technique),
    "bases": names(Basis),
    "proofs": [*names(ProofMethod), "none"],
    "effects": names(Effect),
    "held": names(Held),
    "areas": {card.area for card in catalogue().cards.values()},
    "asked": [kind.replace(".", "_") for kind in fact_classes()],
    "signs": [*SIGNS, "none"],
    "run_by": ("in-networks", "consented-name", "provider-list", "not-consented", "declared-hosted"),
    "whys": ("mx", "name-server", "parent", "resolver", "in-networks", "consented-name", "provider-list"),
    "did": names(Kind),
    "desk_did": names(Did),
    "agreements": names(Agreement),
    "answers": ("yes", "no"),
    "priorities": names(Priority),
    "services_shared": names(Service),
    "supplier_events": names(Service),
    "labels": Labels.__dataclass_fields__,
    "statements": statements.STATEMENTS,
    "contribution_rules": names(statements.Rule),
    "steps": names(statements.StepName),
    "perils": names(perils.Peril),
    "groups": names(perils.Group),
    "features": tomllib.loads((DATA / "features.toml").read_text(encoding="utf-8")),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_everything_code_may_name_has_words(section: str) -> None:
    missing = set(SECTIONS[section]) - text.load("en").under(section).keys()
    assert missing == set()


def test_every_statement_is_one_the_models_make() -> None:
    assert text.load("en").under("statements").keys() == set(statements.STATEMENTS)


def keys(path: Path, section: str) -> set[str]:
    return set(tomllib.loads(path.read_text(encoding="utf-8"))[section]["values"])


def test_every_sector_of_every_market_has_words() -> None:
    tables = sorted((DATA / "markets").rglob("*.toml"))
    named = set().union(*(keys(path, "sectors") for path in tables))
    assert named - text.load("en").under("sectors").keys() == set()


def test_every_control_has_words() -> None:
    assert keys(DATA / "controls.toml", "controls") - text.load("en").under("controls").keys() == set()


def test_every_check_has_a_command_to_verify_it() -> None:
    table = verify._table()
    uncovered = {
        card.check
        for card in catalogue().cards.values()
        if card.check not in table["checks"] and card.reads not in table["kinds"]
    }
    assert uncovered == set()


def test_a_command_is_written_for_checks_that_exist() -> None:
    assert set(verify._table()["checks"]) - catalogue().cards.keys() == set()


def test_commands_use_known_placeholders() -> None:
    table = verify._table()
    used = set(
        chain.from_iterable(
            placeholders(line) for line in (*table["checks"].values(), *table["kinds"].values())
        )
    )
    assert used == {"name", "address", "port", "url"}


#: Sections whose ids come from elsewhere, so that no line of the reports names them.
DYNAMIC = {*SECTIONS, "controls", "sectors", "countries", "whys", "purposes", "recipients", "phases"} | {
    "blind",
    "services",
    "first_steps",
    "emergency",
    "scenarios",
    "delta",
    "consent",
    "application",
    "versions",
    "columns",
    "ledger",
    "terms",
    "territory",
    "cost_items",
    "tracker",
    "audiences",
    "letters",
    "declarations",
}


def test_no_sentence_is_left_over() -> None:
    """Every id of the other sections is written somewhere in the code, whole or as the last part of one."""
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in (Path(reports.__file__).parent, Path(posture.__file__).parent)
        for path in folder.rglob("*.py")
    )
    left = [
        key
        for key in text.load("en").entries
        if key.partition(".")[0] not in DYNAMIC
        and f'"{key}"' not in source
        and f'"{key.partition(".")[2]}"' not in source
    ]
    assert left == []
