"""The reports' bars (`make bench-reports`): a full set in two seconds, many in one process with flat memory.

    python benchmarks/reports.py [SETS]

A set is everything `posture assess` writes: two audiences, two languages, HTML and PDF, JSON and CSV. It is
made of the golden assessment, each time under another name: no cache answers. 250 sets are
1,000 reports. The exit code is 1 when the median set takes longer or memory grows by a quarter after ten.
"""

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import reports
from tests.support import golden

WARM = 10
SECONDS = 2.0
GROWTH = 1.25


def resident() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def main(count: int) -> int:
    """Make `count` sets and print the figures; 1 when a bar is missed."""
    item, catalogue = golden.assessment(), golden.catalogue()
    files: dict[str, bytes] = {}
    times, memory = [], []
    for number in range(count):
        name = f"{item.consent.applicant} {number}"
        case = replace(item, id=f"{item.id}-{number}", consent=replace(item.consent, applicant=name))
        start = time.process_time()
        files = reports.produce(case, catalogue)
        times.append(time.process_time() - start)
        memory.append(resident())
    warm = memory[min(WARM, count - 1)]
    print(f"{len(files)} files a set, {sum(map(len, files.values())) / 2**10:,.0f} KiB")
    print(
        f"{count} sets: median {statistics.median(times):.2f} s, slowest {max(times):.2f} s of processor time"
    )
    print(f"memory: {memory[0]:.0f} MiB after one set, {warm:.0f} after {WARM}, {memory[-1]:.0f} at the end")
    return int(statistics.median(times) > SECONDS or memory[-1] > GROWTH * warm)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 250))
