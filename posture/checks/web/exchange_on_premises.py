"""`web/exchange_on_premises`: no Exchange server run by the applicant answers at this address."""

from collections.abc import Iterator

from posture.checks.fingerprints import judge_kind
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """One finding per recognised product, or one pass."""
    yield from judge_kind(fact, "exchange")
