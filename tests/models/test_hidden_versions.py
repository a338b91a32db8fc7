"""Hiding a version never pays (docs/adr/0016-hidden-versions.md): from the headers to the price."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models import assess
from models.features import INFERRED
from posture.app.assess import replay
from posture.checks.intelligence import look_up
from posture.core.assessment import Assessment
from posture.core.decisions import Action
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import FeedName, FeedRows, Release
from posture.core.findings import Confidence, Outcome
from posture.core.observations import Observation, Seen
from tests.support.applicants import application, finding, findings
from tests.support.desk import clean
from tests.support.intelligence import rows

TODAY = date(2026, 12, 1)
EOL = ("services/supported_software", "web/supported_software", "products/still_supported")
OFFERED = {Action.QUOTE, Action.SUBJECTIVITIES}
#: By what proves it: an old version, the same without its version, and without anything that names it.
OLD = {
    "Apache": (("Server", "Apache/2.2.34"), ("Server", "Apache")),
    "PHP": (("X-Powered-By", "PHP/5.6.40"), ("X-Powered-By", "PHP")),
    "IIS": (("Server", "Microsoft-IIS/7.5"), ("Server", "Microsoft-IIS")),
    "nginx": (("Server", "nginx/1.14.2"), ("Server", "nginx")),
}
RELEASES = (Release(product="nginx", name="1.14", ended=date(2019, 4, 23)),)


def saying(*headers: tuple[str, str], using: FeedRows) -> Assessment:
    """The clean applicant, whose every page says this as well."""

    def changed(one: Observation[Any]) -> Observation[Any]:
        if one.kind != "web.response" or not isinstance(one.result, Seen):
            return one
        fact = one.result.value
        kept = tuple(pair for pair in fact.headers if pair[0] not in {"Server", "X-Powered-By"})
        return replace(one, result=replace(one.result, value=replace(fact, headers=(*kept, *headers))))

    item = clean()
    scanned = [changed(one) for one in item.observations if one.kind != ProductIntelligence.KIND]
    known = look_up(scanned, using, at=item.started_at)
    from models import artefact

    return replay(replace(item, observations=(*scanned, *known)), artefact.shipped())


def feeds(*without: FeedName) -> FeedRows:
    return replace(rows(*without), releases=RELEASES if FeedName.END_OF_LIFE not in without else ())


@pytest.mark.parametrize("product", OLD)
@pytest.mark.parametrize("without", [(), (FeedName.END_OF_LIFE,)], ids=["feed", "no-feed"])
def test_the_same_page_with_its_version_hidden_is_no_cheaper(
    product: str, without: tuple[FeedName, ...]
) -> None:
    """KEV, NVD and EPSS are left out: where they are stored a hidden version of listed software refers."""
    using = feeds(FeedName.KEV, FeedName.NVD, FeedName.EPSS, *without)
    shown, bare = OLD[product]
    old, hidden, silent = (saying(*said, using=using) for said in ((shown,), (bare,), ()))
    assert old.features.values["eol_software"] == INFERRED
    for kept in (hidden, silent):
        assert kept.features.values["eol_software"] == INFERRED
        assert not {"eol_software"} & set(kept.features.open_questions())
        was, now = old.decision.premium, kept.decision.premium
        assert was.total is not None
        assert now.total is not None
        assert now.total >= was.total
        assert all(now.by_cover[cover] >= amount for cover, amount in was.by_cover.items() if amount)  # type: ignore[operator]


def test_a_supported_version_that_is_shown_earns_what_hiding_forgoes() -> None:
    shown = saying(("Server", "Apache/2.4.62"), using=feeds(FeedName.KEV, FeedName.NVD, FeedName.EPSS))
    hidden = saying(("Server", "Apache"), using=feeds(FeedName.KEV, FeedName.NVD, FeedName.EPSS))
    assert (shown.features.values["eol_software"], hidden.features.values["eol_software"]) == (0.0, INFERRED)
    assert shown.score.relativity < hidden.score.relativity


@pytest.mark.parametrize(
    "others", [(), ("tls_weak", "dmarc_not_enforced"), ("ftp_exposed", "many_open_ports")]
)
@pytest.mark.parametrize("confidence", Confidence)
def test_an_old_version_turned_into_a_hidden_one_never_leaves_a_lower_price_to_bind(
    others: tuple[str, ...], confidence: Confidence
) -> None:
    rest = [item for item in findings(others) if item.check not in EOL]
    old = [
        finding(EOL[1], Outcome.FAIL, confidence=Confidence.INFERRED, message="ended"),
        finding(EOL[2], Outcome.FAIL, confidence=confidence, message="ended"),
    ]
    message = "version_withheld" if confidence is Confidence.OBSERVED else "version_hidden"
    hidden = [
        finding(EOL[1], Outcome.NOT_APPLICABLE, message="not_stated"),
        finding(EOL[2], Outcome.UNKNOWN, message=message),
    ]
    quiet = finding(EOL[0], Outcome.NOT_APPLICABLE, message="nothing_to_ask")
    was, now = (assess([*rest, quiet, *said], application(), on=TODAY).decision for said in (old, hidden))
    assert was.premium.total is not None
    assert now.premium.total is not None
    assert now.action not in OFFERED or now.premium.total >= was.premium.total
    assert (now.action in OFFERED) == (confidence is not Confidence.OBSERVED)


def test_ordinary_hosts_that_show_no_version_stay_above_the_floor() -> None:
    """Nothing is stored and nothing is shown: every group is priced, nothing refers."""
    item = saying(
        ("Server", "nginx"), using=FeedRows(states=(), exploited=(), likelihoods={}, flaws=(), releases=())
    )
    assert item.decision.action in OFFERED
    assert min(item.coverage.by_peril.values()) >= item.coverage.floor
