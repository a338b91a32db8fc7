"""Golden reports: a frozen assessment with frozen cards, so that only the reports themselves can move them.

`UPDATE_GOLDEN=1 pytest tests/reports/test_golden.py` writes them anew; look at the difference first.
"""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

from posture.core import codec, document
from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue
from posture.core.whatif import WhatIf

FOLDER = Path(__file__).parents[1] / "golden"
UPDATE = "UPDATE_GOLDEN"


def assessment(name: str = "assessment") -> Assessment:
    """The frozen assessment, or the one a year before (`previous`)."""
    return document.read_assessment(
        json.loads((FOLDER / "input" / f"{name}.json").read_text(encoding="utf-8"))
    )


def catalogue() -> Catalogue:
    """The cards as they were when the assessment was frozen."""
    return codec.decode(
        Catalogue, json.loads((FOLDER / "input" / "catalogue.json").read_text(encoding="utf-8"))
    )


def freeze(
    item: Assessment, previous: Assessment, counted: WhatIf, cards: Catalogue, checks: frozenset[str]
) -> None:
    """Write the inputs, with the findings of the named checks alone."""
    folder = FOLDER / "input"
    folder.mkdir(parents=True, exist_ok=True)
    for name, entry in (("assessment", item), ("previous", previous)):
        kept = replace(entry, findings=tuple(f for f in entry.findings if f.check in checks))
        _write(folder / f"{name}.json", document.assessment(kept))
    _write(folder / "whatif.json", codec.encode(counted))
    kept_cards = {name: card for name, card in cards.cards.items() if name in checks}
    _write(folder / "catalogue.json", codec.encode(replace(cards, cards=kept_cards)))


def whatif() -> WhatIf:
    """What mending would bring, as the models counted it then (open questions answered well)."""
    return codec.decode(WhatIf, json.loads((FOLDER / "input" / "whatif.json").read_text(encoding="utf-8")))


def check(name: str, content: bytes) -> None:
    """Compare with the golden file; write it instead where that is asked for."""
    path = FOLDER / name
    content = _without_font(content)
    if os.environ.get(UPDATE) == "1":
        path.write_bytes(content)
    assert path.is_file(), f"{path} is missing; {UPDATE}=1 writes it"
    assert content.decode().splitlines() == path.read_bytes().decode().splitlines(), (
        f"{name} changed; look at it, then run with {UPDATE}=1"
    )


def _without_font(content: bytes) -> bytes:
    """A page without the font it carries and the digest that holds it: packing is the library's affair."""
    bare = re.sub(rb"data:font/woff;base64,[^\"]*", b"data:font/woff;base64,", content)
    return re.sub(rb"style-src &#39;sha256-[^;]*;", b"style-src;", bare)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
