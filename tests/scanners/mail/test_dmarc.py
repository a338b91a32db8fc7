"""`mail.dmarc`: a table of cases from RFC 9989, each with the section it tests, and the failures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import dmarc
from scanners.mail.dmarc_record import is_dmarc, read_dmarc
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, seen
from tests.support.dns_server import DnsServer

RUA = "rua=mailto:d@example.jp"


@dataclass(frozen=True, kw_only=True)
class Case:
    """TXT records by name, the domain asked, and what of the fact has to come out."""

    section: str
    name: str
    records: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    domain: str = "example.jp"
    expect: Mapping[str, object] = field(default_factory=dict)


def own(section: str, name: str, *records: str, **expect: object) -> Case:
    """A case with records at the domain itself."""
    return Case(section=section, name=name, records={"_dmarc.example.jp": records}, expect=expect)


def valid(section: str, name: str, record: str, policy: str, *problems: str, **expect: object) -> Case:
    fixed = {"status": "valid", "policy": policy, "problems": problems} | expect
    return Case(section=section, name=name, records={"_dmarc.example.jp": record}, expect=fixed)


def at(section: str, name: str, domain: str, records: Mapping[str, str], **expect: object) -> Case:
    """A case about the tree: records by domain, without `_dmarc`."""
    named = {f"_dmarc.{where}": record for where, record in records.items()}
    return Case(section=section, name=name, records=named, domain=domain, expect=expect)


REJECT = f"v=DMARC1; p=reject; {RUA}"
DEEP = "a.b.c.d.e.f.g.h.i.j.mail.example.jp"

CASES = [
    # §4.7: the tags and their values.
    valid("4.7", "reject", REJECT, "reject", subdomain_policy="reject", nonexistent_policy="reject"),
    valid("4.7", "quarantine", f"v=DMARC1; p=quarantine; {RUA}", "quarantine"),
    valid("4.7", "none", f"v=DMARC1; p=none; {RUA}", "none"),
    valid("4.7", "sp rules subdomains", f"v=DMARC1; p=reject; sp=none; {RUA}", "reject",
          subdomain_policy="none", nonexistent_policy="none"),
    valid("4.7", "np rules names that do not exist", f"v=DMARC1; p=none; np=reject; {RUA}", "none",
          subdomain_policy="none", nonexistent_policy="reject"),
    valid("4.7", "sp and np", f"v=DMARC1; p=reject; sp=quarantine; np=none; {RUA}", "reject",
          subdomain_policy="quarantine", nonexistent_policy="none"),
    valid("4.7", "t=y is test mode", f"v=DMARC1; p=reject; t=y; {RUA}", "reject", testing=True),
    valid("4.7", "t=n is the default", f"v=DMARC1; p=reject; t=n; {RUA}", "reject", testing=False),
    valid("4.7", "a wrong t is ignored", f"v=DMARC1; p=reject; t=maybe; {RUA}", "reject",
          "bad-value:t", testing=False),
    valid("4.7", "strict alignment", f"v=DMARC1; p=reject; adkim=s; aspf=s; {RUA}", "reject",
          strict_dkim=True, strict_spf=True),
    valid("4.7", "relaxed alignment", f"v=DMARC1; p=reject; adkim=r; aspf=r; {RUA}", "reject",
          strict_dkim=False, strict_spf=False),
    valid("4.7", "a wrong alignment is ignored", f"v=DMARC1; p=reject; adkim=x; aspf=; {RUA}", "reject",
          "bad-value:adkim", "bad-value:aspf", strict_dkim=False),
    valid("4.7", "no rua: no aggregate reports", "v=DMARC1; p=reject", "reject", "no-reports", rua=()),
    valid("4.7", "two report addresses", "v=DMARC1; p=reject; rua=mailto:a@example.jp,mailto:b@example.jp",
          "reject", rua=("mailto:a@example.jp", "mailto:b@example.jp")),
    valid("4.7", "any scheme is a valid URI", "v=DMARC1; p=reject; rua=https://example.jp/d", "reject",
          rua=("https://example.jp/d",)),
    valid("4.7", "ruf", f"v=DMARC1; p=reject; {RUA}; ruf=mailto:f@example.jp", "reject",
          ruf=("mailto:f@example.jp",)),
    valid("4.7", "fo", f"v=DMARC1; p=reject; fo=d:s; {RUA}", "reject"),
    valid("4.7", "a wrong fo is ignored", f"v=DMARC1; p=reject; fo=2; {RUA}", "reject", "bad-value:fo"),
    valid("4.7", "unknown tags are ignored", f"v=DMARC1; p=reject; future=1; {RUA}", "reject",
          "unknown-tag:future"),
    valid("4.7", "a wrong psd is the default", f"v=DMARC1; p=reject; psd=x; {RUA}", "reject",
          "bad-value:psd"),
    valid("4.7", "syntax errors after the version are ignored", f"v=DMARC1; p=reject; ???; {RUA}", "reject",
          "syntax"),
    valid("4.7", "pct is gone", f"v=DMARC1; p=reject; pct=0; {RUA}", "reject", "removed-tag:pct"),
    valid("4.7", "rf and ri are gone", f"v=DMARC1; p=reject; rf=afrf; ri=86400; {RUA}", "reject",
          "removed-tag:rf", "removed-tag:ri"),
    own("4.7", "v has to be first", f"p=reject; v=DMARC1; {RUA}", status="none"),
    own("4.7", "v is case sensitive", f"v=dmarc1; p=reject; {RUA}", status="none", problems=("bad-version",)),
    own("4.7", "another version is no record", f"v=DMARC2; p=reject; {RUA}", status="none",
        problems=("bad-version",)),
    own("4.7", "a record that begins with a space is no record", f" v=DMARC1; p=reject; {RUA}",
        status="none", problems=("leading-space",)),
    # §4.8: the grammar.
    valid("4.8", "spaces round equals and semicolons", f"v = DMARC1 ; p = reject ;{RUA} ", "reject"),
    valid("4.8", "a semicolon at the end", REJECT + ";", "reject"),
    valid("4.8", "no space at all", REJECT.replace(" ", ""), "reject"),
    valid("4.8", "tags in any order", f"v=DMARC1; {RUA}; p=reject", "reject"),
    valid("4.8", "values in capitals", f"v=DMARC1; P=Reject; {RUA}", "reject"),
    valid("4.8", "tabs", REJECT.replace(" ", "\\009"), "reject"),
    valid("4.8", "spaces round commas", "v=DMARC1; p=reject; rua=mailto:a@example.jp , mailto:b@example.jp",
          "reject", rua=("mailto:a@example.jp", "mailto:b@example.jp")),
    valid("4.8", "a size limit of RFC 7489 is cut off", f"v=DMARC1; p=reject; {RUA}!10m", "reject",
          "size-limit:rua", rua=("mailto:d@example.jp",)),
    valid("4.8", "an exclamation mark has to be encoded", f"v=DMARC1; p=reject; {RUA},mailto:a!b@example.jp",
          "reject", "bad-uri:rua", rua=("mailto:d@example.jp",)),
    valid("4.8", "an address is no URI", "v=DMARC1; p=reject; rua=d@example.jp", "reject",
          "no-reports", "bad-uri:rua", rua=()),
    valid("4.8", "a tag twice: the first counts", f"v=DMARC1; p=reject; p=none; {RUA}", "reject",
          "tag-twice:p"),
    # §4.10.1: policy discovery.
    own("4.10.1", "no record", status="none", problems=()),
    own("4.10.1", "two records are none", REJECT, f"v=DMARC1; p=none; {RUA}", status="invalid",
        problems=("several-records",)),
    own("4.10.1", "other texts do not disturb", REJECT, "hello", status="valid", policy="reject",
        problems=("unrelated-record",)),
    own("4.10.1", "an SPF record in its place", "v=spf1 -all", status="none", problems=("spf-in-place",)),
    own("4.10.1", "no p, but reports: none", f"v=DMARC1; {RUA}", status="valid", policy="none",
        problems=("no-policy",)),
    own("4.10.1", "no p and no reports: ignored", "v=DMARC1", status="invalid", policy=None,
        problems=("no-policy", "no-reports")),
    own("4.10.1", "a wrong p, but reports: none", f"v=DMARC1; p=block; {RUA}", status="valid", policy="none",
        problems=("bad-value:p",)),
    own("4.10.1", "a wrong p and no reports: ignored", "v=DMARC1; p=block", status="invalid", policy=None,
        problems=("bad-value:p", "no-reports")),
    own("4.10.1", "a wrong sp, but reports: none for all", f"v=DMARC1; p=reject; sp=block; {RUA}",
        status="valid", policy="none", subdomain_policy="none", problems=("bad-value:sp",)),
    own("4.10.1", "a wrong np and no reports: ignored", "v=DMARC1; p=reject; np=block", status="invalid",
        policy=None, problems=("bad-value:np", "no-reports")),
    own("4.10.1", "a report URI that is none does not help", "v=DMARC1; p=block; rua=d@example.jp",
        status="invalid", problems=("bad-value:p", "no-reports", "bad-uri:rua")),
    at("4.10.1", "a subdomain inherits sp", "shop.example.jp",
       {"example.jp": f"v=DMARC1; p=reject; sp=quarantine; {RUA}"},
       status="valid", policy="quarantine", found_at="example.jp", organizational_domain="example.jp"),
    at("4.10.1", "a subdomain inherits p without sp", "shop.example.jp", {"example.jp": REJECT},
       policy="reject", found_at="example.jp"),
    at("4.10.1", "the domain's own record wins", "shop.example.jp",
       {"example.jp": REJECT, "shop.example.jp": f"v=DMARC1; p=none; {RUA}"},
       policy="none", found_at="shop.example.jp", organizational_domain="example.jp"),
    at("4.10.1", "sp of a record below the organization is ignored", "shop.example.jp",
       {"example.jp": REJECT, "shop.example.jp": f"v=DMARC1; p=reject; sp=none; {RUA}"},
       policy="reject", subdomain_policy="reject"),
    at("4.10.1", "records between domain and organization are not used", "a.shop.example.jp",
       {"example.jp": REJECT, "shop.example.jp": f"v=DMARC1; p=none; {RUA}"},
       policy="reject", found_at="example.jp"),
    at("4.10.1", "an unusable own record ends the search", "shop.example.jp",
       {"example.jp": REJECT, "shop.example.jp": "v=DMARC1; p=block"},
       status="invalid", policy=None, found_at="shop.example.jp"),
    at("4.10.1", "a public suffix's policy", "example.jp",
       {"jp": "v=DMARC1; p=reject; sp=quarantine; psd=y; rua=mailto:d@jp"},
       status="valid", policy="quarantine", found_at="jp", organizational_domain="example.jp"),
    at("4.10.1", "not for an organization with its own record", "example.jp",
       {"jp": "v=DMARC1; p=reject; psd=y; rua=mailto:d@jp", "example.jp": f"v=DMARC1; p=none; {RUA}"},
       policy="none", found_at="example.jp", organizational_domain="example.jp"),
    # §4.10.2: the organizational domain.
    at("4.10.2", "the fewest labels win", "a.mail.example.jp",
       {"mail.example.jp": REJECT, "example.jp": REJECT}, organizational_domain="example.jp"),
    at("4.10.2", "psd=n ends the walk", "a.mail.example.jp",
       {"mail.example.jp": f"v=DMARC1; p=none; psd=n; {RUA}", "example.jp": REJECT},
       organizational_domain="mail.example.jp", policy="none", found_at="mail.example.jp"),
    at("4.10.2", "psd=y: one label below", "a.mail.example.jp",
       {"jp": "v=DMARC1; p=none; psd=y; rua=mailto:d@jp"}, organizational_domain="example.jp"),
    at("4.10.2", "psd=y of the starting name does not count", "example.jp",
       {"example.jp": f"v=DMARC1; p=reject; psd=y; {RUA}"}, organizational_domain="example.jp"),
    at("4.10.2", "psd=y in the middle ends the walk", "a.mail.example.jp",
       {"example.jp": f"v=DMARC1; p=reject; psd=y; {RUA}", "jp": REJECT},
       organizational_domain="mail.example.jp"),
    at("4.10.2", "without records the domain itself", "a.mail.example.jp", {},
       organizational_domain="a.mail.example.jp", status="none"),
    at("4.10.2", "a top-level record without psd is the organization's", "example.jp", {"jp": REJECT},
       organizational_domain="jp", found_at="jp"),
    # §4.10: the walk.
    at("4.10", "a long name skips to seven labels", DEEP, {"g.h.i.j.mail.example.jp": REJECT},
       found_at="g.h.i.j.mail.example.jp"),
    at("4.10", "what lies between is never asked", DEEP, {"f.g.h.i.j.mail.example.jp": REJECT},
       status="none"),
    at("4.10", "a long name's own record is found", DEEP, {DEEP: REJECT}, found_at=DEEP),
]  # fmt: skip


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def look(context: Context, domain: str = "example.jp") -> Observation[MailDmarc]:
    return ask(context, lambda c: observe(c, "mail.dmarc", Target(name=domain), dmarc.look(c, domain)))


def publish(server: DnsServer, records: Mapping[str, str | tuple[str, ...]]) -> None:
    """Put TXT records into the zone `jp`, or a zone of their own for other names."""
    lines: dict[str, list[str]] = {"jp": []}
    for name, found in records.items():
        apex = "jp" if name.endswith(".jp") else name
        for record in (found,) if isinstance(found, str) else found:
            lines.setdefault(apex, []).append(f'{name}. TXT "{record}"')
    for apex, text in lines.items():
        server.zone(apex, "\n".join(text))


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section} {case.name}")
def test_case(server: DnsServer, case: Case) -> None:
    publish(server, case.records)
    observation = look(lab_context(server), case.domain)
    fact = seen(observation)
    assert {name: getattr(fact, name) for name in case.expect} == case.expect
    assert gaps(observation) == {}


def test_the_names_of_a_long_walk() -> None:
    assert list(dmarc.walk_names(DEEP)) == [
        DEEP,
        "g.h.i.j.mail.example.jp",
        "h.i.j.mail.example.jp",
        "i.j.mail.example.jp",
        "j.mail.example.jp",
        "mail.example.jp",
        "example.jp",
        "jp",
    ]


@given(st.lists(st.sampled_from(["a", "bb", "c-c"]), min_size=1, max_size=20))
def test_no_walk_asks_more_than_eight_names(labels: list[str]) -> None:
    names = list(dmarc.walk_names(".".join(labels)))
    assert names[0] == ".".join(labels)
    assert len(names) == min(len(labels), 8)
    assert names[-1] == labels[-1]


@given(st.text(max_size=200))
def test_reading_never_fails(text: str) -> None:
    record = read_dmarc("v=DMARC1;" + text)
    assert record.policy in {"none", "quarantine", "reject"}


@given(st.text(alphabet="vV=DMARC1dmarc ;\t", max_size=12))
def test_only_the_exact_version_is_a_record(text: str) -> None:
    head = text.partition(";")[0]
    expected = head.replace("\t", " ").replace(" ", "") == "v=DMARC1" and head[:1] == "v"
    inner = head.replace("\t", " ")
    whole = expected and "DMARC1" in inner and inner.split("=", 1)[0].strip() == "v"
    assert is_dmarc(text) is whole


# Reports to others (RFC 9990 §4).

EXTERNAL = "v=DMARC1; p=reject; rua=mailto:d@reports.example.net"


@pytest.mark.parametrize(
    ("extra", "unconfirmed"),
    [
        ({}, ("reports.example.net",)),
        ({"example.jp._report._dmarc.reports.example.net": "v=DMARC1"}, ()),
        ({"example.jp._report._dmarc.reports.example.net": "v=DMARC1; rua=mailto:x@example.net"}, ()),
        ({"*._report._dmarc.reports.example.net": "v=DMARC1"}, ()),
        ({"example.jp._report._dmarc.reports.example.net": "yes"}, ("reports.example.net",)),
    ],
)
def test_reports_to_another_organization(
    server: DnsServer, extra: Mapping[str, str], unconfirmed: tuple[str, ...]
) -> None:
    server.zone("example.net", "\n".join(f'{name}. TXT "{text}"' for name, text in extra.items()))
    publish(server, {"_dmarc.example.jp": EXTERNAL})
    assert seen(look(lab_context(server))).unconfirmed_reports == unconfirmed


def test_reports_within_the_organization_need_no_consent(server: DnsServer) -> None:
    records = {
        "_dmarc.shop.example.jp": "v=DMARC1; p=reject; rua=mailto:d@mail.example.jp",
        "_dmarc.example.jp": REJECT,
    }
    publish(server, records)
    assert seen(look(lab_context(server), "shop.example.jp")).unconfirmed_reports == ()


def test_a_consent_that_could_not_be_asked(server: DnsServer) -> None:
    publish(server, {"_dmarc.example.jp": EXTERNAL})
    server.behave(misbehave.SERVFAIL, "example.jp._report._dmarc.reports.example.net")
    observation = look(lab_context(server))
    assert seen(observation).unconfirmed_reports is None
    assert gaps(observation) == {"unconfirmed_reports": "dns-failure"}


def test_a_record_where_nobody_looks(server: DnsServer) -> None:
    publish(server, {"example.jp": REJECT})
    fact = seen(look(lab_context(server)))
    assert (fact.status, fact.problems) == ("none", ("at-the-domain-itself",))


# Failures.

FAILURES = [
    (misbehave.SERVFAIL, "dns-failure"),
    (misbehave.REFUSED, "dns-failure"),
    (misbehave.SILENT, "timeout"),
    (misbehave.GARBAGE, "protocol-garbage"),
]


@pytest.mark.parametrize(("behaviour", "expected"), FAILURES)
@pytest.mark.parametrize("name", ["_dmarc.example.jp", "_dmarc.jp"])
def test_without_a_record_every_failure_on_the_way_is_temporary(
    server: DnsServer, behaviour: misbehave.Behaviour, expected: str, name: str
) -> None:
    publish(server, {})
    server.behave(behaviour, name)
    observation = look(lab_context(server, timeout=patience(expected)))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": expected})


def test_with_a_record_a_failure_above_only_hides_the_organization(server: DnsServer) -> None:
    publish(server, {"_dmarc.example.jp": REJECT})
    server.behave(misbehave.SERVFAIL, "_dmarc.jp")
    observation = look(lab_context(server))
    fact = seen(observation)
    assert (fact.status, fact.policy, fact.organizational_domain) == ("valid", "reject", None)
    assert gaps(observation) == {"organizational_domain": "dns-failure"}


def test_a_walk_that_stops_is_not_disturbed_by_what_lies_above(server: DnsServer) -> None:
    publish(server, {"_dmarc.example.jp": f"v=DMARC1; p=reject; psd=n; {RUA}"})
    server.behave(misbehave.SERVFAIL, "_dmarc.jp")
    observation = look(lab_context(server))
    assert (seen(observation).organizational_domain, gaps(observation)) == ("example.jp", {})
