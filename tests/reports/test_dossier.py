"""What stands round an assessment: disputes and waivers, the past, the book, and suppliers in common."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core import ledger
from posture.core.desk.events import Event as CaseEvent
from posture.core.desk.events import Kind as Did
from posture.core.desk.events import sealed
from posture.core.dossier import Dossier, Past, Service, Shared, Supplier
from posture.core.findings import Outcome
from posture.core.ledger import Event, Kind
from reports import text, view
from tests.reports.test_reports import words
from tests.support.sample_assessment import earlier, sample

AT = datetime(2026, 12, 1, tzinfo=UTC)
BAD = [finding.id for finding in sample().findings if finding.outcome is Outcome.FAIL]
LANGUAGES = ("en", "ja")


def said(*steps: tuple[Kind, str], finding: str = BAD[0], until: datetime | None = None) -> tuple[Event, ...]:
    history: tuple[Event, ...] = ()
    for number, (kind, by) in enumerate(steps):
        draft = Event(
            id="",
            domain=sample().domain,
            finding=finding,
            assessment=sample().id,
            kind=kind,
            by=by,
            at=AT - timedelta(days=10 - number),
            reason=f"理由{number}",
            until=until if kind is Kind.WAIVE else None,
            evidence="ab" * 32 if kind in {Kind.RESOLVE, Kind.CLOSED} else "",
        )
        history = ledger.append(history, draft)
    return history


def dossier(*histories: tuple[Event, ...], **rest: object) -> Dossier:
    return replace(Dossier(at=AT, ledger={one[0].finding: one for one in histories}), **rest)  # type: ignore[arg-type]


def pages(round_it: Dossier, audiences: Iterable[str] = ("underwriter", "applicant")) -> dict[str, str]:
    files = reports.produce(
        sample(),
        catalogue(),
        formats=("html",),
        audiences=tuple(audiences),
        previous=earlier(sample()),
        dossier=round_it,
    )
    return {name.removesuffix(".html"): words(content.decode()) for name, content in files.items()}


def test_a_dispute_stands_on_every_report_until_it_is_settled() -> None:
    dispute, resolved = (Kind.DISPUTE, "例 太郎"), (Kind.RESOLVE, "山田 花子")
    audiences = ("underwriter", "applicant", "agency")
    marks = {language: text.load(language)("ledger.stamp", count=1) for language in LANGUAGES}
    open_, settled = (pages(dossier(said(*steps)), audiences) for steps in ((dispute,), (dispute, resolved)))
    assert [name for name, page in open_.items() if marks[name[-2:]] not in page] == []
    assert [name for name, page in settled.items() if marks[name[-2:]] in page] == []


def test_the_underwriter_reads_who_said_what_and_on_which_evidence() -> None:
    told = pages(dossier(said((Kind.DISPUTE, "例 太郎"), (Kind.RESOLVE, "山田 花子"))))
    for language in LANGUAGES:
        section = told[f"underwriter.{language}"].partition(text.load(language)("captions.ledger"))[2][:2000]
        for part in ("例 太郎", "山田 花子", "理由0", "理由1", "ab" * 32):
            assert part in section
        assert text.load(language)("captions.ledger") not in told[f"applicant.{language}"]


@pytest.mark.parametrize(("days", "key"), [(30, "ledger.active"), (-1, "ledger.expired")])
def test_a_waiver_is_marked_and_comes_back_when_it_ends(days: int, key: str) -> None:
    until = AT + timedelta(days=days)
    waived = said((Kind.WAIVE, "例 太郎"), (Kind.APPROVE, "山田 花子"), until=until)
    page = pages(dossier(waived))["underwriter.en"]
    assert text.load("en")(key, until="").strip() in page


def test_a_subjectivity_is_met_when_every_finding_behind_it_is_in_order_again() -> None:
    behind = next(one for one in sample().decision.subjectivities if one.id == "renew-certificate").findings
    closed = [said((Kind.CLOSED, "posture"), finding=finding) for finding in behind]
    met = text.load("en")("ledger.fulfilled", at="").strip()
    assert met in pages(dossier(*closed))["underwriter.en"]
    assert len(behind) > 1
    assert met not in pages(dossier(*closed[1:]))["underwriter.en"]


def past(days: int, score: float, *failed: str) -> Past:
    return Past(
        id=f"old-{days}",
        finished_at=sample().finished_at - timedelta(days=days),
        tier="T3",
        letter="C",
        score=score,
        low=score - 10,
        high=score + 10,
        relativity=1.1,
        failed=frozenset(failed),
    )


def test_the_score_is_shown_over_time_and_in_the_book() -> None:
    round_it = dossier(past=(past(730, 41.0), past(365, 52.0)), book=(10.0, 20.0, 40.0, 70.0, 90.0))
    page = pages(round_it)["underwriter.en"]
    for part in ("23 November 2024", "41 (C)", "52 (C)", "63 (C)", "Middle half of the book (5 others)"):
        assert part in page
    assert text.load("en")("text.book", count=5, share="40%") in page
    assert text.load("en")("text.book_small", count=0) in pages(dossier())["underwriter.en"]


def test_what_is_open_again_is_not_called_new() -> None:
    built = view.build(
        sample(), catalogue(), earlier(sample()), dossier=dossier(past=(past(730, 41.0, *BAD),))
    )
    assert built.delta is not None
    assert [finding.id for finding in built.delta.reappeared] == [BAD[0]]
    assert built.delta.new == ()


def test_suppliers_in_common_are_counted_for_the_underwriter_alone() -> None:
    supplier = Supplier(service=Service.MAIL, name="Mailhost")
    told = pages(dossier(shared=(Shared(supplier=supplier, others=3),), applicants=9))
    assert "3 of 9" in told["underwriter.en"]
    assert "9 先中 3 先" in told["underwriter.ja"]
    assert "Mailhost" not in told["applicant.en"]


def test_what_the_desk_did_is_in_the_underwriters_file_alone() -> None:
    draft = CaseEvent(
        id="",
        case=sample().id,
        kind=Did.TAKE,
        by="山田 花子",
        at=AT,
        reason="電話で確認する",
        body={},
        previous="",
    )
    told = pages(dossier(case=(sealed(draft, ()),)), ("underwriter", "applicant", "agency"))
    for language in LANGUAGES:
        say = text.load(language)
        section = told[f"underwriter.{language}"].partition(say("captions.case"))[2][:800]
        for part in ("山田 花子", "電話で確認する", say("desk_did.take")):
            assert part in section
        for audience in ("applicant", "agency"):
            assert "電話で確認する" not in told[f"{audience}.{language}"]
