"""Puts a view into one language for one audience: the document every format lays out."""

from enum import StrEnum

from posture.core.catalogue import Language
from reports import blocks, text
from reports.blocks import Document, Fact, Labels, Section
from reports.branding import Branding
from reports.plain import visible
from reports.say import Say
from reports.sections import agency, applicant, underwriter
from reports.view import View

#: Longest string of a document: a card's text fits many times, a hostile banner does not grow a report.
_LIMIT = 4_000


class Audience(StrEnum):
    """Who a report is for."""

    UNDERWRITER = "underwriter"
    APPLICANT = "applicant"
    AGENCY = "agency"


def compose(view: View, audience: Audience, language: Language | str, branding: Branding) -> Document:
    """The report in final words. No string holds a control or bidirectional character."""
    say = Say(text.load(language), view.catalogue, era=branding.japanese_era)
    name = view.assessment.consent.applicant
    document = Document(
        language=say.language.value,
        kind=audience.value,
        title=say(f"audiences.{audience.value}.title"),
        subject=say(f"audiences.{audience.value}.subject", applicant=name),
        issuer=branding.insurer,
        issued=view.assessment.finished_at,
        lines=_lines(view, say, audience, branding),
        watermark=_watermark(view, say, audience, branding),
        footer=say(f"audiences.{audience.value}.footer"),
        sections=_sections(view, say, audience, branding),
        labels=layout(say),
        dress=branding.dress,
    )
    return blocks.rewrite(document, lambda text: visible(text, limit=_LIMIT, lines=True))


def _sections(view: View, say: Say, audience: Audience, branding: Branding) -> tuple[Section, ...]:
    match audience:
        case Audience.UNDERWRITER:
            return underwriter.sections(view, say)
        case Audience.APPLICANT:
            return applicant.sections(view, say, branding)
        case Audience.AGENCY:
            return agency.sections(view, say, branding)


def _lines(view: View, say: Say, audience: Audience, branding: Branding) -> tuple[Fact, ...]:
    rows = [
        ("domain", view.assessment.domain),
        ("assessed", say.moment(view.assessment.finished_at)),
        ("assessment", view.assessment.id),
    ]
    if branding.insurer:
        rows.append(("issuer", " ".join(part for part in (branding.insurer, branding.desk) if part)))
    if audience is Audience.APPLICANT and branding.document_number:
        rows.append(("document_number", branding.document_number))
    return tuple(Fact(term=say(f"labels.{key}"), text=value) for key, value in rows)


def _watermark(view: View, say: Say, audience: Audience, branding: Branding) -> str:
    if audience is not Audience.APPLICANT:
        return say("watermark.indication") if view.assessment.decision.indication else ""
    return "" if branding.document_number else say("watermark.draft")


def layout(say: Say) -> Labels:
    """The words that the layout itself needs."""
    return Labels(**{name: say.words.entries[f"labels.{name}"] for name in Labels.__dataclass_fields__})
