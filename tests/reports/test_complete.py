"""Reports of old assessments: what today's cards no longer know keeps its ids."""

from dataclasses import replace

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core.catalogue import Language
from posture.core.decisions import Contribution, Statement, Step
from posture.core.findings import Outcome
from reports.complete import complete
from tests.support.sample_assessment import sample


def test_a_catalogue_that_knows_everything_stays_as_it_is() -> None:
    assert complete(catalogue(), sample().findings) == catalogue()


def test_a_check_that_is_gone_is_reported_by_its_ids_in_every_format() -> None:
    item = sample()
    first = next(f for f in item.findings if f.outcome is Outcome.FAIL)
    gone = replace(first, check="tls/of_the_past", message="was_{bad}", arguments={})
    old = replace(item, findings=(gone,))
    files = reports.produce(old, catalogue(), formats=("html", "csv", "xlsx"))
    assert b"tls/of_the_past: was_{bad}" in files["findings.csv"]
    for language in ("en", "ja"):
        page = files[f"applicant.{language}.html"].decode()
        assert "tls/of_the_past: was_{bad}" in page
        assert first.id in page


def test_a_message_that_is_gone_leaves_the_rest_of_the_card() -> None:
    item = sample()
    first = next(f for f in item.findings if f.check == "dns/caa")
    card = complete(catalogue(), [replace(first, message="of_the_past")]).cards["dns/caa"]
    wording = card.wordings[Language.EN]
    assert wording.messages["of_the_past"] == "dns/caa: of_the_past"
    assert wording.title == catalogue().cards["dns/caa"].wordings[Language.EN].title


def test_a_message_whose_arguments_changed_is_not_half_filled() -> None:
    item = sample()
    first = next(f for f in item.findings if f.check == "dns/caa" and f.outcome is Outcome.FAIL)
    known = complete(catalogue(), [replace(first, message="restricted", arguments={})])
    assert known.cards["dns/caa"].wordings[Language.JA].messages["restricted"] == "dns/caa: restricted"


@pytest.mark.parametrize("language", list(Language))
def test_what_an_old_decision_says_is_told_by_ids_where_todays_words_do_not_fit(language: Language) -> None:
    """A file is defended in five years: statements, features and steps may be gone from the words by then."""
    item = sample()
    gone = Statement(id="no-such-reason", arguments={"feature": "no_such_feature", "factor": 1.2})
    other = Statement(id="raises", arguments={"something": "else"})
    old = replace(
        item,
        score=replace(item.score, contributions=(Contribution(feature="gone", factor=1.2, state="seen"),)),
        decision=replace(
            item.decision,
            reasons=(gone, other),
            steps=(Step(name="gone", values={"A": 1.0}), Step(name="older", values={"gone_peril": 1.0})),
        ),
    )
    files = reports.produce(
        old, catalogue(), languages=(language,), formats=("html",), audiences=("underwriter",)
    )
    page = files[f"underwriter.{language}.html"].decode()
    for told in ("no-such-reason", "no_such_feature", "raises", "gone_peril"):
        assert told in page
