"""The appetite profile as data: colours, knock-outs, subjectivities, and what a decline may rest on."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from models import appetite, assess, reading
from models.appetite import Colour
from models.statements import ReasonId
from posture.checks.registry import catalogue
from posture.core.decisions import Action, Decision, Phase, Tier
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Finding, Outcome
from posture.core.risky_ports import Group
from tests.support.applicants import application, finding, findings

TODAY = date(2026, 12, 1)
SHIPPED = (reading.DATA / "appetite.toml").read_text(encoding="utf-8")
EXPOSED = (
    "rdp_exposed",
    "vpn_class_a",
    "database_exposed",
    "telnet_exposed",
    "kev_exposed",
    "certificate_invalid",
    "dmarc_not_enforced",
    "web_hardening_missing",
)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another insurer's profile in force."""
    path = tmp_path / "appetite.toml"
    monkeypatch.setattr(appetite, "_PATH", path)
    yield path
    reading.document.cache_clear()
    appetite.read.cache_clear()


def changed(path: Path, *pairs: tuple[str, str]) -> None:
    text = SHIPPED
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def at_port(check: str, port: int) -> Finding:
    made = finding(check, Outcome.FAIL, message="reachable")
    return replace(made, target=replace(made.target, port=port))


def decision(found: tuple[Finding, ...]) -> Decision:
    return assess(found, application(), on=TODAY).decision


def test_every_group_of_services_has_the_colour_the_profile_gives() -> None:
    colours = {group: appetite.profile().colour(finding(f"ports/{group}")) for group in Group}
    assert {group.value for group, colour in colours.items() if colour is Colour.RED} == {
        "remote_desktop",
        "file_sharing",
        "telnet",
        "database",
        "no_login",
        "industrial",
    }
    assert colours[Group.TELEPHONY] is Colour.GREEN
    assert appetite.profile().colour(finding("ports/few_services")) is None
    assert appetite.profile().colour(finding("mail/dmarc")) is None


def test_red_knocks_out_amber_asks_and_green_is_only_priced() -> None:
    red, amber, green = (
        at_port(f"ports/{name}", 1) for name in ("industrial", "message_broker", "telephony")
    )
    found = (red, amber, green)
    assert [(item.id, item.findings) for item in appetite.knock_outs(found)] == [
        ("industrial-control-exposed", (red.id,))
    ]
    assert [(item.id, item.findings) for item in appetite.subjectivities(found, TODAY)] == [
        ("restrict-service", (amber.id,))
    ]


def test_one_port_may_have_a_colour_of_its_own(written: Path) -> None:
    changed(
        written,
        ("[port_numbers.values]", '[port_numbers.values]\n2121 = "red"\n5061 = "amber"\n3283 = "green"'),
    )
    ftp, telephony, desktop = (
        at_port("ports/ftp", 2121),
        at_port("ports/telephony", 5061),
        at_port("ports/remote_desktop", 3283),
    )
    found = (ftp, telephony, desktop)
    assert [(item.id, item.arguments["check"]) for item in appetite.knock_outs(found)] == [
        ("red-service-exposed", "ports/ftp")
    ]
    assert [item.closed_by for item in appetite.subjectivities(found, TODAY)] == [("ports/telephony",)]


def test_a_subjectivity_is_an_object_with_its_sentence_in_both_languages() -> None:
    (asked,) = appetite.subjectivities((at_port("ports/ftp", 21),), TODAY)
    assert asked.text == {
        "en": "Replace FTP by an encrypted way of transfer.",
        "ja": "FTP を、暗号化された転送方式に置き換えてください。",
    }
    assert (asked.phase, asked.due_days, asked.due) == (Phase.POST_BIND, 30, date(2026, 12, 31))
    assert asked.closed_by == ("ports/ftp",)


def test_a_much_attacked_gateway_alone_is_quoted_once_its_version_and_second_factor_are_shown() -> None:
    made = decision(findings({"vpn_class_a"}))
    assert (made.tier, made.action) == (Tier.T3, Action.SUBJECTIVITIES)
    (asked,) = made.subjectivities
    assert (asked.id, asked.phase, asked.due_days) == ("show-remote-access", Phase.PRE_BIND, 14)
    assert "second factor" in asked.text["en"]
    assert "多要素認証" in asked.text["ja"]
    assert asked.closed_by == ("web/remote_access_gateway",)


