"""Reports explain: one assessment as an underwriter's file and an applicant's report, in two languages.

`write` is the whole interface. Renderers are imported when a format is asked for, so that importing this
package costs nothing.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue, Language
from posture.core.dossier import Dossier
from posture.core.whatif import WhatIf
from reports import files
from reports.blocks import Document
from reports.branding import Branding

__all__ = ["AUDIENCES", "FORMATS", "LANGUAGES", "Branding", "produce", "write"]

LANGUAGES: tuple[str, ...] = tuple(language.value for language in Language)
#: Written unless others are asked for; "xlsx" is the remediation tracker.
FORMATS: tuple[str, ...] = ("html", "pdf", "json", "csv")
#: Written unless others are asked for; "agency" is for an agent or broker.
AUDIENCES: tuple[str, ...] = ("underwriter", "applicant")


def write(  # noqa: PLR0913  the whole interface in one call; all but three have defaults
    assessment: Assessment,
    catalogue: Catalogue,
    out: Path,
    *,
    languages: Sequence[str] = LANGUAGES,
    formats: Sequence[str] = FORMATS,
    audiences: Sequence[str] = AUDIENCES,
    previous: Assessment | None = None,
    dossier: Dossier | None = None,
    whatif: WhatIf | None = None,
    branding: Branding | None = None,
) -> tuple[Path, ...]:
    """Write the reports of one assessment into the folder `out` and return their paths.

    Everything is rendered before the first byte is written, and appears by renaming: a folder never
    holds half a report. `previous` is the assessment to compare with, `dossier` what stands round this
    one, `whatif` what mending would bring; their sections are left out without them. Raises PostureError
    when the folder cannot be written, and when a Japanese font is missing for the PDF.
    """
    made = produce(
        assessment,
        catalogue,
        languages=languages,
        formats=formats,
        audiences=audiences,
        previous=previous,
        dossier=dossier,
        whatif=whatif,
        branding=branding,
    )
    return files.save(out, made)


def produce(  # noqa: PLR0913  the same arguments
    assessment: Assessment,
    catalogue: Catalogue,
    *,
    languages: Sequence[str] = LANGUAGES,
    formats: Sequence[str] = FORMATS,
    audiences: Sequence[str] = AUDIENCES,
    previous: Assessment | None = None,
    dossier: Dossier | None = None,
    whatif: WhatIf | None = None,
    branding: Branding | None = None,
) -> dict[str, bytes]:
    """The files of one assessment by name: the same input gives the same bytes."""
    from reports import text, view
    from reports.complete import complete
    from reports.compose import Audience, compose
    from reports.render import csv, json, xlsx
    from reports.say import Say

    issuer = branding or Branding()
    earlier = previous.findings if previous else ()
    catalogue = complete(catalogue, (*assessment.findings, *earlier))
    contents: dict[str, bytes] = {}
    if "json" in formats:
        contents["assessment.json"] = json.render(assessment)
    if "csv" in formats:
        contents["findings.csv"] = csv.render(assessment.findings, catalogue)
    seen = view.build(assessment, catalogue, previous, whatif, dossier)
    if "xlsx" in formats:
        for language in languages:
            say = Say(text.load(language), catalogue, era=issuer.japanese_era)
            contents[f"remediation.{language}.xlsx"] = xlsx.render(seen, say)
    pages = [name for name in ("html", "pdf") if name in formats]
    for audience, language in product(map(Audience, audiences), languages if pages else ()):
        document = compose(seen, audience, language, issuer)
        for name in pages:
            contents[f"{audience.value}.{language}.{name}"] = _page(name, document)
    return contents


def _page(name: str, document: Document) -> bytes:
    if name == "html":
        from reports.render import html

        return html.render(document)
    from reports.render import pdf

    return pdf.render(document)
