"""`products/no_overdue_mending`: exploited flaws are mended by the day CISA sets for federal agencies."""

from collections.abc import Iterator

from posture.checks.flaws import about, named, software
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import Exploited
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: ProductIntelligence) -> Iterator[Verdict]:
    """One verdict per product; what has no exploited flaw has no day to keep."""
    yield about(fact, _verdict(fact))


def _verdict(fact: ProductIntelligence) -> Verdict:
    if fact.listed is None:
        return unknown("no_catalog", path="listed", software=software(fact))
    exploited = [match.kev for match in fact.matches or () if match.kev is not None]
    overdue = sorted((line for line in exploited if line.due < fact.on), key=lambda line: line.due)
    if overdue:
        return _overdue(fact, overdue)
    if fact.undecided:
        return unknown("undecided", path="version" if fact.version is None else "matches")
    if exploited:
        return passed("in_time", software=software(fact), due=str(min(line.due for line in exploited)))
    return not_applicable("nothing_due")


def _overdue(fact: ProductIntelligence, overdue: list[Exploited]) -> Verdict:
    return failed(
        "overdue",
        software=software(fact),
        count=len(overdue),
        cves=named(line.cve for line in overdue),
        due=str(overdue[0].due),
        days=(fact.on - overdue[0].due).days,
    )
