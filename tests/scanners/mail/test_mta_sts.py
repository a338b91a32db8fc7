"""`mail.mta_sts`: record, policy host, policy; what cannot be fetched is temporary, not absent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import mta_sts
from scanners.mail.mta_sts import NOTES, covers, read_policy
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, seen
from tests.support.dns_server import DnsServer
from tests.support.mail_certificates import Authority
from tests.support.web import Behaviour, Server, page, redirect, saying, stalling

POLICY = b"version: STSv1\nmode: enforce\nmx: mx.example.jp\nmx: *.example.net\nmax_age: 604800\n"
RECORD = '_mta-sts TXT "v=STSv1; id=20261101"\n'
ZONE = "@ MX 10 mx\nmx A 127.0.0.25\nmta-sts A 127.0.0.1\n"
TEXT = "Content-Type: text/plain; charset=utf-8"
VALID = MailMtaSts(
    status="valid", mode="enforce", max_age=604800, mx=("mx.example.jp", "*.example.net"), problems=()
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE + RECORD)
        yield server


def look(context: Context) -> Observation[MailMtaSts]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.mta_sts", target, mta_sts.look(c, "example.jp")))


def fetched(
    dns: DnsServer,
    authority: Authority,
    behaviour: Behaviour,
    *,
    name: str = "mta-sts.example.jp",
    trust: Path | None = None,
    seconds: float = 10.0,
) -> Observation[MailMtaSts]:
    with Server(_any_path(behaviour), authority.server(name)) as web:
        route = f"mta-sts.example.jp:443=127.0.0.1:{web.port}"
        return look(
            lab_context(dns, routes=[route], timeout=seconds, trust_store=trust or authority.certificate)
        )


def _any_path(behaviour: Behaviour) -> Behaviour:
    """`saying` numbers its answers by path; here there is one path, and it has to be the right one."""

    def behave(conn: object, head: bytes) -> None:
        assert head.startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n"), head
        behaviour(conn, b"GET /0 HTTP/1.1")  # type: ignore[arg-type]

    return behave


def test_a_valid_policy(server: DnsServer, authority: Authority) -> None:
    assert seen(fetched(server, authority, saying(page(POLICY, TEXT)))) == VALID


def test_no_record(server: DnsServer) -> None:
    server.zone("example.jp", ZONE)
    assert seen(look(lab_context(server))) == MailMtaSts(
        status="none", mode=None, max_age=None, mx=(), problems=()
    )


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ('_mta-sts TXT "v=STSv1; id=1"\n_mta-sts TXT "v=STSv1; id=2"', "several-records"),
        ('_mta-sts TXT "v=STSv1"', "bad-id"),
        ('_mta-sts TXT "v=STSv1; id=2026-11-01"', "bad-id"),
        (f'_mta-sts TXT "v=STSv1; id={"1" * 33}"', "bad-id"),
        ('_mta-sts TXT "v=STSv1; id=1; nonsense"', "record-syntax"),
    ],
)
def test_a_bad_record_is_no_policy(server: DnsServer, records: str, problem: str) -> None:
    server.zone("example.jp", ZONE + records.replace(";", "\\;") + "\n")
    fact = seen(look(lab_context(server)))
    assert (fact.status, fact.problems) == ("invalid", (problem,))


@pytest.mark.parametrize("version", ["v=STSv2; id=1", "V=stsv1; id=1", "spf"])
def test_other_texts_are_no_records(server: DnsServer, version: str) -> None:
    server.zone("example.jp", ZONE + f'_mta-sts TXT "{version}"\n')
    assert seen(look(lab_context(server))).status == "none"


def test_exchangers_the_policy_does_not_name(server: DnsServer, authority: Authority) -> None:
    server.zone("example.jp", ZONE + RECORD + "@ MX 20 a.example.net.\n@ MX 30 b.c.example.net.\n")
    fact = seen(fetched(server, authority, saying(page(POLICY, TEXT))))
    assert (fact.status, fact.uncovered) == ("valid", ("b.c.example.net",))


def test_exchangers_that_could_not_be_asked(server: DnsServer, authority: Authority) -> None:
    server.behave(misbehave.SERVFAIL, "example.jp", "MX")
    observation = fetched(server, authority, saying(page(POLICY, TEXT)))
    assert (seen(observation).uncovered, gaps(observation)) == (None, {"uncovered": "dns-failure"})


def test_a_policy_host_that_does_not_exist(server: DnsServer) -> None:
    server.zone("example.jp", RECORD)
    fact = seen(look(lab_context(server)))
    assert (fact.status, fact.problems) == ("invalid", ("no-policy-host",))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (page(b"", status="404 Not Found"), "http-status:404"),
        (redirect("https://mta-sts.example.net/.well-known/mta-sts.txt"), "http-status:301"),
        (page(b"<html>", TEXT), "syntax"),
    ],
)
def test_answers_that_are_no_policy(
    server: DnsServer, authority: Authority, answer: bytes, problem: str
) -> None:
    fact = seen(fetched(server, authority, saying(answer)))
    assert fact.status == "invalid"
    assert fact.problems[0] == problem


def test_the_media_type_is_only_noted(server: DnsServer, authority: Authority) -> None:
    fact = seen(fetched(server, authority, saying(page(POLICY, "Content-Type: text/html"))))
    assert (fact.status, fact.problems) == ("valid", ("content-type",))


def test_a_certificate_nobody_trusts(server: DnsServer, authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    observation = fetched(server, authority, saying(page(POLICY)), trust=stranger.certificate)
    assert (seen(observation).status, seen(observation).problems) == ("invalid", ("certificate",))


def test_a_certificate_for_another_name(server: DnsServer, authority: Authority) -> None:
    observation = fetched(server, authority, saying(page(POLICY)), name="www.example.jp")
    assert (seen(observation).status, seen(observation).problems) == ("invalid", ("certificate",))


def test_half_of_a_long_policy_is_none(server: DnsServer, authority: Authority) -> None:
    observation = fetched(server, authority, saying(page(POLICY + b"mx: x.example.jp\n" * 100_000, TEXT)))
    assert (seen(observation).problems, seen(observation).mx) == (("too-long",), ())


def test_a_host_that_stalls(server: DnsServer, authority: Authority) -> None:
    with stalling(b"HTTP/1.1 200 OK\r\n") as behaviour:
        observation = fetched(server, authority, behaviour, seconds=1.0)
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": "timeout"})


def test_a_host_that_hangs_up(server: DnsServer, authority: Authority) -> None:
    observation = fetched(server, authority, lambda _conn, _head: None)
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": "reset"})


def test_a_host_that_talks_nonsense(server: DnsServer, authority: Authority) -> None:
    observation = fetched(server, authority, lambda conn, _head: conn.sendall(b"hello?\r\n\r\n"))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": "protocol-garbage"})


def test_nobody_listens(server: DnsServer) -> None:
    observation = look(lab_context(server, routes=["mta-sts.example.jp:443=127.0.0.1:1"]))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": "refused"})


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
@pytest.mark.parametrize("name", ["_mta-sts.example.jp", "mta-sts.example.jp"])
def test_a_failed_lookup_is_temporary(
    server: DnsServer, behaviour: misbehave.Behaviour, expected: str, name: str
) -> None:
    server.behave(behaviour, name)
    observation = look(lab_context(server, timeout=patience(expected)))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": expected})


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (POLICY, ()),
        (POLICY.replace(b"\n", b"\r\n"), ()),
        (POLICY.rstrip(b"\n"), ()),
        (POLICY + b"future-key: anything\n", ()),
        (b"version: STSv1\nmode: none\nmax_age: 86400\n", ()),
        (b"version:STSv1\nmode:   testing \nmx:mx.example.jp\nmax_age:0", ()),
        (POLICY.replace(b"STSv1", b"STSv2"), ("bad-version",)),
        (POLICY.replace(b"enforce", b"on"), ("bad-mode",)),
        (POLICY.replace(b"604800", b"-1"), ("bad-max-age",)),
        (POLICY.replace(b"604800", b"31557601"), ("bad-max-age",)),
        (POLICY.replace(b"604800", b"31557600"), ()),
        (b"version: STSv1\nmode: enforce\nmax_age: 86400\n", ("no-mx",)),
        (POLICY.replace(b"mx.example.jp", b"mx..jp"), ("bad-mx",)),
        (POLICY.replace(b"mx.example.jp", b"*"), ("bad-mx",)),
        (POLICY + b"mode: none\n", ("key-twice",)),
        (POLICY.replace(b"version", b"Version"), ("bad-version",)),
        (POLICY.replace(b"\n", b"\r\r\n"), ("syntax", "bad-version", "bad-mode", "bad-max-age", "no-mx")),
        (POLICY + b"x" * 33 + b": too long a key\n", ("syntax",)),
        (POLICY + b"a line without colon\n", ("syntax",)),
        (b"", ("bad-version", "bad-mode", "bad-max-age", "no-mx")),
    ],
)
def test_the_policy_file(body: bytes, problems: tuple[str, ...]) -> None:
    fact = read_policy(body.decode())
    assert (fact.status, fact.problems) == ("valid" if NOTES.issuperset(problems) else "invalid", problems)


@pytest.mark.parametrize(
    ("patterns", "name", "covered"),
    [
        (("mx.example.jp",), "mx.example.jp", True),
        (("*.example.jp",), "mx.example.jp", True),
        (("*.example.jp",), "example.jp", False),
        (("*.example.jp",), "a.mx.example.jp", False),
        (("mx.example.jp",), "mx2.example.jp", False),
    ],
)
def test_a_pattern_stands_for_one_label(patterns: tuple[str, ...], name: str, *, covered: bool) -> None:
    assert covers(patterns, name) is covered
