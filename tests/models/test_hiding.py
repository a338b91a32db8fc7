"""A hidden machine never leaves a better decision than the same machine seen (docs/adr/0007-tiers.md)."""

from datetime import date

import pytest

from models import assess, priors
from models.perils import Group
from models.statements import ReasonId
from posture.core.decisions import Action
from posture.core.findings import Confidence, Outcome
from posture.core.observations import Reason
from tests.support.applicants import application, finding, findings

TODAY = date(2026, 12, 1)


def test_a_silent_machine_behind_a_failing_one_is_not_priced() -> None:
    """A broker answers on A (no knock-out); B hides a database (a knock-out)."""
    seen = [item for item in findings() if item.check != "ports/message_broker"]
    broker = finding("ports/message_broker", Outcome.FAIL)
    here = [*seen, broker]
    hidden = [*here, finding("ports/database", Outcome.UNKNOWN, reason=Reason.TIMEOUT, name="b.example.jp")]
    shown = [*here, finding("ports/database", Outcome.FAIL, name="b.example.jp")]
    assert assess(here, application(), on=TODAY).decision.action is Action.SUBJECTIVITIES
    made = assess(hidden, application(), on=TODAY)
    assert made.features.values["database_exposed"] == 1.0
    assert made.decision.action is Action.REFER
    assert made.decision.premium.total is None
    assert ReasonId.GROUP_UNSEEN in {reason.id for reason in made.decision.reasons}
    assert assess(shown, application(), on=TODAY).decision.action is Action.REFER


def test_an_open_question_of_a_watched_group_refers_though_the_feature_was_found() -> None:
    """Inferred on A (half), unanswered on B: answered, it might count in full."""
    half = finding("ports/ftp", Outcome.FAIL, confidence=Confidence.INFERRED)
    rest = [item for item in findings() if item.check != "ports/ftp"]
    open_elsewhere = finding("ports/ftp", Outcome.UNKNOWN, name="b.example.jp")
    assert assess([*rest, half], application(), on=TODAY).decision.premium.total is not None
    made = assess([*rest, half, open_elsewhere], application(), on=TODAY).decision
    assert (made.action, made.premium.total) == (Action.REFER, None)


def test_an_open_question_elsewhere_does_not_unprice_what_is_not_watched() -> None:
    rest = [item for item in findings() if item.check != "mail/dmarc"]
    both = [finding("mail/dmarc", Outcome.FAIL), finding("mail/dmarc", Outcome.UNKNOWN, name="b.example.jp")]
    assert assess([*rest, *both], application(), on=TODAY).decision.premium.total is not None


WATCHED = (Group.REMOTE_ACCESS, Group.VULNERABILITY, Group.EXPOSED_SERVICE)
HIDDEN = [row.name for row in priors.table().active() if row.group in WATCHED]


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.BLOCKED, Reason.NOT_PERMITTED, Reason.NO_DATA])
@pytest.mark.parametrize("others", [(), ("many_open_ports", "tls_weak")])
def test_hiding_one_bad_finding_of_a_watched_group_never_leaves_a_price_to_bind(
    name: str, reason: Reason, others: tuple[str, ...]
) -> None:
    """Everything else is seen, so that no other unknown refers in its place."""
    hidden = assess(findings(others, {name: reason}), application(), on=TODAY).decision
    assert hidden.action is Action.REFER
    for loading in hidden.loading.values():
        assert loading is None or loading.charged >= 0


def test_what_was_never_asked_is_known_by_its_message_alone() -> None:
    rest = [item for item in findings() if item.check != "products/no_known_exploited"]

    def with_unknown(message: str) -> Action:
        said = finding("products/no_known_exploited", Outcome.UNKNOWN, reason=Reason.NO_DATA, message=message)
        return assess([*rest, said], application(), on=TODAY).decision.action

    assert with_unknown("no_catalog") is Action.QUOTE
    assert with_unknown("version_hidden") is Action.REFER


PRODUCTS = {
    "products/no_known_exploited": "no_catalog",
    "products/no_overdue_mending": "no_catalog",
    "products/no_likely_exploited": "no_records",
    "products/still_supported": "no_feed",
}


def without_feeds(**said: str) -> Action:
    """Every check of `products/` unknown for want of feeds, with the messages given instead."""
    messages = PRODUCTS | {f"products/{check}": message for check, message in said.items()}
    rest = [item for item in findings() if item.check not in messages]
    unknowns = [
        finding(check, Outcome.UNKNOWN, reason=Reason.NO_DATA, message=message)
        for check, message in messages.items()
    ]
    decision = assess([*rest, *unknowns], application(), on=TODAY).decision
    assert decision.premium.total is not None
    return decision.action


def test_an_operator_without_feeds_prices_the_book() -> None:
    """No view of old software may take the whole book below the floor of coverage, stated or hidden."""
    assert without_feeds() is Action.QUOTE
    assert without_feeds(still_supported="version_hidden") is Action.QUOTE


def test_a_hidden_version_of_what_has_exploited_flaws_refers_with_an_indication() -> None:
    """Four views of it are open at once, and enough is seen for an indication all the same."""
    action = without_feeds(
        no_known_exploited="version_hidden",
        no_overdue_mending="undecided",
        no_likely_exploited="version_hidden",
        still_supported="version_hidden",
    )
    assert action is Action.REFER
