"""`make bench-web`: our web grade and MDN HTTP Observatory's on the same made-up sites.

The package is fetched by npm into a temporary folder (or POSTURE_OBSERVATORY names one that has it); its
analyzers are called on the recorded exchange, so that nothing is sent to anybody. `--record` writes what it
says to tests/checks/web/observatory.json, which the tests read.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from posture.checks.observatory import every_test, graded
from tests.support.observatory_cases import KNOWN, Case, cases

VERSION = "1.4.8"
PACKAGE = "@mdn/mdn-http-observatory"
RECORD = Path(__file__).parents[1] / "tests" / "checks" / "web" / "observatory.json"
RECORDED = 240
Theirs = Mapping[str, Any]


def main() -> int:
    """Print the agreement; 1 where a score or a result differs that no known reading explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="made-up sites")
    parser.add_argument("--record", action="store_true", help="write the record that the tests read")
    options = parser.parse_args()
    sites = cases(RECORDED if options.record else options.count)
    with tempfile.TemporaryDirectory() as folder:
        theirs = ask(package(Path(folder)), sites)
    if options.record:
        rows = [{"score": t["score"], "grade": t["grade"], "results": t["results"]} for t in theirs]
        RECORD.write_text(json.dumps({"version": VERSION, "sites": rows}, indent=0) + "\n", encoding="utf-8")
        print(f"{len(rows)} sites written to {RECORD.name}")
        return 0
    return compare(sites, theirs)


def package(folder: Path) -> Path:
    """The package's folder. Its list of preloaded sites is emptied: ours does not look it up."""
    named = os.environ.get("POSTURE_OBSERVATORY")
    if named is None:
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*command, f"{PACKAGE}@{VERSION}"], check=True, stdout=sys.stderr)
    found = Path(named) if named else folder / "node_modules" / PACKAGE
    (found / "conf" / "hsts-preload.json").write_text("{}", encoding="utf-8")
    return found


def ask(found: Path, sites: Sequence[Case]) -> Sequence[Theirs]:
    """What the package's analyzers make of the sites."""
    script = Path(__file__).with_name("observatory.mjs")
    given = json.dumps([site.document() for site in sites])
    run = subprocess.run(
        ["node", str(script), str(found)], input=given, capture_output=True, text=True, check=True
    )
    answers: Sequence[Theirs] = json.loads(run.stdout)
    return answers


def compare(sites: Sequence[Case], theirs: Sequence[Theirs]) -> int:
    """Print how many scores and test results agree; 1 for a difference no known reading explains."""
    differing: Counter[tuple[str, str, str]] = Counter()
    scores = explained = 0
    for site, their in zip(sites, theirs, strict=True):
        tests = every_test(site.plain(), site.page(), site.shared())
        scores += graded(tests) == (their["score"], their["grade"])
        ours = {test.test: test.result for test in tests}
        found = [(name, t, ours[name]) for name, t in their["results"].items() if ours[name] != t]
        explained += found == [KNOWN] and graded(tests) != (their["score"], their["grade"])
        differing.update(found)
    every = 10 * len(sites)
    print(f"{PACKAGE} {VERSION}, {len(sites)} made-up sites (synthetic)")
    print(
        f"  scores and grades that agree: {scores} of {len(sites)}; {explained} differ by the known reading"
    )
    print(f"  test results that agree: {every - differing.total()} of {every}")
    for (name, their_result, our_result), count in differing.most_common():
        print(f"    {count:4} {name}: theirs {their_result}, ours {our_result}")
    return 0 if scores + explained == len(sites) and set(differing) <= {KNOWN} else 1


if __name__ == "__main__":
    sys.exit(main())
