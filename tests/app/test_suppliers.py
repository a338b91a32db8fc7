"""Whom an applicant depends on, and how many others of the store do too."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from posture.app.suppliers import suppliers
from posture.core.assessment import Assessment
from posture.core.dossier import Service, Supplier
from posture.store import assessments, book
from posture.store.database import open_database
from tests.support.sample_assessment import sample

MAIL = Supplier(service=Service.MAIL, name="mailhost.example")
AUTHORITY = Supplier(service=Service.CA, name="Example Trust")


def test_suppliers_come_from_exchangers_and_certificates_but_not_from_names_of_ones_own() -> None:
    assert suppliers(sample()) == (AUTHORITY, MAIL)


def other(number: int, *, days: int = 0, score: float = 50.0, complete: bool = True) -> Assessment:
    item = sample()
    return replace(
        item,
        id=f"{number}-{days}",
        domain=f"other{number}.example",
        finished_at=item.finished_at - timedelta(days=days),
        score=replace(item.score, value=score),
        complete=complete,
    )


def test_only_the_newest_complete_assessment_of_every_other_domain_counts(tmp_path: Path) -> None:
    store = open_database(f"sqlite:///{tmp_path / 'book.db'}")
    mine = sample()
    assessments.save(store, mine, suppliers=(MAIL, AUTHORITY))
    assessments.save(store, other(1, days=9, score=90.0), suppliers=(MAIL, AUTHORITY))
    assessments.save(store, other(1, score=30.0), suppliers=(AUTHORITY,))
    assessments.save(store, other(2, score=20.0), suppliers=(AUTHORITY, MAIL))
    assessments.save(store, other(3, complete=False), suppliers=(MAIL,))
    assessments.save(store, other(4, score=70.0))
    shared = book.shared(store, suppliers(mine), without=mine.domain)
    assert [(one.supplier, one.others) for one in shared] == [(AUTHORITY, 2), (MAIL, 1)]
    assert book.scores(store, without=mine.domain) == (20.0, 30.0, 70.0)
    assert book.known(store, without=mine.domain) == 2
    store.close()


def test_the_past_is_that_of_the_domain_before_the_time_oldest_first(tmp_path: Path) -> None:
    store = open_database(f"sqlite:///{tmp_path / 'book.db'}")
    for days in (400, 30, 200):
        assessments.save(store, other(1, days=days, score=float(days) / 10))
    assessments.save(store, other(1, days=10, complete=False))
    found = book.past(store, "other1.example", sample().finished_at - timedelta(days=20))
    assert [one.score for one in found] == [40.0, 20.0, 3.0]
    assert all(one.failed for one in found)
    store.close()
