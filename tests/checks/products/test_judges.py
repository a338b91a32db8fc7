"""Feeds joined with what services state, and judged: every priority, and every kind of not knowing."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from posture.checks.intelligence import affected, look_up
from posture.checks.products import (
    no_known_exploited,
    no_likely_exploited,
    no_overdue_mending,
    still_supported,
)
from posture.checks.registry import all_checks
from posture.checks.runner import judge
from posture.core import codec
from posture.core.document import observation, read_observation
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import FeedName, FeedRows, Flaw, Likelihood, Span
from posture.core.findings import (
    Confidence,
    Outcome,
    Owner,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.priority import Priority, priority
from posture.core.targets import Target
from tests.support import feeds
from tests.support.feeds import EXPLOITED, LIKELY, MILD, RANSOM, SEVERE
from tests.support.intelligence import HOST, NOW, greeting, known, page, rows, server

APACHE = "Apache HTTP Server"


def about(verdict: Verdict, product: str = APACHE, *, proved: bool = False) -> Verdict:
    confidence = Confidence.OBSERVED if proved else Confidence.INFERRED
    return replace(verdict, discriminator=product, confidence=confidence)


def stating(version: str | None, using: FeedRows | None = None) -> ProductIntelligence:
    return known(server(f"Apache/{version}" if version else "Apache"), using)


def test_ransomware_goes_before_everything() -> None:
    fact = stating("2.4.49")
    assert [(match.cve, match.priority) for match in fact.matches or ()] == [
        (RANSOM, Priority.RANSOMWARE),
        (LIKELY, Priority.LIKELY),
        (SEVERE, Priority.OTHER),
        (MILD, Priority.OTHER),
    ]
    software = "Apache HTTP Server 2.4.49"
    assert list(no_known_exploited.judge(fact)) == [
        about(failed("ransomware", software=software, count=1, cves=(RANSOM,)))
    ]
    assert list(no_overdue_mending.judge(fact)) == [
        about(failed("overdue", software=software, count=1, cves=(RANSOM,), due="2026-01-26", days=303))
    ]
    assert list(no_likely_exploited.judge(fact)) == [
        about(failed("likely", software=software, count=1, cves=(LIKELY,), percentile=95))
    ]
    assert list(still_supported.judge(fact)) == [about(passed("supported", software=software, release="2.4"))]


def test_exploited_but_not_yet_due() -> None:
    fact = stating("2.4.51")
    software = "Apache HTTP Server 2.4.51"
    assert list(no_known_exploited.judge(fact)) == [
        about(failed("exploited", software=software, count=1, cves=(EXPLOITED,)))
    ]
    assert list(no_overdue_mending.judge(fact)) == [
        about(passed("in_time", software=software, due="2027-01-26"))
    ]


def test_a_mended_version_passes() -> None:
    fact = stating("2.4.66")
    software = "Apache HTTP Server 2.4.66"
    assert fact.matches == ()
    assert list(no_known_exploited.judge(fact)) == [about(passed("mended", software=software, count=2))]
    assert list(no_overdue_mending.judge(fact)) == [about(not_applicable("nothing_due"))]
    assert list(no_likely_exploited.judge(fact)) == [about(passed("none", software=software, others=0))]


def test_a_likelihood_or_a_severity_alone_is_not_enough() -> None:
    fact = stating("2.4.55")
    assert [(match.cve, match.priority) for match in fact.matches or ()] == [
        (SEVERE, Priority.OTHER),
        (MILD, Priority.OTHER),
    ]
    assert list(no_likely_exploited.judge(fact)) == [
        about(passed("none", software="Apache HTTP Server 2.4.55", others=2))
    ]


def test_a_hidden_version_is_unknown_where_the_product_is_listed() -> None:
    fact = stating(None)
    assert list(no_known_exploited.judge(fact)) == [
        about(unknown("version_hidden", path="version", software=APACHE, count=2, ransomware=1))
    ]
    assert list(no_overdue_mending.judge(fact)) == [about(unknown("undecided", path="version"))]
    assert list(no_likely_exploited.judge(fact)) == [
        about(unknown("version_hidden", path="version", software=APACHE))
    ]
    assert list(still_supported.judge(fact)) == [
        about(unknown("version_hidden", path="version", software=APACHE))
    ]


def test_a_hidden_version_hides_nothing_where_no_version_has_such_a_flaw() -> None:
    fact = known(greeting("Postfix", None, port=25), rows(FeedName.NVD))
    assert fact.possible is None
    assert list(no_likely_exploited.judge(fact)) == [
        about(unknown("no_records", path="matches", software="Postfix"), "Postfix")
    ]
    none_likely = replace(stating(None), possible=())
    assert list(no_likely_exploited.judge(none_likely)) == [about(passed("none_of_any", software=APACHE))]


def test_a_product_that_is_not_listed_needs_no_version() -> None:
    fact = known(greeting("Postfix", None, port=25))
    assert list(no_known_exploited.judge(fact)) == [
        about(passed("not_listed", software="Postfix"), "Postfix")
    ]


def test_without_feeds_nothing_is_said() -> None:
    fact = stating("2.4.49", FeedRows())
    software = "Apache HTTP Server 2.4.49"
    assert (fact.listed, fact.matches, fact.release, fact.feeds) == (None, None, None, ())
    assert list(no_known_exploited.judge(fact)) == [
        about(unknown("no_catalog", path="listed", software=software))
    ]
    assert list(no_overdue_mending.judge(fact)) == [
        about(unknown("no_catalog", path="listed", software=software))
    ]
    assert list(no_likely_exploited.judge(fact)) == [
        about(unknown("no_records", path="matches", software=software))
    ]
    assert list(still_supported.judge(fact)) == [about(unknown("no_feed", path="release", software=software))]


def test_a_listed_flaw_without_records_stays_open() -> None:
    fact = stating("2.4.49", rows(FeedName.NVD))
    assert list(no_known_exploited.judge(fact)) == [
        about(
            unknown(
                "undecided",
                path="matches",
                software="Apache HTTP Server 2.4.49",
                count=2,
                cves=(RANSOM, EXPLOITED),
            )
        )
    ]


def test_what_needs_something_else_besides_is_neither_found_nor_clean() -> None:
    nodes = [
        {"operator": "OR", "cpeMatch": [feeds.span("2.4.60")]},
        {"operator": "OR", "cpeMatch": [{**feeds.span(product="other:os"), "vulnerable": False}]},
    ]
    both = {"operator": "AND", "nodes": nodes}
    only = feeds.record(RANSOM, "HIGH", 9.0, configurations=[both])
    fact = stating("2.4.55", rows(nvd=feeds.nvd(only), kev=feeds.kev(feeds.kev_line(RANSOM))))
    assert (fact.matches, fact.undecided) == ((), (RANSOM,))
    assert stating("2.4.61", rows(nvd=feeds.nvd(only), kev=feeds.kev(feeds.kev_line(RANSOM)))).undecided == ()


def test_without_likelihoods_a_severe_flaw_is_unrated() -> None:
    fact = stating("2.4.53", rows(FeedName.EPSS))
    assert {match.cve: match.priority for match in fact.matches or ()} == {
        LIKELY: None,
        SEVERE: None,
        MILD: Priority.OTHER,
    }
    assert list(no_likely_exploited.judge(fact)) == [
        about(unknown("unrated", path="likelihoods", software="Apache HTTP Server 2.4.53", count=2))
    ]


def test_end_of_life_by_the_feed() -> None:
    software = "Apache HTTP Server 2.2.15"
    assert list(still_supported.judge(stating("2.2.15"))) == [
        about(failed("ended", software=software, release="2.2", ended="2017-07-11", days=3424))
    ]
    assert list(still_supported.judge(stating("3.0.1"))) == [
        about(unknown("not_listed", path="release", software="Apache HTTP Server 3.0.1"))
    ]


def test_only_where_nobody_mends_old_versions_is_a_version_a_proof() -> None:
    """A distribution's banner and a packaged product stay inferred: such a finding alone never knocks out."""
    jenkins = known(page(("X-Jenkins", "2.400")))
    assert {verdict.confidence for verdict in no_known_exploited.judge(jenkins)} == {Confidence.OBSERVED}
    debian = known(server("Apache/2.4.49 (Debian)"))
    assert debian.distribution == "Debian"
    assert {verdict.confidence for verdict in no_known_exploited.judge(debian)} == {Confidence.INFERRED}
    portal = known(page(asked=f"https://{HOST}/remote/login"))
    assert {verdict.confidence for verdict in no_known_exploited.judge(portal)} == {Confidence.INFERRED}


