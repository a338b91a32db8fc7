"""Finds the assessment a command line names: a file, or the beginning of an id in the store."""

import json
from pathlib import Path

from posture.app.settings import load_settings
from posture.core import document
from posture.core.assessment import Assessment
from posture.core.errors import PostureError


def find(named: str, database: str | None) -> Assessment:
    """The assessment of a path to its JSON document, or of an id's beginning. Raises PostureError."""
    if not named:
        raise PostureError(
            "No assessment is named.",
            remedy="Give the beginning of an id (posture assessments list), or an assessment.json.",
            code="no-assessment",
        )
    path = Path(named)
    if path.suffix == ".json" or path.is_file():
        return read(path)
    from posture.store import assessments
    from posture.store.database import open_database

    opened = open_database(database or load_settings().database)
    try:
        return assessments.load(opened, named)
    finally:
        opened.close()


def read(path: Path) -> Assessment:
    """The assessment in a file that `posture assess` wrote. Raises PostureError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return document.read_assessment(content if isinstance(content, dict) else {})
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        what = f"is no assessment: {error}"
    raise PostureError(
        f"The assessment {path} {what}.",
        remedy="Give the assessment.json that `posture assess` wrote, or the beginning of a stored id.",
        code="bad-assessment",
    )


def named(assessment: Assessment, beginnings: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the findings that these beginnings of ids name. Raises PostureError for none or several."""
    return tuple(dict.fromkeys(_named(assessment, beginning) for beginning in beginnings))


def _named(assessment: Assessment, beginning: str) -> str:
    found = [item.id for item in assessment.findings if beginning and item.id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    problem = "is the beginning of several findings" if found else "is no finding"
    raise PostureError(
        f"“{beginning}” {problem} of {assessment.id}.",
        remedy=f"See: posture findings list {assessment.id}",
        code="no-finding",
    )
