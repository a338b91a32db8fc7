"""The join itself: what it says of a stated product, what it leaves open, and in which order."""

from dataclasses import replace

import pytest

from posture.checks.intelligence import look_up
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import FeedName, FeedRows, Span
from posture.core.observations import Reason, Seen
from posture.core.priority import Priority
from tests.support import feeds
from tests.support.feeds import EXPLOITED, LIKELY, MILD, RANSOM, SEVERE
from tests.support.intelligence import NOW, greeting, known, rows, server, state

OLD, MENDED, HIDDEN = "Apache/2.4.49", "Apache/2.4.99", "Apache"


def gaps(banner: str, using: FeedRows) -> dict[str, Reason]:
    (found,) = look_up([server(banner)], using, at=NOW)
    assert isinstance(found.result, Seen)
    return {gap.path: gap.reason for gap in found.result.gaps}


@pytest.mark.parametrize("banner", [OLD, MENDED])
def test_with_every_feed_and_a_version_nothing_is_open(banner: str) -> None:
    assert gaps(banner, rows()) == {}


@pytest.mark.parametrize(
    ("feed", "banner", "open_questions"),
    [
        (FeedName.KEV, OLD, {"listed"}),
        (FeedName.NVD, OLD, {"matches"}),
        (FeedName.EPSS, OLD, {"likelihoods"}),
        (FeedName.END_OF_LIFE, OLD, {"release"}),
        (None, HIDDEN, {"version", "matches"}),
        (FeedName.KEV, HIDDEN, {"version", "matches", "listed"}),
        (FeedName.NVD, HIDDEN, {"version", "matches"}),
    ],
)
def test_each_feed_that_is_missing_leaves_its_question_open(
    feed: FeedName | None, banner: str, open_questions: set[str]
) -> None:
    using = rows(feed) if feed else rows()
    assert gaps(banner, using) == dict.fromkeys(open_questions, Reason.NO_DATA)


def test_nvd_counts_only_where_it_was_asked_about_the_product() -> None:
    using = rows()
    elsewhere = tuple(one for one in using.states if one.name is not FeedName.NVD)
    using = replace(using, states=(*elsewhere, state(FeedName.NVD, "nginx:nginx")))
    fact = known(server(OLD), using)
    assert fact.matches is None
    assert fact.possible is None
    assert {one.name for one in fact.feeds} == set(FeedName) - {FeedName.NVD}


def test_a_product_of_several_names_is_clean_only_when_each_was_asked_about() -> None:
    """The flaws of the name that was asked count all the same."""
    redis = greeting("Redis", "6.0.0")
    flaw = replace(rows().flaws[0], product="redis:redis", spans=(Span(version="*", end_excluding="6.0.9"),))
    kept = [one for one in rows().states if one.name is not FeedName.NVD]
    half = FeedRows(states=(*kept, state(FeedName.NVD, "redis:redis")))
    whole = replace(half, states=(*half.states, state(FeedName.NVD, "redislabs:redis")))
    assert (known(redis, half).matches, known(redis, half).possible) == (None, None)
    assert (known(redis, whole).matches, known(redis, whole).possible) == ((), ())
    found = known(redis, replace(half, flaws=(flaw,)))
    assert [match.cve for match in found.matches or ()] == [flaw.cve]


@pytest.mark.parametrize("banner", [OLD, MENDED, HIDDEN])
def test_possible_are_the_likely_and_severe_flaws_of_any_version(banner: str) -> None:
    """Exploited ones are listed already; severe ones alone are not likely, nor likely ones alone severe."""
    assert known(server(banner)).possible == (LIKELY,)


@pytest.mark.parametrize("feed", [FeedName.NVD, FeedName.EPSS])
def test_possible_is_open_without_records_or_likelihoods(feed: FeedName) -> None:
    assert known(server(HIDDEN), rows(feed)).possible is None


def test_possible_is_open_where_a_severe_flaw_has_no_likelihood() -> None:
    unrated = feeds.nvd(feeds.record("CVE-2099-90077", "CRITICAL", 9.9, feeds.span("2.4.60")))
    assert known(server(HIDDEN), rows(nvd=unrated)).possible is None


def test_possible_is_empty_where_no_version_has_such_a_flaw() -> None:
    mild = feeds.nvd(feeds.record(MILD, "MEDIUM", 5.3, feeds.span("2.4.57")))
    assert known(server(HIDDEN), rows(nvd=mild)).possible == ()


def test_matches_come_in_order_of_urgency_and_once_each() -> None:
    both = feeds.span("2.4.55"), feeds.span("2.4.54")
    records = [
        feeds.record(MILD, "MEDIUM", 5.3, feeds.span("2.4.57")),
        feeds.record(SEVERE, "CRITICAL", 9.1, feeds.span("2.4.56")),
        feeds.record("CVE-2099-90078", "HIGH", 7.1, feeds.span("2.4.56")),
        feeds.record(LIKELY, "HIGH", 8.1, *both),
        feeds.record(EXPLOITED, "HIGH", 7.5, feeds.span("2.4.52")),
        feeds.record(RANSOM, "CRITICAL", 9.8, feeds.span(version="2.4.49")),
    ]
    matches = _matches(known(server(OLD), rows(nvd=feeds.nvd(*records))))
    assert [(cve, rank) for cve, rank, _ in matches] == [
        (RANSOM, Priority.RANSOMWARE),
        (EXPLOITED, Priority.EXPLOITED),
        (LIKELY, Priority.LIKELY),
        (SEVERE, Priority.OTHER),
        (MILD, Priority.OTHER),
        ("CVE-2099-90078", None),
    ]
    assert [percentile for _, _, percentile in matches] == [0.999, None, 0.95, 0.6, 0.99, None]


def _matches(fact: ProductIntelligence) -> list[tuple[str, Priority | None, float | None]]:
    assert fact.matches is not None
    return [(match.cve, match.priority, match.percentile) for match in fact.matches]


def test_a_listed_flaw_is_undecided_until_records_tell_of_the_version() -> None:
    fact = known(server(HIDDEN))
    assert fact.undecided == (RANSOM, EXPLOITED)
    assert known(server(MENDED)).undecided == ()
    assert known(server(OLD), rows(FeedName.NVD)).undecided == (RANSOM, EXPLOITED)
    assert [line.cve for line in fact.listed or ()] == [RANSOM, EXPLOITED]
