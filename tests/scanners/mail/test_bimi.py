"""`mail.bimi`: the record, where it is found, and what is wrong with it."""

from collections.abc import Iterator

import pytest

from posture.core.facts.mail_bimi import MailBimi
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import bimi
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, seen
from tests.support.dns_server import DnsServer

LOGO = "https://example.jp/logo.svg"
EVIDENCE = "https://example.jp/vmc.pem"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def look(context: Context, domain: str = "example.jp") -> Observation[MailBimi]:
    return ask(context, lambda c: observe(c, "mail.bimi", Target(name=domain), bimi.look(c, domain)))


def fact(status: str, *problems: str, logo: str | None = None, evidence: str | None = None) -> MailBimi:
    found_at = None if status == "none" else "example.jp"
    return MailBimi(status=status, found_at=found_at, logo=logo, evidence=evidence, problems=problems)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], fact("none")),
        (["hello"], fact("none")),
        (["v=bimi1; l="], fact("none")),
        ([f"v=BIMI1; l={LOGO}"], fact("valid", logo=LOGO)),
        ([f"v=BIMI1; l={LOGO}; a={EVIDENCE};"], fact("valid", logo=LOGO, evidence=EVIDENCE)),
        ([f"v=BIMI1; l={LOGO}; a=; avp=brand"], fact("valid", logo=LOGO)),
        (["v=BIMI1; l=; a=;"], fact("declined")),
        (["v=BIMI1"], fact("invalid", "no-logo")),
        (["v=BIMI1; l=http://example.jp/l.svg"],
         fact("invalid", "bad-uri:l", logo="http://example.jp/l.svg")),
        ([f"v=BIMI1; l={LOGO}; a=vmc.pem"], fact("invalid", "bad-uri:a", logo=LOGO, evidence="vmc.pem")),
        ([f"v=BIMI1; l={LOGO}; ???"], fact("invalid", "syntax", logo=LOGO)),
        ([f"v=BIMI1; l={LOGO}", "v=BIMI1; l="], None),
    ],
)  # fmt: skip
def test_records(server: DnsServer, records: list[str], expected: MailBimi | None) -> None:
    server.zone("example.jp", "".join(f'default._bimi TXT "{r}"\n'.replace(";", "\\;") for r in records))
    found = seen(look(lab_context(server)))
    if expected is None:
        assert (found.status, found.problems) == ("invalid", ("several-records",))
    else:
        assert found == expected


def test_the_organizational_domain_stands_in(server: DnsServer) -> None:
    records = f'default._bimi TXT "v=BIMI1\\; l={LOGO}"\n_dmarc TXT "v=DMARC1\\; p=reject"\n'
    server.zone("example.jp", records + "shop A 127.0.0.1\n")
    found = seen(look(lab_context(server), "shop.example.jp"))
    assert (found.status, found.found_at) == ("valid", "example.jp")


def test_a_failure_is_no_absence(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL, "default._bimi.example.jp")
    observation = look(lab_context(server))
    assert seen(observation).status == "temperror"
    assert gaps(observation) == {"status": "dns-failure"}
