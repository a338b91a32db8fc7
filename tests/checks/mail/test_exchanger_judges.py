"""Judges of what others often run for the domain: complete verdicts, and whose machines they are about."""

from dataclasses import replace

import pytest

from posture.checks.mail import bimi, dane, exchangers_confirmed, starttls
from posture.checks.registry import area_checks
from posture.checks.runner import judge
from posture.core.facts.mail_bimi import MailBimi
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers, Reverse
from posture.core.facts.mail_starttls import MailStarttls, StarttlsHost
from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost
from posture.core.findings import Owner, Verdict, failed, not_applicable, passed, unknown
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from tests.support.dns_lab import NOW

GOOD = StarttlsHost(
    name="mx1.example.jp",
    address="192.0.2.1",
    offered=True,
    protocol="TLSv1.3",
    trusted=True,
    name_matches=True,
)
OTHER = replace(GOOD, name="mx2.example.net", address="192.0.2.2")
BARE = StarttlsHost(name="mx2.example.net", address="192.0.2.2", offered=False)
SILENT = replace(BARE, offered=None)


def hosts(*items: StarttlsHost) -> MailStarttls:
    return MailStarttls(hosts=items)


def told(verdicts: object) -> list[Verdict]:
    assert hasattr(verdicts, "__iter__")
    return [replace(verdict, machines=()) for verdict in verdicts]


@pytest.mark.parametrize(
    ("fact", "verdict", "machines"),
    [
        (hosts(GOOD, OTHER), passed("encrypted", hosts=("mx1.example.jp", "mx2.example.net")), [1, 2]),
        (hosts(GOOD, BARE), failed("not_offered", hosts=("mx2.example.net",)), [2]),
        (hosts(GOOD, SILENT), unknown("not_met", path="hosts.1.offered", hosts=("mx2.example.net",)), [2]),
        (hosts(SILENT, BARE), failed("not_offered", hosts=("mx2.example.net",)), [2]),
        (hosts(GOOD, replace(OTHER, trusted=False)), passed("unverified", hosts=("mx2.example.net",)), [2]),
        (hosts(replace(GOOD, name_matches=False)), passed("unverified", hosts=("mx1.example.jp",)), [1]),
        (hosts(), not_applicable("no_exchangers"), []),
    ],
)
def test_starttls(fact: MailStarttls, verdict: Verdict, machines: list[int]) -> None:
    (found,) = starttls.judge(fact)
    assert replace(found, machines=()) == verdict
    assert [int(str(machine.address).rpartition(".")[2]) for machine in found.machines] == machines


def mx(*reverse: Reverse) -> MailExchangers:
    host = Exchanger(preference=10, name="mx.example.jp", addresses=("192.0.2.1",), reverse=reverse)
    return MailExchangers(null_mx=False, hosts=(host,))


BACK = Reverse(address="192.0.2.1", names=("mx.example.jp",), confirmed=True)


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (mx(BACK), passed("confirmed", count=1)),
        (mx(BACK, replace(BACK, names=(), confirmed=False)),
         failed("nameless", servers=("mx.example.jp [192.0.2.1]",))),
        (mx(replace(BACK, confirmed=False)), failed("astray", servers=("mx.example.jp [192.0.2.1]",))),
        (mx(replace(BACK, names=None, confirmed=None)),
         unknown("unseen", path="hosts.0.reverse.0.confirmed")),
        (mx(replace(BACK, confirmed=None)), unknown("unseen", path="hosts.0.reverse.0.confirmed")),
        (mx(), not_applicable("no_exchangers")),
    ],
)  # fmt: skip
def test_exchangers_confirmed(fact: MailExchangers, verdict: Verdict) -> None:
    assert told(exchangers_confirmed.judge(fact)) == [verdict]


LOGO = MailBimi(
    status="valid", found_at="example.jp", logo="https://example.jp/l.svg", evidence=None, problems=()
)


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (LOGO, passed("published", logo="https://example.jp/l.svg")),
        (replace(LOGO, evidence="https://example.jp/v.pem"),
         passed("certified", logo="https://example.jp/l.svg", evidence="https://example.jp/v.pem")),
        (replace(LOGO, status="none", logo=None), not_applicable("none")),
        (replace(LOGO, status="declined", logo=None), not_applicable("declined")),
        (replace(LOGO, status="invalid", problems=("no-logo",)), failed("broken", problems=("no-logo",))),
        (replace(LOGO, status="temperror"), unknown("unseen", path="status")),
    ],
)  # fmt: skip
def test_bimi(fact: MailBimi, verdict: Verdict) -> None:
    assert list(bimi.judge(fact)) == [verdict]


def test_the_domains_own_missing_signature_is_not_the_providers() -> None:
    fact = MailTlsa(
        mx_status="insecure", hosts=(TlsaHost(name="mx.example.net", status="insecure", records=()),)
    )
    assert [verdict.machines for verdict in dane.judge(fact)] == [(Target(name="mx.example.net"),)]


@pytest.mark.parametrize(
    ("fact", "owner", "operators"),
    [
        (hosts(GOOD, BARE), Owner.PROVIDER, ("Somebody (mx2.example.net)",)),
        (hosts(replace(GOOD, offered=False)), Owner.SELF, None),
        (hosts(replace(GOOD, offered=False), BARE), Owner.SELF, ("Somebody (mx2.example.net)",)),
    ],
)
def test_a_finding_about_others_machines_is_theirs_and_names_them(
    fact: MailStarttls, owner: Owner, operators: tuple[str, ...] | None
) -> None:
    observation = Observation(
        kind=MailStarttls.KIND, target=Target(name="example.jp"), at=NOW, result=Seen(value=fact)
    )
    judged = judge(
        [observation],
        subject=Target(name="example.jp"),
        owner_of=lambda t: Owner.SELF if str(t.name).endswith("example.jp") else Owner.PROVIDER,
        operator_of=lambda t: f"Somebody ({t.name})",
        checks=[check for check in area_checks("mail") if check.card.check == "mail/starttls"],
    )
    (finding,) = judged.findings
    assert (finding.target, finding.owner) == (Target(name="example.jp"), owner)
    assert finding.arguments.get("operators") == operators
    assert judged.faults == ()


def test_what_was_not_met_has_its_reason() -> None:
    gap = Gap(path="hosts.0.offered", reason=Reason.BLOCKED)
    observation = Observation(
        kind=MailStarttls.KIND,
        target=Target(name="example.jp"),
        at=NOW,
        result=Seen(value=hosts(SILENT), gaps=(gap,)),
    )
    checks = [check for check in area_checks("mail") if check.card.check == "mail/starttls"]
    judged = judge(
        [observation], subject=Target(name="example.jp"), owner_of=lambda _: Owner.SELF, checks=checks
    )
    assert [(f.message, f.reason) for f in judged.findings] == [("not_met", Reason.BLOCKED)]
