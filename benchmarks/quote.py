"""The quote's bar (`make bench-quote`): another price without a scan in under a second.

    python benchmarks/quote.py [RUNS]

Times the whole command `posture quote` (a new process each, as an underwriter runs it) and the pricing of
one more version inside a process. The first run is not counted: it writes Python's caches, here in a folder
of its own. The exit code is 1 when the median command takes a second or more.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from posture.app.clock import utc_now
from posture.app.desk import Desk, bench
from posture.app.pricing import Models
from posture.app.quoting import Terms
from posture.app.settings import Settings
from posture.store import assessments
from posture.store.database import open_database
from tests.support.desk import rescanned

ROOT = Path(__file__).parents[1]
SECONDS = 1.0


def command(url: str, folder: Path, case: str, number: int) -> float:
    """Seconds of one `posture quote`."""
    words = ("quote", case, "--limit", f"A={100_000_000 + number * 1_000_000}", "--database", url, "--json")
    environment = {
        **os.environ,
        "PYTHONPYCACHEPREFIX": str(folder / "caches"),
        "PYTHONDONTWRITEBYTECODE": "",
        "HOME": str(folder),
    }
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "posture.app.cli", *words],
        check=True,
        capture_output=True,
        env=environment,
        cwd=ROOT,
    )
    return time.perf_counter() - start


def main(runs: int) -> int:
    """Print the figures; 1 when the bar is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'posture.db'}"
        store = open_database(url)
        item = rescanned(utc_now())
        assessments.save(store, item)
        times = [command(url, folder, item.id, number) for number in range(runs + 1)][1:]
        desk = Desk(database=store, bench=bench(Settings()), at=utc_now(), models=Models())
        inside = []
        for _ in range(runs):
            case = desk.case(item.id)
            start = time.perf_counter()
            desk.quote(case, Terms(), "bench")
            inside.append(time.perf_counter() - start)
        store.close()
    median = statistics.median(times)
    print(f"posture quote, a process each, {runs} runs: median {median:.2f} s, slowest {max(times):.2f} s")
    print(f"price and keep one more version in a process: median {1000 * statistics.median(inside):.1f} ms")
    print(f"bar: median under {SECONDS:.0f} s: {'held' if median < SECONDS else 'missed'}")
    return median >= SECONDS


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
