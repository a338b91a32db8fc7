"""What must hold for the card of every check (DESIGN §4), whoever wrote it."""

import ast
import importlib
import inspect
import re
import string
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from posture import checks
from posture.checks.registry import Check, all_checks, catalogue
from posture.checks.runner import NOTHING_TO_ASK, PORT_SHUT, UNSEEN, judge
from posture.core.catalogue import Language
from posture.core.facts import fact_classes
from posture.core.findings import Outcome, Owner, Severity
from posture.core.observations import Observation, Reason, Unseen
from posture.core.targets import Target
from tests.support.web import NOW

ROOT = Path(checks.__path__[0])
SAYING = {"passed", "failed", "unknown", "not_applicable"}
#: What `unknown` itself understands; every other keyword is an argument of the sentence.
NOT_SAID = {"unknown": {"path"}}
FORBIDDEN = (
    "安全です",
    "侵入されません",
    "事故を防げます",
    "必ず下がります",
    "無料",
    "最安",
    "他社より",
    "保証",
)

every_check = pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.card.check)
every_language = pytest.mark.parametrize("language", list(Language))


# What the code says: message ids with the names of their arguments, read from the source.


@cache
def functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def helpers(module: ModuleType) -> dict[str, tuple[ModuleType, str]]:
    """Functions that a module imports from the other modules of `posture.checks`, by the name used here."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("posture.checks"):
            origin = importlib.import_module(str(node.module))
            for alias in node.names:
                if alias.name in functions(origin):
                    found[alias.asname or alias.name] = (origin, alias.name)
    return found


def said(check: Check) -> dict[str, set[frozenset[str]]]:
    """Every message the judge can give, through all functions it can reach."""
    found: dict[str, set[frozenset[str]]] = {}
    todo = [(importlib.import_module(check.judge.__module__), check.judge.__name__)]
    done: set[tuple[str, str]] = set()
    while todo:
        module, name = todo.pop()
        if (module.__name__, name) in done:
            continue
        done.add((module.__name__, name))
        for node in ast.walk(functions(module)[name]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                message, arguments = spoken(node)
                found.setdefault(message, set()).add(arguments)
            if isinstance(node, ast.Name) and node.id in functions(module):
                todo.append((module, node.id))
            if isinstance(node, ast.Name) and node.id in helpers(module):
                todo.append(helpers(module)[node.id])
    return found


def spoken(call: ast.Call) -> tuple[str, frozenset[str]]:
    """The message and the arguments of one call; both have to be written out, or nobody could check them."""
    assert len(call.args) == 1, ast.unparse(call)
    assert isinstance(call.args[0], ast.Constant), f"not a literal message id: {ast.unparse(call)}"
    assert all(keyword.arg for keyword in call.keywords), f"hidden arguments: {ast.unparse(call)}"
    assert isinstance(call.func, ast.Name)
    arguments = {str(keyword.arg) for keyword in call.keywords} - NOT_SAID.get(call.func.id, set())
    return str(call.args[0].value), frozenset(arguments)


def placeholders(template: str) -> set[str]:
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    assert all(re.fullmatch(r"[a-z_]+", field) for field in fields), template
    return set(fields)


# The invariants.


def test_every_card_has_a_judge_and_every_judge_a_card() -> None:
    """Several checks exist, and no file lies about that is not one half of a pair."""
    paths = {check.card.check for check in all_checks()}
    cards = {str(path.relative_to(ROOT).with_suffix("")) for path in ROOT.glob("*/*.toml")}
    assert len(paths) > 20
    assert cards == paths


@every_check
def test_the_card_is_well_formed(check: Check) -> None:
    card = check.card
    assert card.version >= 1
    assert card.reads in fact_classes()
    assert card.references
    for reference in card.references:
        assert reference.title
        assert reference.url.startswith("https://"), reference
    assert re.fullmatch(r"[a-z]+/[a-z][a-z0-9_]+", card.check)
    assert check.judge.__module__ == "posture.checks." + card.check.replace("/", ".")
    assert f"`{card.check}`" in (inspect.getmodule(check.judge).__doc__ or ""), (
        "the docstring begins with the id"
    )


@every_check
def test_the_card_holds_nothing_that_is_not_read(check: Check) -> None:
    document = tomllib.loads((ROOT / f"{check.card.check}.toml").read_text(encoding="utf-8"))
    assert set(document) == {"version", "references", "messages", "en", "ja"}
    for language in Language:
        section = document[language.value]
        assert isinstance(section, dict)
        assert set(section) == {"title", "why", "fix", "messages"}


@every_check
@every_language
def test_the_card_is_complete_in_each_language(check: Check, language: Language) -> None:
    wording = check.card.wordings[language]
    assert wording.title.strip()
    assert wording.why.strip()
    assert wording.fix.strip()
    assert set(wording.messages) == set(check.card.severities)
    assert all(text.strip() for text in wording.messages.values())
    stop = "." if language is Language.EN else "。"
    assert wording.why.rstrip().endswith(stop)
    assert not wording.title.endswith((".", "。", "！"))


@every_check
def test_code_and_card_name_the_same_messages(check: Check) -> None:
    shared = set(catalogue().common[Language.EN]) - {NOTHING_TO_ASK}
    own = set(said(check)) - shared
    assert own == set(check.card.severities)
    assert not set(check.card.severities) & set(catalogue().common[Language.EN]), (
        "a shared message is redefined"
    )


@every_check
@every_language
def test_sentences_use_only_what_the_code_gives(check: Check, language: Language) -> None:
    for message, calls in said(check).items():
        wanted = placeholders(catalogue().template(check.card.check, message, language)) - {"reason"}
        for given in calls:
            assert wanted <= given, f"{message} wants {wanted}, the code gives {set(given)}"


@every_language
def test_long_numbers_are_grouped(language: Language) -> None:
    for message, arguments in (
        ("strict", {"seconds": 63072000}),
        ("short", {"seconds": 86400, "threshold": 31536000}),
    ):
        text = catalogue().template("web/hsts", message, language).format_map(arguments)
        assert all(f"{number:,}" in text for number in arguments.values()), text
    senders = catalogue().template("mail/spf_few_senders", "few", language)
    assert "16,777,216" in senders.format_map({"count": 16_777_216})


@every_language
def test_formats_of_numbers_are_given_numbers(language: Language) -> None:
    """`{name:,}` breaks on a text; these are the arguments whose judges give whole numbers."""
    numbers = {"seconds", "retry", "refresh", "count", "asked", "threshold"}
    for check in all_checks():
        for template in check.card.wordings[language].messages.values():
            for _, field, form, _ in string.Formatter().parse(template):
                assert not form or (form == "," and field in numbers), (check.card.check, template)


@every_check
def test_both_languages_say_the_same_things(check: Check) -> None:
    english, japanese = (check.card.wordings[language] for language in Language)
    for message in english.messages:
        assert placeholders(english.messages[message]) == placeholders(japanese.messages[message]), message


def test_what_code_gives_is_said_somewhere() -> None:
    """An argument that no sentence of any check prints is dead weight, or a forgotten word."""
    for check in all_checks():
        for message, calls in said(check).items():
            template = catalogue().template(check.card.check, message, Language.EN)
            for given in calls:
                assert given <= placeholders(template), f"{check.card.check}: {message} never says {given}"


def test_the_shared_messages_exist_in_both_languages_with_the_same_placeholders() -> None:
    common = catalogue().common
    assert set(common[Language.EN]) == set(common[Language.JA])
    for message in common[Language.EN]:
        assert placeholders(common[Language.EN][message]) == placeholders(common[Language.JA][message])
    for language in Language:
        assert set(catalogue().reasons[language]) == {reason.value for reason in Reason}


def test_every_shared_message_is_used() -> None:
    used = {message for check in all_checks() for message in said(check)}
    assert set(catalogue().common[Language.EN]) - used <= {UNSEEN, NOTHING_TO_ASK, PORT_SHUT}


@every_check
def test_only_a_bad_state_has_a_severity(check: Check) -> None:
    """What is good, not asked or not seen is `info`; a bad state may be, where it has no consequence."""
    module = importlib.import_module(check.judge.__module__)
    sources = {module, *(origin for origin, _ in helpers(module).values())}
    calls = [node for source in sources for node in ast.walk(ast.parse(inspect.getsource(source)))]
    failing = {
        spoken(call)[0]
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "failed"
    }
    priced = {message for message, severity in check.card.severities.items() if severity is not Severity.INFO}
    assert priced <= failing


@pytest.mark.parametrize("reason", list(Reason))
def test_a_silent_host_is_unknown_to_every_check(reason: Reason) -> None:
    target = Target(name="www.example.jp")
    silent: list[Observation[object]] = [
        Observation(kind=kind, target=target, at=NOW, result=Unseen(reason=reason)) for kind in fact_classes()
    ]
    judgement = judge(silent, subject=target, owner_of=lambda _: Owner.SELF)
    assert judgement.faults == ()
    assert len(judgement.findings) == len(all_checks())
    outcomes = {(found.outcome, found.reason, found.message) for found in judgement.findings}
    assert outcomes == {(Outcome.UNKNOWN, reason, UNSEEN)}


@every_check
def test_no_card_promises_what_nobody_can_promise(check: Check) -> None:
    text = (ROOT / f"{check.card.check}.toml").read_text(encoding="utf-8")
    assert not [word for word in FORBIDDEN if word in text]


@every_check
def test_japanese_uses_japanese_punctuation(check: Check) -> None:
    wording = check.card.wordings[Language.JA]
    for text in (wording.title, wording.why, *wording.messages.values()):
        assert not re.search(r"[ぁ-んァ-ヶ一-龠][,.!?]", text), text
        assert not re.search(r"[ぁ-んァ-ヶ一-龠]\(|\)[ぁ-んァ-ヶ一-龠]", text), text
    assert re.search(r"です|ます|ません|ください|でしょう", wording.why), "polite form"
