"""`mail.dkim`: what guessing can find, and what it can never prove."""

import base64
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from posture.core.facts.mail_dkim import MailDkim, Selector
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import dkim
from scanners.mail.dkim import read_key
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer


def der(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


RSA = der(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())
SHORT = der(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key())  # noqa: S505 - a short key is the case
CURVE = der(ec.generate_private_key(ec.SECP256R1()).public_key())
RAW = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
ED25519 = base64.b64encode(RAW).decode()


def txt(name: str, record: str) -> str:
    parts = '" "'.join(record[i : i + 200] for i in range(0, len(record), 200))
    return f'{name} TXT "{parts}"\n'


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def look(context: Context) -> Observation[MailDkim]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.dkim", target, dkim.look(c, "example.jp")))


def test_a_common_selector(server: DnsServer) -> None:
    server.zone("example.jp", txt("default._domainkey", f"v=DKIM1; k=rsa; p={RSA}"))
    observation = look(lab_context(server))
    fact = seen(observation)
    assert fact.selectors == (Selector(selector="default", status="valid", key_type="rsa", bits=2048),)
    assert (fact.any_below, fact.wildcard, gaps(observation)) == (True, False, {})
    assert len(fact.selectors_checked) > 40


def test_a_selector_of_the_operator(server: DnsServer) -> None:
    server.zone("example.jp", txt("jan2026._domainkey", f"v=DKIM1; k=ed25519; p={ED25519}"))
    fact = seen(look(lab_context(server, dkim_selectors=("jan2026",))))
    assert fact.selectors == (Selector(selector="jan2026", status="valid", key_type="ed25519", bits=256),)
    assert fact.selectors_checked[0] == "jan2026"


@pytest.mark.parametrize(
    "hint", ['@ TXT "v=spf1 include:amazonses.com -all"', "@ MX 10 inbound-smtp.us-east-1.amazonaws.com."]
)
def test_a_selector_of_the_mail_service(server: DnsServer, hint: str) -> None:
    server.zone("example.jp", hint + "\n" + txt("amazonses._domainkey", f"p={RSA}"))
    assert [s.selector for s in seen(look(lab_context(server))).selectors] == ["amazonses"]


def test_a_tenants_selector_behind_an_alias(server: DnsServer) -> None:
    server.zone(
        "example.jp", "selector1._domainkey CNAME selector1-example-jp._domainkey.tenant.onmicrosoft.com."
    )
    server.zone("tenant.onmicrosoft.com", txt("selector1-example-jp._domainkey", f"v=DKIM1; p={RSA}"))
    assert [s.selector for s in seen(look(lab_context(server))).selectors] == ["selector1"]


def test_nothing_below_domainkey_is_proof(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1")
    observation = look(lab_context(server))
    assert (seen(observation).selectors, seen(observation).any_below) == ((), False)


def test_something_unknown_below_domainkey_is_no_proof(server: DnsServer) -> None:
    server.zone("example.jp", txt("jan2026._domainkey", f"v=DKIM1; p={RSA}"))
    observation = look(lab_context(server))
    assert (seen(observation).selectors, seen(observation).any_below) == ((), True)
    assert gaps(observation) == {"selectors": "no-data"}


def test_a_wildcard_is_not_taken_for_keys(server: DnsServer) -> None:
    server.zone("example.jp", txt("*._domainkey", "v=DKIM1; p=") + txt("s1._domainkey", f"v=DKIM1; p={RSA}"))
    fact = seen(look(lab_context(server)))
    assert ([s.selector for s in fact.selectors], fact.wildcard) == (["s1"], True)


def test_two_records_under_one_selector(server: DnsServer) -> None:
    server.zone("example.jp", txt("s1._domainkey", f"p={RSA}") + txt("s1._domainkey", f"p={SHORT}"))
    assert [s.status for s in seen(look(lab_context(server))).selectors] == ["invalid"]


@pytest.mark.parametrize(
    ("record", "sends"),
    [("v=spf1 -all", False), ("v=spf1 mx -all", True), ("v=spf1 ~all", True), ("hello", True)],
)
def test_a_domain_that_sends_nothing(server: DnsServer, record: str, *, sends: bool) -> None:
    server.zone("example.jp", f'@ TXT "{record}"')
    assert seen(look(lab_context(server))).sends_mail is sends


def test_a_failing_selector_is_not_counted_as_asked(server: DnsServer) -> None:
    server.zone("example.jp", txt("other._domainkey", f"p={RSA}"))
    server.behave(misbehave.SERVFAIL, "default._domainkey.example.jp")
    observation = look(lab_context(server))
    assert "default" not in seen(observation).selectors_checked
    assert gaps(observation) == {"selectors": "dns-failure"}


def test_a_failure_at_domainkey_leaves_the_rest(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1")
    server.behave(misbehave.SERVFAIL, "_domainkey.example.jp")
    assert seen(look(lab_context(server))).any_below is None


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_no_answer_at_all_is_unseen(server: DnsServer, behaviour: misbehave.Behaviour, expected: str) -> None:
    server.behave(behaviour)
    assert reason(look(lab_context(server, timeout=patience(expected)))) == expected


@pytest.mark.parametrize(
    ("record", "status", "key_type", "bits"),
    [
        (f"v=DKIM1; k=rsa; p={RSA}", "valid", "rsa", 2048),
        (f"p={RSA}", "valid", "rsa", 2048),
        (f"v=DKIM1; p={SHORT}; n=note; s=email; h=sha256", "valid", "rsa", 1024),
        (f"v=DKIM1; p={RSA[:40]} {RSA[40:]}", "valid", "rsa", 2048),
        (f"v=DKIM1; k=ed25519; p={ED25519}", "valid", "ed25519", 256),
        (f"v=DKIM1; t=y; p={RSA}", "testing", "rsa", 2048),
        (f"v=DKIM1; t=s:y; p={RSA}", "testing", "rsa", 2048),
        (f"v=DKIM1; t=s; p={RSA}", "valid", "rsa", 2048),
        ("v=DKIM1; p=", "revoked", "rsa", None),
        ("v=DKIM1; k=rsa", "invalid", "rsa", None),
        (f"v=DKIM2; p={RSA}", "invalid", "rsa", None),
        ("v=DKIM1; p=no base64!", "invalid", "rsa", None),
        ("v=DKIM1; p=AAAA", "invalid", "rsa", None),
        (f"v=DKIM1; p={CURVE}", "invalid", "rsa", None),
        (f"v=DKIM1; k=ed25519; p={RSA}", "invalid", "ed25519", None),
        (f"v=DKIM1; k=unheard; p={RSA}", "invalid", "unheard", None),
        (f"v=DKIM1; p={RSA}; p={RSA}", "invalid", "rsa", None),
        ("v=spf1 -all", "invalid", "rsa", None),
    ],
    ids=range(18),  # the keys are fresh: an id made from one would differ between workers
)
def test_reading_a_key(record: str, status: str, key_type: str, bits: int | None) -> None:
    assert read_key("s", record) == Selector(selector="s", status=status, key_type=key_type, bits=bits)


@given(st.text(max_size=120))
def test_reading_never_fails(text: str) -> None:
    assert read_key("s", text).status in {"valid", "revoked", "testing", "invalid"}


@pytest.mark.parametrize(
    ("hint", "selector"),
    [
        ("@ MX 0 example-jp.mail.protection.outlook.com.", "selector1-example-jp"),
        ("@ MX 0 example-jp.j-v1.mx.microsoft.", "selector2-example-jp"),
        ('@ TXT "v=spf1 include:1234567.spf04.hubspotemail.net -all"', "hs1-1234567"),
    ],
)
def test_a_selector_with_the_tenants_name_in_it(server: DnsServer, hint: str, selector: str) -> None:
    record = txt(f"{selector}._domainkey", f"v=DKIM1; k=rsa; p={RSA}")
    server.zone("example.jp", f"{hint}\n{record}")
    fact = seen(look(lab_context(server)))
    assert [found.selector for found in fact.selectors] == [selector]


def test_without_the_hint_it_is_not_asked(server: DnsServer) -> None:
    server.zone("example.jp", txt("selector1-example-jp._domainkey", f"v=DKIM1; k=rsa; p={RSA}"))
    fact = seen(look(lab_context(server)))
    assert (fact.selectors, fact.any_below) == ((), True)
    assert not [name for name in fact.selectors_checked if name.startswith("selector1-")]
