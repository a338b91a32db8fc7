"""`products/still_supported`: the stated release has not reached its end of life by endoflife.date."""

from collections.abc import Iterator

from posture.checks.flaws import about, proves, software
from posture.checks.recognition import dated
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import FeedName
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: ProductIntelligence) -> Iterator[Verdict]:
    """Where the feed has the release; the shipped table judges headers and greetings by itself."""
    yield about(fact, _verdict(fact))


def _verdict(fact: ProductIntelligence) -> Verdict:
    stored = any(state.name is FeedName.END_OF_LIFE for state in fact.feeds)
    if fact.version is None:
        # Shown, it would prove an age: that is more than the half which a hidden version counts.
        if stored and proves(fact) and dated(fact.product):
            return unknown("version_withheld", path="version", software=software(fact))
        return unknown("version_hidden", path="version", software=software(fact))
    if fact.release is None:
        return _not_listed(fact) if stored else unknown("no_feed", path="release", software=software(fact))
    release, ended = fact.release.name, fact.release.ended
    if ended is None or ended >= fact.on:
        return passed("supported", software=software(fact), release=release)
    days = (fact.on - ended).days
    return failed("ended", software=software(fact), release=release, ended=str(ended), days=days)


def _not_listed(fact: ProductIntelligence) -> Verdict:
    return unknown("not_listed", path="release", software=software(fact))
