"""An agency acts for the insurer: it sees the case, and findings only where the consent says so."""

from dataclasses import replace

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.decisions import Statement
from posture.core.ledger import Kind as LedgerKind
from reports import text
from tests.reports.test_dossier import dossier, said
from tests.reports.test_reports import pages, words
from tests.support.sample_assessment import of, sample


def told(item: Assessment) -> dict[str, str]:
    return pages(item, audiences=("agency",))


def closed(item: Assessment) -> Assessment:
    return replace(item, consent=replace(item.consent, disclose_to=("insurer",)))


def test_it_sees_tier_and_subjectivities() -> None:
    page = told(sample())["agency.en"]
    assert "T4" in page
    assert "Raise the DMARC policy to quarantine or reject. (Within 30 days of binding)" in page


def test_it_sees_missing_answers_and_questions() -> None:
    item = sample()
    differs = Statement(
        id="declared-differs", arguments={"control": "mfa_remote_access", "check": ("ports/remote_desktop",)}
    )
    gross = Statement(id="gross-profit-missing", arguments={})
    item = replace(
        item, decision=replace(item.decision, reasons=(*item.decision.reasons, gross), facts_known=(differs,))
    )
    page = told(item)["agency.ja"]
    assert "1 日あたりの粗利益が未回答のため" in page
    assert "ご確認をお願いします。" in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_findings_only_where_the_consent_names_agencies(language: str) -> None:
    item = sample()
    name = f"agency.{language}"
    assert "nginx/1.18.0" in told(item)[name]
    hidden = told(closed(item))[name]
    for finding in item.findings:
        assert finding.id not in hidden
        assert finding.target.label() not in hidden.replace(item.domain, "", 1)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_never_sees_a_price(language: str) -> None:
    page = told(sample())[f"agency.{language}"]
    assert not [figure for figure in ("402,270", "184,320", "+42%", "×1.46") if figure in page]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_neither_a_dispute_nor_a_question_tells_what_was_found(language: str) -> None:
    differs = Statement(
        id="declared-differs", arguments={"control": "mfa_remote_access", "check": ("ports/remote_desktop",)}
    )
    item = replace(sample(), decision=replace(sample().decision, facts_known=(differs,)))
    title = catalogue().cards["ports/remote_desktop"].wordings[Language(language)].title
    disputed = dossier(
        said((LedgerKind.DISPUTE, "例 太郎"), finding=of(sample().findings, "ports/remote_desktop")[0])
    )

    def page(case: Assessment) -> str:
        files = reports.produce(
            case,
            catalogue(),
            languages=(language,),
            formats=("html",),
            audiences=("agency",),
            dossier=disputed,
        )
        return words(files[f"agency.{language}.html"].decode())

    assert title in page(item)
    hidden = page(closed(item))
    say = text.load(language)
    assert title not in hidden
    assert say("ledger.stamp", count=1) in hidden
    assert say("text.differences_closed", count=1) in hidden
