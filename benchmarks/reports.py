"""The reports' bars (`make bench-reports`): a full set in two seconds, 1,000 reports with flat memory.

    python benchmarks/reports.py [SETS]

A set is everything `posture assess` writes: two audiences, two languages, HTML and PDF, JSON and CSV, with
a ledger, a past and a book round it. The first bar is measured on a grown assessment (four times the golden
one's open findings), the second on the golden one: 250 sets of four reports in one process, each under
another name, so that no cache answers. The exit code is 1 when the median set takes longer than two seconds
on the clock, or memory grows by a quarter after the first ten sets.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import reports
from posture.core import ledger
from posture.core.assessment import Assessment
from posture.core.dossier import Dossier, Past
from posture.core.findings import Finding, Outcome, Owner
from posture.core.ledger import Event, Kind
from tests.support import golden

GROWN = 12
WARM = 10
SECONDS = 2.0
GROWTH = 1.25


def resident() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def grown(item: Assessment) -> Assessment:
    """The assessment with every finding once for each kind of owner: four times as much to mend."""
    return replace(item, findings=tuple(_at(one, owner) for owner in Owner for one in item.findings))


def _at(finding: Finding, owner: Owner) -> Finding:
    if owner is Owner.SELF:
        return finding
    number = list(Owner).index(owner)
    name = f"{owner.value}.{finding.target.name or 'host'}"
    return replace(
        finding,
        id=f"{int(finding.id, 16) ^ number:016x}",
        owner=owner,
        target=replace(finding.target, name=name, url=None),
    )


def dossier(item: Assessment) -> Dossier:
    """A dispute, a year of monthly assessments, and a book of a hundred."""
    finding = next(one.id for one in item.findings if one.outcome is Outcome.FAIL)
    at = item.finished_at + timedelta(days=1)
    draft = Event(
        id="",
        domain=item.domain,
        finding=finding,
        assessment=item.id,
        kind=Kind.DISPUTE,
        by="例 太郎",
        at=at,
        reason="当社の設備ではありません",
    )
    past = tuple(
        Past(
            id=f"past-{month}",
            finished_at=item.finished_at - timedelta(days=30 * month),
            tier="T3",
            letter="C",
            score=50.0 + month,
            low=40.0,
            high=70.0,
            relativity=1.0,
            failed=frozenset({finding}),
        )
        for month in range(12, 0, -1)
    )
    book = tuple(float(score) for score in range(100))
    return Dossier(at=at, ledger={finding: ledger.append((), draft)}, past=past, book=book)


def sets(item: Assessment, count: int) -> Iterator[tuple[float, float, dict[str, bytes]]]:
    """Make sets; of each the seconds it took on the clock, memory after it (MiB), and its files."""
    catalogue, round_it = golden.catalogue(), dossier(item)
    for number in range(count):
        name = f"{item.consent.applicant} {number}"
        case = replace(item, id=f"{item.id}-{number}", consent=replace(item.consent, applicant=name))
        start = time.perf_counter()
        files = reports.produce(case, catalogue, dossier=round_it)
        yield time.perf_counter() - start, resident(), files


def clock(item: Assessment) -> bool:
    """The first bar."""
    made = list(sets(item, GROWN))
    times = [seconds for seconds, _, _ in made]
    files = made[-1][2]
    opened = sum(one.outcome is Outcome.FAIL for one in item.findings)
    size = sum(map(len, files.values())) / 2**10
    print(f"one set: {len(files)} files, {size:,.0f} KiB, {opened} open findings")
    print(f"  first {times[0]:.2f} s (fonts and templates are read), bar {SECONDS:.1f} s")
    print(
        f"  median of {GROWN} {statistics.median(times):.2f} s, slowest of the others {max(times[1:]):.2f} s"
    )
    return statistics.median(times) <= SECONDS


def memory(item: Assessment, count: int) -> bool:
    """The second bar."""
    spent, levels = 0.0, []
    for seconds, level, _ in sets(item, count):
        spent += seconds
        levels.append(level)
    warm, last = levels[min(WARM, count - 1)], levels[-1]
    print(f"{4 * count:,} reports in one process: {spent:.0f} s, {spent / count:.2f} s a set")
    print(f"  memory {levels[0]:.0f} MiB after one set, {warm:.0f} after {WARM} sets")
    print(f"  memory {max(levels):.0f} MiB at most, {last:.0f} at the end")
    return last <= GROWTH * warm


def main(count: int) -> int:
    """Print both figures; 1 when a bar is missed."""
    item = golden.assessment()
    held = [clock(grown(item)), memory(item, count)]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 250))
