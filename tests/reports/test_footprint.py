"""Both audiences read whose each host is, why, who runs it, and what the consent took out."""

from dataclasses import replace
from typing import Any

import pytest

from posture.checks.footprint import footprint
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.facts.footprint_host import SIGNS, FootprintHost, Sign
from posture.core.findings import Owner
from posture.core.observations import Observation, Seen
from posture.core.scope import Scope
from posture.core.targets import Target
from reports import text, view
from reports.blocks import Notice, Paragraph, Table
from reports.say import Say
from reports.sections import footprint as section
from tests.reports.test_reports import pages
from tests.support import golden
from tests.support.sample_assessment import START, sample

SENTENCES = {
    "en": (
        "sakura-seiki.example, www.sakura-seiki.example: named in the consent (sakura-seiki.example).",
        "In 203.0.113.0/28, a range of the consent.",
        "Takes mail for sakura-seiki.example (MX mx1.mailhost.example).",
        "service provider (nothing in the consent names it)",
        "old.sakura-seiki.example, 203.0.113.14/32: not scanned, and nothing was sent there.",
    ),
    "ja": (
        "sakura-seiki.example、www.sakura-seiki.example：同意書に記載（sakura-seiki.example）。",
        "同意書のアドレス範囲 203.0.113.0/28 に含まれます。",
        "sakura-seiki.example 宛てのメールを受信します（MX mx1.mailhost.example）。",
        "委託先〔同意書に記載なし〕",
        "old.sakura-seiki.example、203.0.113.14/32：診断しておらず、これらへの通信もありません。",
    ),
}


def blocks(item: Assessment, language: str = "en") -> list[Any]:
    say = Say(text.load(Language(language)), golden.catalogue())
    return list(section.section(view.build(item, golden.catalogue()), say).blocks)


def with_hosts(*hosts: FootprintHost) -> Assessment:
    kept = [obs for obs in sample().observations if obs.kind != FootprintHost.KIND]
    told = [
        Observation(kind=FootprintHost.KIND, target=Target(), at=START, result=Seen(value=host))
        for host in hosts
    ]
    return replace(golden.assessment(), observations=(*kept, *told))


def host(**changes: Any) -> FootprintHost:
    given: dict[str, Any] = {
        "address": "203.0.113.99",
        "names": ("www.sakura-seiki.example",),
        "owner": Owner.SELF,
        "why": "consented-name",
        "detail": "www.sakura-seiki.example",
        "signs": (Sign(how="named", what="www.sakura-seiki.example", via="sakura-seiki.example"),),
        "asked": ("tls", "web"),
        "excluded": False,
    }
    return FootprintHost(**(given | changes))


@pytest.mark.parametrize("language", list(SENTENCES))
@pytest.mark.parametrize("audience", ["underwriter", "applicant"])
def test_both_audiences_read_it(audience: str, language: str) -> None:
    page = pages(sample(), audiences=(audience,))[f"{audience}.{language}"]
    assert [sentence for sentence in SENTENCES[language] if sentence not in page] == []


def test_an_agency_does_not() -> None:
    page = pages(sample(), audiences=("agency",))["agency.en"]
    assert "mx1.mailhost.example" not in page


def test_rows_say_host_reason_operator_and_technique() -> None:
    excluded = host(
        address="203.0.113.14",
        names=("old.sakura-seiki.example",),
        asked=(),
        excluded=True,
        why="in-networks",
    )
    cdn = host(owner=Owner.HOSTED, why="provider-list", detail="Example CDN", address="198.41.0.7")
    _, own, *rest = blocks(with_hosts(host(), cdn, excluded))
    assert isinstance(own, Table)
    assert [[cell.text for cell in row] for row in own.rows] == [
        [
            "www.sakura-seiki.example (203.0.113.99)",
            "www.sakura-seiki.example: named in the consent (sakura-seiki.example).",
            "applicant (a name of the consent leads here, and no provider of our list holds the address)",
            "TLS, web",
        ],
        [
            "www.sakura-seiki.example (198.41.0.7)",
            "www.sakura-seiki.example: named in the consent (sakura-seiki.example).",
            "hosting provider (Example CDN, by our dated list of providers)",
            "TLS, web",
        ],
        [
            "old.sakura-seiki.example (203.0.113.14)",
            "www.sakura-seiki.example: named in the consent (sakura-seiki.example).",
            "applicant (the address is in a range of the consent)",
            "Excluded by the consent: not scanned",
        ],
    ]
    assert [type(block) for block in rest] == [Notice, Paragraph]


def test_addresses_of_one_host_share_a_row() -> None:
    """An exchanger with a dozen addresses is one company, not a dozen rows."""
    many = [
        host(address=f"198.51.100.{n}", names=("mx.mailhost.example",), owner=Owner.PROVIDER)
        for n in range(9)
    ]
    _, table, *_ = blocks(with_hosts(*many))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row[0].text.count("198.51.100.") == 9


def test_what_the_record_of_contacts_has_is_said() -> None:
    """Whatever an observation says of it, an address that was sent something is never called untouched."""
    quiet = host(address="203.0.113.10", asked=())
    _, table, *_ = blocks(with_hosts(quiet))
    assert table.rows[0][3].text == "port sweep, TLS, web"
    _, table, *_ = blocks(with_hosts(replace(quiet, address="203.0.113.99")))
    assert table.rows[0][3].text == "nothing sent"


def test_no_exclusion_no_notice_and_an_old_assessment_says_that_it_says_nothing() -> None:
    item = with_hosts()
    bare = replace(item, consent=replace(item.consent, excluded_names=(), excluded_networks=()))
    first, last = blocks(bare)
    assert first == Paragraph(text=text.load(Language.EN)("text.footprint_none"))
    assert isinstance(last, Paragraph)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("how", SIGNS)
def test_every_sign_is_told_with_what_it_goes_by(how: str, language: Language) -> None:
    sign = Sign(how=how, what="WHAT", via="VIA")
    _, table, *_ = blocks(with_hosts(host(signs=(sign,))), language)
    told = table.rows[0][1].text
    assert "WHAT" in told
    said_alone = ("from-application", "from-certificate", "from-list", "network", "reverse")
    silent = (*said_alone, "certificate", "certificate-unproved", "certificate-of-others")
    assert ("VIA" in told) == (how not in silent)
    assert table.rows[0][3].text != ""


def test_the_networks_words_cannot_grow_a_row() -> None:
    long = Sign(how="redirect", what="https://x.example/" + "a" * 5000, via="\x1b[2J\u202e")
    _, table, *_ = blocks(with_hosts(host(signs=(long,))))
    told = table.rows[0][1].text
    assert len(told) < 400
    assert "\\x1b[2J\\u202e" in told


def test_the_frozen_assessment_has_what_the_scan_would_say_today() -> None:
    item = golden.assessment()
    seen = tuple(obs for obs in item.observations if obs.kind != FootprintHost.KIND)
    told = footprint(seen, Scope(consent=item.consent), at=item.started_at)
    assert [obs for obs in item.observations if obs.kind == FootprintHost.KIND] == list(told)