def test_a_host_that_states_nothing_poses_no_question_and_a_blind_one_stays_open() -> None:
    quiet = page()
    assert look_up([quiet], rows(), at=NOW) == ()
    gone: Observation[Any] = Observation(
        kind="web.response",
        target=Target(name="gone.example.jp", port=443),
        at=NOW,
        result=Unseen(reason=Reason.TIMEOUT),
    )
    shut = replace(gone, target=Target(name=HOST, port=80))
    assert look_up([quiet, gone, shut], rows(), at=NOW) == (
        Observation(kind="product.intelligence", target=gone.target, at=NOW, result=gone.result),
    )


def test_findings_carry_reason_severity_and_owner() -> None:
    checks = [check for check in all_checks() if check.card.area == "products"]
    observed = look_up([server("Apache/2.4.49")], rows(), at=NOW)
    judged = judge(observed, subject=Target(name="example.jp"), owner_of=lambda _: Owner.SELF, checks=checks)
    assert [(f.check, f.outcome, f.severity, f.target.label()) for f in judged.findings] == [
        ("products/no_known_exploited", Outcome.FAIL, Severity.CRITICAL, f"{HOST}:443"),
        ("products/no_likely_exploited", Outcome.FAIL, Severity.HIGH, f"{HOST}:443"),
        ("products/no_overdue_mending", Outcome.FAIL, Severity.HIGH, f"{HOST}:443"),
        ("products/still_supported", Outcome.PASS, Severity.INFO, f"{HOST}:443"),
    ]
    without = look_up([server("Apache/2.4.49")], FeedRows(), at=NOW)
    judged = judge(without, subject=Target(name="example.jp"), owner_of=lambda _: Owner.SELF, checks=checks)
    assert {(f.outcome, f.reason) for f in judged.findings} == {(Outcome.UNKNOWN, Reason.NO_DATA)}


