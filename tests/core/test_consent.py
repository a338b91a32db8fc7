"""A consent as arithmetic: what it names, excludes and declares, and what its digest stands for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from posture.core.consent import (
    Authority,
    Basis,
    Consent,
    Granter,
    Proof,
    ProofMethod,
    Technique,
    split_scope,
)
from posture.core.errors import PostureError
from posture.core.targets import address, network

FROM = datetime(2026, 12, 1, tzinfo=UTC)
JST = timezone(timedelta(hours=9))

CONSENT = Consent(
    applicant="株式会社例",
    domains=("example.co.jp", "example.jp"),
    networks=(network("203.0.113.0/28"),),
    excluded_names=("old.example.jp",),
    excluded_networks=(network("203.0.113.9/32"),),
    techniques=frozenset({Technique.DNS, Technique.WEB}),
    ports="22,80",
    valid_from=FROM,
    valid_until=FROM + timedelta(days=365),
    granted_by=Granter(name="例 太郎", title="部長", email="it@example.jp"),
)


def own(*covers: str, basis: Basis = Basis.OWN) -> Authority:
    names, networks = split_scope(covers)
    return Authority(domains=names, networks=networks, basis=basis)


@pytest.mark.parametrize("name", ["example.jp", "www.example.jp", "a.b.example.co.jp"])
def test_a_domain_is_consented_with_its_subdomains(name: str) -> None:
    assert CONSENT.names(name)


@pytest.mark.parametrize("name", ["jp", "co.jp", "badexample.jp", "example.jp.evil.example", "example.com"])
def test_nothing_else_is(name: str) -> None:
    assert not CONSENT.names(name)


@pytest.mark.parametrize(
    ("name", "text", "out"),
    [
        ("old.example.jp", None, True),
        ("very.old.example.jp", None, True),
        ("bold.example.jp", None, False),
        (None, "203.0.113.9", True),
        ("www.example.jp", "203.0.113.9", True),
        (None, "::ffff:203.0.113.9", True),
        (None, "64:ff9b::cb00:7109", True),
        (None, "203.0.113.8", False),
        (None, None, False),
    ],
)
def test_exclusions_hold_in_every_disguise(name: str | None, text: str | None, *, out: bool) -> None:
    assert CONSENT.excludes(name, address(text) if text else None) is out


@pytest.mark.parametrize(
    "change",
    [
        {"valid_from": FROM.replace(tzinfo=None)},
        {"valid_until": FROM.replace(tzinfo=None)},
        {"valid_until": FROM},
        {"valid_until": FROM - timedelta(seconds=1)},
        {"ports": "http"},
        {"ports": ""},
        {"networks": (network("0.0.0.0/0"),)},
        {"networks": (network("64.0.0.0/7"),)},
        {"networks": (network("::/0"),)},
        {"networks": (network("2400::/12"),)},
    ],
    ids=str,
)
def test_an_impossible_consent_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(PostureError):
        replace(CONSENT, **change)  # type: ignore[arg-type] # one field by name


@pytest.mark.parametrize("text", ["11.0.0.0/8", "2400::/16"])
def test_the_widest_networks_that_anybody_holds_are_possible(text: str) -> None:
    assert replace(CONSENT, networks=(network(text),)).networks == (network(text),)


# The digest: proof and assessments rest on it.


def test_the_digest_is_of_the_content_not_of_its_spelling() -> None:
    respelt = replace(
        CONSENT,
        domains=CONSENT.domains[::-1],
        valid_from=CONSENT.valid_from.astimezone(JST),
        valid_until=CONSENT.valid_until.astimezone(JST),
        authority=(),
        proof=Proof(method=ProofMethod.DOCUMENT),
    )
    assert respelt.digest == CONSENT.digest
    authority = (own("example.jp", "203.0.113.0/28"), own("example.co.jp", basis=Basis.HOSTED))
    assert replace(CONSENT, authority=authority).digest == replace(CONSENT, authority=authority[::-1]).digest


@pytest.mark.parametrize(
    "change",
    [
        {"applicant": "別の会社"},
        {"domains": ("example.jp",)},
        {"networks": ()},
        {"excluded_names": ()},
        {"excluded_networks": ()},
        {"techniques": frozenset({Technique.DNS})},
        {"ports": "default"},
        {"valid_from": FROM + timedelta(seconds=1)},
        {"valid_until": FROM + timedelta(days=366)},
        {"granted_by": Granter(name="別人", title="部長", email="it@example.jp")},
        {"purpose": "renewal"},
        {"disclose_to": ("insurer", "agency")},
        {"retain_until": FROM.date()},
        {"document_sha256": "00"},
        {"authority": (own("example.jp"),)},
        {"authority": (own("example.jp", basis=Basis.HOSTED),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_the_content_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(CONSENT, **change).digest != CONSENT.digest  # type: ignore[arg-type] # one field by name


def test_the_digest_is_pinned() -> None:
    """A proof that was published once has to stay valid: this value may never change for this content."""
    assert CONSENT.digest == "6dfd67ae8e614594606399630bd1f576b97b0a5904cac622dcdff72852004558"


# Authority


def test_without_declared_authority_the_granter_speaks_for_everything() -> None:
    assert CONSENT.basis("www.example.jp", None) is Basis.OWN


def test_authority_covers_names_and_networks_and_nothing_else() -> None:
    given = replace(CONSENT, authority=(own("example.jp", "203.0.113.0/29"),))
    assert given.basis("www.example.jp", None) is Basis.OWN
    assert given.basis(None, address("203.0.113.7")) is Basis.OWN
    assert given.basis("example.co.jp", None) is None
    assert given.basis(None, address("203.0.113.8")) is None


@pytest.mark.parametrize("turned", [1, -1])
def test_of_several_entries_the_most_careful_decides(turned: int) -> None:
    entries = (
        own("example.jp"),
        own("shop.example.jp", "198.51.100.0/24", basis=Basis.HOSTED),
        own("lab.example.jp", basis=Basis.OPERATOR_PERMISSION),
    )
    given = replace(CONSENT, authority=entries[::turned])
    assert given.basis("www.example.jp", None) is Basis.OWN
    assert given.basis("shop.example.jp", None) is Basis.HOSTED
    assert given.basis("www.example.jp", address("198.51.100.7")) is Basis.HOSTED
    assert given.basis("lab.example.jp", None) is Basis.OPERATOR_PERMISSION


def test_a_mixed_list_is_sorted_into_names_and_networks() -> None:
    names, networks = split_scope(("Old.Example.jp", "203.0.113.9", "2001:db8::/32", "203.0.113.0/28"))
    assert names == ("old.example.jp",)
    assert networks == (network("203.0.113.9/32"), network("2001:db8::/32"), network("203.0.113.0/28"))


@pytest.mark.parametrize("item", ["203.0.113.1/24", "x", "", "1.2.3", "https://a.jp/"])
def test_what_is_neither_is_refused(item: str) -> None:
    with pytest.raises(PostureError):
        split_scope((item,))
