"""findings.csv: every finding in one table, both languages side by side, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

from posture.core.catalogue import Catalogue, Language
from posture.core.findings import Finding
from reports.plain import visible

#: What a spreadsheet takes for the start of a formula, full-width forms included (OWASP, “CSV Injection”).
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")

COLUMNS = (
    "id",
    "check",
    "version",
    "area",
    "outcome",
    "severity",
    "owner",
    "confidence",
    "reason",
    "name",
    "address",
    "port",
    "url",
    "title_en",
    "message_en",
    "title_ja",
    "message_ja",
    "evidence",
)


def render(findings: Iterable[Finding], catalogue: Catalogue) -> bytes:
    """UTF-8 with a byte order mark (Excel needs it for Japanese), every cell quoted, CR LF (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        writer.writerow([cell(value) for value in _row(finding, catalogue)])
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """The value as text that no spreadsheet runs: a leading formula sign is preceded by an apostrophe."""
    text = visible("" if value is None else str(value))
    return f"'{text}" if text.lstrip(" \u3000\u00a0").startswith(_FORMULA) else text


def _row(finding: Finding, catalogue: Catalogue) -> tuple[object, ...]:
    card = catalogue.cards[finding.check]
    words = [
        text
        for language in Language
        for text in (card.wordings[language].title, catalogue.sentence(finding, language))
    ]
    return (
        finding.id,
        finding.check,
        finding.version,
        card.area,
        finding.outcome.value,
        finding.severity.value,
        finding.owner.value,
        finding.confidence.value,
        finding.reason.value if finding.reason else None,
        finding.target.name,
        finding.target.address,
        finding.target.port,
        finding.target.url,
        *words,
        " ".join(finding.evidence),
    )
