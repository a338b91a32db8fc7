"""Trust with its reason, host names by RFC 9525, and certificates with absurd fields."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from posture.core.errors import PostureError
from scanners.tls import certificate, identity, trust
from scanners.tls.wire import Malformed
from tests.support.tls_servers import NAME, NOW, Paper, issue, rsa_key

ROOT = issue("Root", authority=True, organisation="Lab")
MIDDLE = issue("Middle", ROOT, authority=True, organisation="Lab")
LEAF = issue(NAME, MIDDLE, names=[NAME])
STRANGER = issue("Stranger", authority=True)


def judged(chain: Sequence[Paper], folder: Path, *anchors: Paper) -> str:
    store = folder / "store.pem"
    store.write_bytes(b"".join(each.pem for each in anchors or (ROOT,)))
    found = trust.judge([each.certificate for each in chain], trust.load(store), NOW)
    assert found.trusted is (found.reason == "ok")
    return found.reason


def other_key(paper: Paper) -> Paper:
    """An authority of the same name with another key."""
    name = paper.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    return issue(str(name), authority=True, organisation="Lab")


def middle(**options: object) -> Paper:
    return issue("Middle", ROOT, authority=True, organisation="Lab", **options)  # type: ignore[arg-type]


EXPIRED_MIDDLE = middle(ends=timedelta(days=-1))
NOT_AN_AUTHORITY = issue("Middle", ROOT, organisation="Lab")
ONE_BELOW = issue("Deep", ROOT, authority=True)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ([LEAF, MIDDLE], "ok"),
        ([LEAF, MIDDLE, ROOT], "ok"),
        ([LEAF, ROOT, STRANGER, MIDDLE], "ok"),
        ([LEAF], "incomplete-chain"),
        ([LEAF, STRANGER], "incomplete-chain"),
        ([issue(NAME, STRANGER, names=[NAME])], "unknown-issuer"),
        ([issue(NAME, STRANGER, names=[NAME], fetchable=True)], "incomplete-chain"),
        ([issue(NAME, STRANGER, names=[NAME]), STRANGER], "unknown-issuer"),
        ([issue(NAME, names=[NAME])], "self-signed"),
        ([STRANGER], "self-signed"),
        ([ROOT], "ok"),
        ([issue(NAME, EXPIRED_MIDDLE, names=[NAME]), EXPIRED_MIDDLE], "expired"),
        ([issue(NAME, NOT_AN_AUTHORITY), NOT_AN_AUTHORITY], "wrong-usage"),
        ([issue(NAME, ROOT, usages=[ExtendedKeyUsageOID.CLIENT_AUTH])], "wrong-usage"),
        ([issue(NAME, ROOT, usages=None)], "ok"),
        ([issue(NAME, ROOT, usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])], "ok"),
        ([issue(NAME, other_key(ROOT))], "bad-signature"),
        ([issue(NAME, ROOT, key=rsa_key(1024))], "ok"),
    ],
)
def test_trust_and_its_reason(tmp_path: Path, chain: list[Paper], reason: str) -> None:
    assert judged(chain, tmp_path) == reason


def test_a_renewed_intermediate_helps_whichever_comes_first(tmp_path: Path) -> None:
    again = issue("Middle", ROOT, authority=True, organisation="Lab", key=EXPIRED_MIDDLE.key)
    leaf = issue(NAME, again, names=[NAME])
    assert judged([leaf, EXPIRED_MIDDLE, again], tmp_path) == "ok"


def test_a_leaf_in_the_store_is_trusted(tmp_path: Path) -> None:
    leaf = issue(NAME, names=[NAME])
    assert judged([leaf], tmp_path, leaf) == "ok"


def test_path_length_is_kept(tmp_path: Path) -> None:
    flat = issue("Flat", ROOT, authority=False, usages=None)
    assert judged([issue(NAME, flat), flat], tmp_path) == "wrong-usage"


def _constrained(**subtrees: list[x509.GeneralName]) -> Paper:
    constraint = x509.NameConstraints(
        permitted_subtrees=subtrees.get("permitted"), excluded_subtrees=subtrees.get("excluded")
    )
    return issue("Bounded", ROOT, authority=True, extensions=[(constraint, True)])


@pytest.mark.parametrize(
    ("subtrees", "names", "reason"),
    [
        ({"permitted": [x509.DNSName("example.com")]}, [NAME], "ok"),
        ({"permitted": [x509.DNSName("example.org")]}, [NAME], "other"),
        ({"permitted": [x509.DNSName("ample.com")]}, [NAME], "other"),
        ({"excluded": [x509.DNSName("www.example.com")]}, [NAME], "other"),
        ({"excluded": [x509.DNSName("mail.example.com")]}, [NAME], "ok"),
    ],
)
def test_name_constraints(
    tmp_path: Path, subtrees: dict[str, list[x509.GeneralName]], names: list[str], reason: str
) -> None:
    bounded = _constrained(**subtrees)
    assert judged([issue(NAME, bounded, names=names), bounded], tmp_path) == reason


def test_a_critical_extension_that_nobody_knows_is_not_trusted(tmp_path: Path) -> None:
    strange = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert judged([issue(NAME, ROOT, extensions=[(strange, True)])], tmp_path) == "other"
    assert judged([issue(NAME, ROOT, extensions=[(strange, False)])], tmp_path) == "ok"


def test_a_maze_of_cross_signatures_ends(tmp_path: Path) -> None:
    maze = [issue("Maze", authority=True, key=ROOT.key) for _ in range(40)]
    assert judged([issue(NAME, maze[0]), *maze], tmp_path) in {"unknown-issuer", "bad-signature"}


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_bad_trust_store_is_said_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(content)
    with pytest.raises(PostureError, match="trust store"):
        trust.load(store)
    with pytest.raises(PostureError, match="trust store"):
        trust.load(tmp_path / "absent.pem")


@pytest.mark.parametrize(
    ("presented", "name", "good"),
    [
        ("www.example.com", "www.example.com", True),
        ("WWW.Example.COM", "www.example.com", True),
        ("www.example.com.", "www.example.com", True),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "a.www.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.com", "example.com", False),
        ("*", "localhost", False),
        ("w*.example.com", "www.example.com", False),
        ("www.*.com", "www.example.com", False),
        ("*.*.com", "www.example.com", False),
        ("", "www.example.com", False),
        ("example.com", "www.example.com", False),
    ],
)
def test_names_match_by_rfc_9525(presented: str, name: str, *, good: bool) -> None:
    assert identity.any_name([presented], name) is good


def test_the_common_name_is_no_name() -> None:
    assert not identity.matches(issue(NAME).certificate, NAME, "192.0.2.1")


def test_an_address_is_compared_as_an_address() -> None:
    paper = issue("x", names=["2001:db8::1", "192.0.2.1"])
    assert identity.matches(paper.certificate, None, "2001:0db8:0::1")
    assert not identity.matches(paper.certificate, None, "192.0.2.2")
    assert not identity.matches(paper.certificate, "192.0.2.1", "192.0.2.1")


@given(st.data())
def test_mutated_certificates_are_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(LEAF.der)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        parsed = certificate.load(bytes(raw))
    except Malformed:
        return
    fact = certificate.fact(parsed, bytes(raw))
    assert fact.not_before.tzinfo is not None
    assert trust.judge([parsed], trust.Anchors(by_subject={}), NOW).trusted is False
    identity.matches(parsed, NAME, "192.0.2.1")
