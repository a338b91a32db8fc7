"""Feeds in the store, on SQLite and PostgreSQL: whole or not at all, and asked by product."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from posture.core.errors import PostureError
from posture.core.feeds import Exploited, FeedName, FeedRows, Flaw, Likelihood, Release, Span
from posture.core.findings import Severity
from posture.store import assessments, database, feeds
from posture.store.feeds import Document
from tests.support.intelligence import state
from tests.support.postgres import postgres_url
from tests.support.sample_assessment import sample

DAY = date(2026, 1, 5)
LINE = Exploited(cve="CVE-2099-90001", vendor="V", product="P", added=DAY, due=DAY, ransomware=True)
SCORE = Likelihood(cve="CVE-2099-90001", epss=0.5, percentile=0.99)
FLAW = Flaw(
    cve="CVE-2099-90001",
    product="v:p",
    published=DAY,
    severity=Severity.HIGH,
    score=8.1,
    spans=(Span(version="*", end_excluding="2.0", conditional=True),),
)
RELEASE = Release(product="p", name="2.4", ended=DAY)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    if request.param == "sqlite":
        opened = database.open_database(f"sqlite:///{tmp_path / 'posture.db'}")
        yield opened
        opened.close()
    else:
        with postgres_url(tmp_path) as url:
            opened = database.open_database(url)
            yield opened
            opened.close()


def keep_all(store: database.Database) -> None:
    feeds.keep(store, Document(state=state(FeedName.KEV), rows=[LINE]))
    feeds.keep(store, Document(state=state(FeedName.EPSS), rows=[SCORE]))
    feeds.keep(store, Document(state=state(FeedName.NVD, "v:p"), rows=[FLAW]))
    feeds.keep(store, Document(state=state(FeedName.NVD, "x:y"), rows=[replace(FLAW, product="x:y")]))
    feeds.keep(store, Document(state=state(FeedName.END_OF_LIFE), rows=[RELEASE]))


def test_rows_come_back_as_they_went_in_and_only_those_asked_for(store: database.Database) -> None:
    assert feeds.rows_for(store, ["v:p"], ["p"]) == FeedRows()
    keep_all(store)
    assert feeds.rows_for(store, ["v:p"], ["p"]) == FeedRows(
        states=(
            state(FeedName.END_OF_LIFE),
            state(FeedName.EPSS),
            state(FeedName.KEV),
            state(FeedName.NVD, "v:p"),
        ),
        exploited=(LINE,),
        likelihoods={SCORE.cve: SCORE},
        flaws=(FLAW,),
        releases=(RELEASE,),
    )
    assert feeds.rows_for(store, [], []).flaws == ()
    assert feeds.exploited(store, LINE.cve) == LINE
    assert feeds.exploited(store, "CVE-2099-1") is None
    assert feeds.flaw(store, FLAW.cve) == (FLAW, replace(FLAW, product="x:y"))


def test_a_document_replaces_the_one_before_it(store: database.Database) -> None:
    keep_all(store)
    other = replace(LINE, cve="CVE-2099-90002", ransomware=False)
    feeds.keep(store, Document(state=state(FeedName.KEV), rows=[other]))
    feeds.keep(store, Document(state=state(FeedName.NVD, "v:p"), rows=[]))
    found = feeds.rows_for(store, ["v:p", "x:y"], [])
    assert found.exploited == (other,)
    assert found.flaws == (replace(FLAW, product="x:y"),)
    assert len(feeds.states(store)) == 5


def test_what_cannot_be_stored_leaves_what_was_there(store: database.Database) -> None:
    keep_all(store)
    with pytest.raises(PostureError):
        feeds.keep(store, Document(state=state(FeedName.KEV), rows=[LINE, LINE]))
    assert feeds.rows_for(store, [], []).exploited == (LINE,)


def test_a_document_that_did_not_change_was_asked_for_later(store: database.Database) -> None:
    keep_all(store)
    later = replace(state(FeedName.KEV), fetched_at=state(FeedName.KEV).fetched_at.replace(year=2027))
    feeds.touch(store, later)
    assert [one.fetched_at.year for one in feeds.states(store) if one.name is FeedName.KEV] == [2027]
    assert feeds.rows_for(store, [], []).exploited == (LINE,)


def test_many_rows_go_in_at_once(store: database.Database) -> None:
    many = [replace(SCORE, cve=f"CVE-2099-{number}") for number in range(100_000, 112_345)]
    feeds.keep(store, Document(state=state(FeedName.EPSS), rows=many))
    flaws = [replace(FLAW, cve=row.cve) for row in many]
    feeds.keep(store, Document(state=state(FeedName.NVD, "v:p"), rows=flaws))
    assert len(feeds.rows_for(store, ["v:p"], []).likelihoods) == len(many)


def test_the_newest_assessment_of_each_domain(store: database.Database) -> None:
    first = sample()
    later = replace(first, id="later", finished_at=first.finished_at.replace(year=2027))
    other = replace(first, id="other", domain="anderes.example")
    for item in (later, first, other):
        assessments.save(store, item)
    assert list(feeds.newest_by_domain(store)) == [other, later]
