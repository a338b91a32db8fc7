"""Mail, file and directory services that begin in the clear: whether they offer TLS before a log-in."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from posture.checks.runner import judge as judge_all
from posture.checks.tls.clear_service_encrypted import judge
from posture.core.facts.tls_endpoint import PROTOCOLS
from posture.core.findings import Outcome, Owner, Verdict, failed, not_applicable, passed, unknown
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners.survey import STARTTLS
from tests.support.tls_facts import endpoint
from tests.support.tls_servers import NAME, canned, context, fact, observe

#: The service's word, its usual port and its name in every language.
SERVICES = [
    ("pop3", 110, "POP3"),
    ("imap", 143, "IMAP"),
    ("smtp", 587, "SMTP submission"),
    ("ftp", 21, "FTP"),
    ("ldap", 389, "LDAP"),
    ("ldap", 3268, "LDAP"),
    ("xmpp", 5222, "XMPP"),
    ("mysql", 3306, "MySQL"),
    ("postgres", 5432, "PostgreSQL"),
]
NONE: dict[str, bool | None] = dict.fromkeys(PROTOCOLS, False)
DECLINED: dict[str, Any] = {
    "protocols": NONE,
    "refusals": dict.fromkeys(PROTOCOLS, "starttls-not-offered"),
    "behaviour": {"starttls_offered": False},
}


@pytest.mark.parametrize(("protocol", "port", "name"), SERVICES)
def test_each_service_is_judged_by_what_it_said(protocol: str, port: int, name: str) -> None:
    where: dict[str, Any] = {"starttls": protocol, "port": port}
    assert list(judge(endpoint(**where))) == [passed("offered", service=name, number=port)]
    declined = failed("not_offered", service=name, number=port)
    assert list(judge(endpoint(**where, **DECLINED))) == [declined]


CLEAR = "tls/clear_service_encrypted"
OFFERED = passed("offered", service="IMAP", number=143)
NOT_AGREED = unknown("not_agreed", path="protocols", service="IMAP", number=143)
IMAP: dict[str, Any] = {"starttls": "imap"}
RESET: dict[str, Any] = {"protocols": NONE, "refusals": dict.fromkeys(PROTOCOLS, "reset")}

CASES: list[tuple[dict[str, Any], list[Verdict]]] = [
    ({"starttls": None}, [not_applicable("no_clear_port")]),
    ({"starttls": None, "port": 993}, [not_applicable("no_clear_port")]),
    ({"starttls": "rdp", "port": 3389, **DECLINED}, [not_applicable("no_clear_port")]),
    ({"starttls": "smtp", "port": 25, **DECLINED}, [not_applicable("between_servers")]),
    (IMAP | {"protocols": NONE | {"TLSv1.0": True}}, [OFFERED]),
    (IMAP | {"depth": "contact"}, [OFFERED]),
    (IMAP | {"protocols": dict.fromkeys(PROTOCOLS, None)}, [NOT_AGREED]),
    (IMAP | {"protocols": {}}, [NOT_AGREED]),
    # One version unseen, or refused by an alert: TLS was begun, so this is no “not offered”.
    (IMAP | DECLINED | {"protocols": NONE | {"TLSv1.3": None}}, [NOT_AGREED]),
    (IMAP | RESET, [NOT_AGREED]),
    (IMAP | DECLINED | {"refusals": {"TLSv1.2": "starttls-not-offered"}}, [NOT_AGREED]),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_what_was_not_said_is_neither_good_nor_bad(changes: dict[str, Any], expected: list[Verdict]) -> None:
    assert list(judge(endpoint(**{"port": 143} | changes))) == expected


@pytest.mark.parametrize(
    ("where", "check"),
    [
        *(
            ({"starttls": protocol, "port": port}, "tls/clear_service_encrypted")
            for protocol, port, _ in SERVICES
        ),
        ({"starttls": "rdp", "port": 3389}, "tls/modern_protocol"),
        ({"starttls": "xmpp-server", "port": 5269}, "tls/modern_protocol"),
        ({"starttls": "smtp", "port": 25}, "tls/modern_protocol"),
        ({"starttls": "smtp", "port": 25, "role": "mx"}, None),  # mail/starttls says it of the domain
    ],
)
def test_a_clear_port_without_tls_is_one_finding(where: dict[str, Any], check: str | None) -> None:
    fact = endpoint(**where, **DECLINED, certificates=None, trust=None, hostname_matches=None)
    target = Target(name=NAME, address=fact.address, port=fact.port)
    seen = Observation(kind=fact.KIND, target=target, at=fact.at, result=Seen(value=fact))
    judged = judge_all([seen], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    outcomes = {each.check: each.outcome for each in judged.findings if each.check.startswith("tls/")}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.FAIL} == {check} - {None}
    assert set(outcomes.values()) <= {Outcome.FAIL, Outcome.NOT_APPLICABLE}


def test_the_survey_asks_every_service_that_is_judged() -> None:
    assert {(protocol, port) for protocol, port, _ in SERVICES} | {
        *(("smtp", 25), ("rdp", 3389), ("xmpp-server", 5269))
    } == {(protocol, port) for port, protocol in STARTTLS.items()}


def test_a_directory_that_declines_is_judged_from_the_wire(tmp_path: Path) -> None:
    """One StartTLS request, no bind; the answer is protocolError (RFC 4511 §4.14)."""
    asked: list[bytes] = []

    async def declines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readexactly(31))
        writer.write(bytes.fromhex("300c02010178070a010204000400"))
        await writer.drain()
        assert await reader.read() == b""

    async def run() -> list[Verdict]:
        async with canned(declines) as server:
            seen = fact(await observe(server, context(folder=tmp_path, timeout=0.4), starttls="ldap"))
            return [*judge(seen), *judge(endpoint(starttls="ldap", port=seen.port, **DECLINED))]

    seen, expected = asyncio.run(run())
    assert seen == expected
    assert set(asked) == {b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"}
