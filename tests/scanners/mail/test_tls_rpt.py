"""`mail.tls_rpt`: the record and its address."""

from collections.abc import Iterator

import pytest

from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import tls_rpt
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, seen
from tests.support.dns_server import DnsServer


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def look(context: Context) -> Observation[MailTlsRpt]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.tls_rpt", target, tls_rpt.look(c, "example.jp")))


@pytest.mark.parametrize(
    ("records", "status", "rua", "problems"),
    [
        ([], "none", (), ()),
        (["v=TLSRPTv1; rua=mailto:t@example.jp"], "valid", ("mailto:t@example.jp",), ()),
        (["v=TLSRPTv1;rua=mailto:t@example.jp,https://example.jp/t"], "valid",
         ("mailto:t@example.jp", "https://example.jp/t"), ()),
        (["v=TLSRPTv1; rua=mailto:t@example.jp", "hello"], "valid", ("mailto:t@example.jp",), ()),
        (["v=TLSRPTv1; rua=mailto:t@example.jp, ftp://x"], "valid", ("mailto:t@example.jp",), ("bad-uri",)),
        (["v=TLSRPTv1; rua=t@example.jp"], "invalid", (), ("bad-uri",)),
        (["v=TLSRPTv1"], "invalid", (), ("bad-uri",)),
        (["v=TLSRPTv1; rua=mailto:a@example.jp", "v=TLSRPTv1; rua=mailto:b@example.jp"], "invalid", (),
         ("several-records",)),
        (["v=TLSRPTv2; rua=mailto:t@example.jp"], "none", (), ()),
    ],
)  # fmt: skip
def test_records(
    server: DnsServer, records: list[str], status: str, rua: tuple[str, ...], problems: tuple[str, ...]
) -> None:
    server.zone("example.jp", "\n".join(f'_smtp._tls TXT "{record}"' for record in records))
    assert seen(look(lab_context(server))) == MailTlsRpt(status=status, rua=rua, problems=problems)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_a_failure_is_temporary(server: DnsServer, behaviour: misbehave.Behaviour, expected: str) -> None:
    server.behave(behaviour)
    observation = look(lab_context(server, timeout=patience(expected)))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": expected})
