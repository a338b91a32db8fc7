"""What `posture renewals run` tells of a renewal: the comparison that the reports show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from posture.app.cli import renewed
from posture.app.renew import Renewed
from posture.app.run import Outcome
from posture.core.catalogue import Language
from posture.core.dossier import Past
from posture.core.findings import Outcome as Said
from posture.store.policies import Policy
from tests.support.sample_assessment import END, START, sample

BACK, NEW = [item.id for item in sample().findings if item.outcome is Said.FAIL][:2]


def renewal() -> Renewed:
    """Two findings are open that were in order last time; one of them was open the year before."""
    now = sample()
    was = tuple(replace(item, outcome=Said.PASS) if item.id in {BACK, NEW} else item for item in now.findings)
    past = Past(
        id="first",
        finished_at=END - timedelta(days=730),
        tier="T3",
        letter="C",
        score=50,
        low=40,
        high=60,
        relativity=1,
        failed=frozenset({BACK}),
    )
    return Renewed(
        policy=Policy(
            id="P-1",
            applicant=now.consent.applicant,
            domain=now.domain,
            renewal_date=START.date(),
            consent="",
            application="",
            added_at=START,
        ),
        outcome=Outcome(
            assessment=now,
            previous=replace(now, id="last", findings=was),
            past=(past,),
            files=(),
            faults=(),
        ),
    )


def test_what_is_back_is_not_new_to_programs() -> None:
    changes = renewed.document(renewal())["changes"]
    found = {group: [item["id"] for item in items] for group, items in changes.items()}
    persisting = [item.id for item in sample().findings if item.outcome is Said.FAIL][2:]
    assert found == {
        "new": [NEW],
        "reappeared": [BACK],
        "resolved": [],
        "gone": [],
        "persisting": persisting,
        "now_unknown": [],
    }


@pytest.mark.parametrize(
    ("language", "heads"),
    [
        (Language.EN, ("New (1)", "Back again (1)")),
        (Language.JA, ("新規（1件）", "再び見つかったもの（1件）")),
    ],
)
def test_what_is_back_is_not_new_to_people(
    language: Language, heads: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    renewed.show([renewal()], language)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in heads] == list(heads)


def test_a_first_assessment_changes_nothing() -> None:
    first = renewal()
    first = replace(first, outcome=replace(first.outcome, previous=None, past=()))
    told = renewed.document(first)
    assert (told["before"], told["changes"]) == (None, None)
