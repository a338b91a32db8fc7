"""Published JSON Schemas (draft 2020-12) of the documents other programs rely on (DESIGN §6)."""

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent

#: Names of the published schemas.
NAMES = ("assessment", "error", "finding", "observation", "rescan", "whatif")
#: Documents of the underwriter's desk; scripts/make_schemas.py writes them from their types.
DESK = ("case", "cases", "quotes", "declared", "questionnaire", "ledger", "renewals")


def load(name: str) -> dict[str, Any]:
    """A published schema by name."""
    document: dict[str, Any] = json.loads((_ROOT / f"{name}.json").read_text(encoding="utf-8"))
    return document