def test_a_gateway_of_another_make_is_only_priced() -> None:
    made = decision(findings({"vpn_class_b"}))
    assert made.subjectivities == ()
    assert made.action is Action.QUOTE


def test_every_check_the_profile_names_exists() -> None:
    used = appetite.profile()
    named = {item.check for item in used.knock_outs.values()}
    named |= {check for remedy in used.remedies.values() for check in remedy.checks}
    assert named - {"ports/*"} - catalogue().cards.keys() == set()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('telephony = "green"\n', "", "gives no colour to telephony"),
        ('telephony = "green"', 'telephony = "blue"', "blue"),
        ("T3 = 85", "T3 = 69", "T1 to T4, each above"),
        ("T1 = 39\n", "", "T1 to T4, each above"),
        ('T5 = "refer"\n', "", "must hold T1 to T5"),
        ('T5 = "refer"', 'T5 = "perhaps"', "perhaps"),
        (
            '"ports/telnet", then = "refer"',
            '"ports/telnet", then = "quote"',
            "telnet-exposed: then is neither",
        ),
        ("telnet-exposed", "telnet-there", "telnet-there"),
        ('red-service-exposed = { check = "ports/*"', 'red-service-exposed = { check = "x"', "none holds"),
        ('checks = ["ports/*"]', 'checks = ["ports/printing"]', "none asks for"),
        ("due_days = 90", "due_days = 0", "enforce-dmarc lacks"),
        ("due_days = 90", "due_days = 'soon'", "invalid literal"),
        ('ja = "古い暗号化方式を無効にしてください。"', "", "KeyError 'ja'"),
        ('phase = "post_bind"', 'phase = "some_day"', "some_day"),
        ('grade = "D"', 'grade = "Z"', "grade"),
    ],
)
def test_a_profile_with_a_gap_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "appetite.toml"
    changed(path, (old, new))
    with pytest.raises(PostureError, match=re.escape(said)) as caught:
        appetite.read(path)
    assert "appetite.toml" in caught.value.message


def test_a_profile_that_declines_a_tier_declines_on_what_was_seen(written: Path) -> None:
    changed(written, ('T5 = "refer"', 'T5 = "decline"'))
    made = decision(findings(EXPOSED))
    assert (made.tier, made.action) == (Tier.T5, Action.DECLINE)
    assert made.reasons[0].id == ReasonId.OUTSIDE
    assert {*made.premium.by_cover.values(), made.premium.total} == {None}


def test_a_decline_never_rests_on_unknowns(written: Path) -> None:
    changed(written, ('T5 = "refer"', 'T5 = "decline"'), ("T3 = 85", "T3 = 75"), ("T4 = 94", "T4 = 83"))
    some = ("telnet_exposed", "tls_weak", "certificate_invalid", "eol_software")
    unseen = ("rdp_exposed", "database_exposed", "vpn_class_a", "smb_exposed", "admin_interface_exposed")
    made = decision(findings(some, unseen))
    assert (made.tier, made.action) == (Tier.T5, Action.REFER)
    (said,) = [item for item in made.reasons if item.id == ReasonId.NOT_SURE]
    assert said.arguments == {"tier": "T5", "observed": "T4"}


def test_a_decline_never_rests_on_inferred_versions_alone(written: Path) -> None:
    changed(
        written,
        ('T5 = "refer"', 'T5 = "decline"'),
        ('"ports/telnet", then = "refer"', '"ports/telnet", then = "decline"'),
        ("T4 = 94", "T4 = 86"),
    )
    sure = findings(EXPOSED)
    guessed = tuple(
        replace(item, confidence=Confidence.INFERRED) if item.outcome is Outcome.FAIL else item
        for item in sure
    )
    assert decision(sure).action is Action.DECLINE
    made = decision(guessed)
    assert made.knock_outs == ()
    assert (made.tier, made.action) == (Tier.T5, Action.REFER)


def test_a_knock_out_that_declines_outweighs_the_score(written: Path) -> None:
    changed(written, ('"ports/telnet", then = "refer"', '"ports/telnet", then = "decline"'))
    made = decision(findings(("telnet_exposed",)))
    assert made.tier < Tier.T4
    assert made.action is Action.DECLINE
    assert made.premium.total is None
