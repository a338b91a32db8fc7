"""Debian's Chromium, headless and kept off every network."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.support.tools import require_tool

_QUIET = (
    "--headless",
    "--no-sandbox",  # tests may run as root, where Chromium has no sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--virtual-time-budget=20000",
)


def dom(page: Path, profile: Path, *options: str) -> str:
    """The document after its scripts ran, as HTML."""
    ran = subprocess.run(
        [
            require_tool("chromium"),
            *_QUIET,
            *options,
            f"--user-data-dir={profile}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=90,
    )
    return ran.stdout.decode("utf-8", "replace")


def answer(page: Path, profile: Path, *options: str) -> Any:
    """What the page's script left, as JSON text, in the element `answer`."""
    found = re.search(r'<pre id="answer">(.*?)</pre>', dom(page, profile, *options), re.DOTALL)
    assert found is not None, "the page's script did not finish"
    return json.loads(html.unescape(found[1]))


def printed(page: Path, profile: Path, target: Path) -> None:
    """Print the page to a PDF, as a reader would."""
    subprocess.run(
        [
            require_tool("chromium"),
            *_QUIET,
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            page.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=90,
    )