def test_a_join_survives_the_document() -> None:
    (kept,) = look_up([server("Apache/2.4.49")], rows(), at=NOW)
    assert read_observation(observation(kept)) == kept
    assert isinstance(kept.result, Seen)
    assert codec.decode(ProductIntelligence, codec.encode(kept.result.value)) == kept.result.value


@pytest.mark.parametrize(
    ("percentile", "severity", "catalog", "expected"),
    [
        (0.90, Severity.HIGH, True, Priority.LIKELY),
        (0.8999, Severity.CRITICAL, True, Priority.OTHER),
        (0.99, Severity.MEDIUM, True, Priority.OTHER),
        (0.99, None, True, None),
        (None, Severity.HIGH, True, None),
        (0.99, Severity.HIGH, False, None),
    ],
)
def test_the_priority_is_null_where_data_are_missing(
    percentile: float | None, severity: Severity | None, *, catalog: bool, expected: Priority | None
) -> None:
    row = None if percentile is None else Likelihood(cve=RANSOM, epss=0.5, percentile=percentile)
    assert priority(kev=None, likelihood=row, severity=severity, catalog=catalog) is expected


def test_whether_a_version_is_affected_may_be_open() -> None:
    flaw = Flaw(
        cve=RANSOM,
        product="a:b",
        published=date(2026, 1, 1),
        severity=None,
        score=None,
        spans=(Span(version="*", end_excluding="2.0"),),
    )
    assert [affected(flaw, version) for version in ("1.9", "2.0", None)] == [True, False, None]
    assert affected(replace(flaw, spans=()), "1.0") is None
