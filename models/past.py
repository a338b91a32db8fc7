"""What older releases priced with, by digest: an assessment replays without being told where its model is.

    python -m models.past

keeps the release's model, appetite and rating tables under models/data/past, before a release changes them.
Models made before an artefact said which findings set its features have that beside them (`features-*.toml`).
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from models import appetite, artefact, reading, tables
from models.appetite import Appetite
from models.artefact import PAST, Artefact
from models.tables import Tables


def model(digest: str) -> Artefact | None:
    """The shipped model of a digest, of this release or an older one; None where neither has it."""
    if artefact.shipped().digest == digest:
        return artefact.shipped()
    path = PAST / f"model-{digest}.json"
    return artefact.load(path) if _kept(path, digest) else None


def profile(digest: str) -> Appetite | None:
    """The appetite profile of a digest; None where no release had it."""
    if appetite.profile().digest == digest:
        return appetite.profile()
    path = PAST / f"appetite-{digest}.toml"
    return appetite.read(path) if _kept(path, digest) else None


def market(digest: str) -> Tables | None:
    """The rating tables of a digest; None where no release had them."""
    path = next(iter(PAST.glob(f"tables-{digest}/*.toml")), None) if digest.isalnum() else None
    now = (found for found in tables.everything() if found.digest == digest)
    return next(now, None) or (tables.read(path) if path else None)


def knows(schema: str) -> bool:
    """Whether a feature schema is one of an older release, so that a model fitted then can still be read."""
    kept = (json.loads(path.read_text(encoding="utf-8")) for path in PAST.glob("model-*.json"))
    return any(content["features_schema"] == schema for content in kept)


def keep() -> Iterator[Path]:
    """Copy what the release prices with; what is kept already is left alone."""
    PAST.mkdir(exist_ok=True)
    shipped = json.loads(artefact.SHIPPED.read_text(encoding="utf-8"))
    path = PAST / f"model-{shipped['digest']}.json"
    path.write_text(json.dumps(shipped, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    yield path
    yield shutil.copyfile(reading.DATA / "appetite.toml", PAST / f"appetite-{appetite.profile().digest}.toml")
    for found in tables.everything():
        folder = PAST / f"tables-{found.digest}"
        folder.mkdir(exist_ok=True)
        name = f"{found.valid_from.isoformat()}.toml"
        yield shutil.copyfile(tables.MARKETS / found.market.lower() / name, folder / name)


def _kept(path: Path, digest: str) -> bool:
    """A digest comes from a document: it names a file, never a way to one."""
    return digest.isalnum() and path.is_file()


if __name__ == "__main__":
    for kept in keep():
        sys.stdout.write(f"{kept.relative_to(PAST)}\n")
