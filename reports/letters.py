"""Letters to the applicant from the desk: neutral, in both languages, as HTML, PDF and plain text.

A letter never calls the applicant insecure and never reproaches: it says what was decided, how facts can
be corrected, and how to go on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue, Language
from posture.core.decisions import Cover, Declared
from posture.core.desk.quote import Version
from reports import blocks, convention, text
from reports.blocks import Block, Cell, Document, Entry, Fact, Facts, Items, Notice, Paragraph, Section, Table
from reports.branding import Branding
from reports.compose import layout
from reports.plain import visible
from reports.render import plain
from reports.say import Say
from reports.sections.parts import heads

_LIMIT = 4_000


class Kind(StrEnum):
    """What a letter is for."""

    DECLINE = "decline"
    QUESTIONS = "questions"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter is made from.

    `questions` are answers that differ from what was observed, each with the questionnaire's sentence by
    language; `version` is the quote's. A letter of the kind needs its part, and reads no other.
    """

    kind: Kind
    assessment: Assessment
    at: datetime
    version: Version | None = None
    questions: tuple[tuple[Declared, Mapping[str, str]], ...] = ()


def produce(letter: Letter, catalogue: Catalogue, branding: Branding) -> dict[str, bytes]:
    """The letter's files by name, in both languages: the same input gives the same bytes."""
    from reports.render import html, pdf

    made: dict[str, bytes] = {}
    for language in Language:
        say = Say(text.load(language), catalogue, era=branding.japanese_era)
        document = compose(letter, say, branding)
        made[f"{letter.kind.value}.{language.value}.html"] = html.render(document)
        made[f"{letter.kind.value}.{language.value}.pdf"] = pdf.render(document)
        made[f"{letter.kind.value}.{language.value}.txt"] = plain.render(document)
    return made


def compose(letter: Letter, say: Say, branding: Branding) -> Document:
    """The letter in final words. No string holds a control or bidirectional character."""
    item, kind = letter.assessment, letter.kind.value
    body = Section(anchor="letter", title=say(f"letters.{kind}.heading"), blocks=tuple(_body(letter, say)))
    document = Document(
        language=say.language.value,
        kind=f"letter-{kind}",
        title=say(f"letters.{kind}.title"),
        subject=say("letters.to", applicant=item.consent.applicant),
        issuer=branding.insurer,
        issued=letter.at,
        lines=tuple(_lines(letter, say, branding)),
        watermark=_watermark(letter, say, branding),
        footer=say("letters.footer"),
        sections=(body, _onward(letter, say, branding)),
        labels=layout(say),
        dress=branding.dress,
    )
    return blocks.rewrite(document, lambda words: visible(words, limit=_LIMIT, lines=True))


def _lines(letter: Letter, say: Say, branding: Branding) -> Iterator[Fact]:
    yield Fact(term=say("letters.date"), text=say.day(convention.today(letter.at, say.language)))
    yield Fact(term=say("letters.reference"), text=letter.assessment.id)
    if letter.version is not None:
        yield Fact(term=say("letters.number"), text=letter.version.quote)
    if branding.insurer:
        issuer = " ".join(part for part in (branding.insurer, branding.desk) if part)
        yield Fact(term=say("labels.issuer"), text=issuer)
    if branding.document_number:
        yield Fact(term=say("labels.document_number"), text=branding.document_number)


def _watermark(letter: Letter, say: Say, branding: Branding) -> str:
    if letter.kind is not Kind.QUOTE or letter.version is None:
        return ""
    if letter.version.indication:
        return say("watermark.indication")
    return "" if branding.document_number else say("watermark.draft")


def _body(letter: Letter, say: Say) -> Iterator[Block]:
    yield Paragraph(text=say(f"letters.{letter.kind.value}.opening", domain=letter.assessment.domain))
    if letter.kind is Kind.QUESTIONS:
        yield from _questions(letter, say)
    if letter.kind is Kind.QUOTE and letter.version is not None:
        yield from _quote(letter.version, say)


def _questions(letter: Letter, say: Say) -> Iterator[Block]:
    known = {finding.id: finding for finding in letter.assessment.findings}
    seen = say.moment(letter.assessment.finished_at)
    for declared, question in letter.questions:
        observed = [
            f"{say.where(known[name].target)}: {say.finding(known[name])}" for name in declared.findings
        ]
        yield Paragraph(text=question[say.language.value], tone="accent")
        yield Facts(
            rows=(
                Fact(term=say("letters.declared"), text=say(f"letters.{'yes' if declared.answer else 'no'}")),
                Fact(term=say("letters.observed", at=seen), text="\n".join(observed)),
                Fact(term=say("letters.answer"), text=say("letters.blank")),
            )
        )
    yield Paragraph(text=say("letters.questions.closing"))


def _quote(version: Version, say: Say) -> Iterator[Block]:
    if version.indication:
        yield Notice(title=say("watermark.indication"), text=say("letters.quote.indication"))
    yield _covers(version, say)
    period = {"start": _local(version.period[0], say), "end": _local(version.period[1], say)}
    yield Paragraph(text=say("letters.quote.period", **period))
    yield Paragraph(text=say("letters.quote.valid", until=say.moment(version.valid_until)))
    if version.decision.subjectivities:
        yield Paragraph(text=say("letters.quote.conditions"), tone="accent")
        yield Items(
            entries=tuple(
                Entry(
                    text=say.statement(item),
                    note=say(f"phases.{item.phase.value}", due_days=item.due_days),
                )
                for item in version.decision.subjectivities
            )
        )
    yield Paragraph(text=say("letters.quote.summary"))


def _covers(version: Version, say: Say) -> Table:
    columns = heads(
        say, ("cover", "left", 5), ("limit", "right", 3), ("deductible", "right", 3), ("premium", "right", 3)
    )
    wanted = [cover for cover in Cover if cover in version.application.covers]
    rows = [_cover(version, cover, say) for cover in wanted]
    total = say.money(version.premium.total, version.premium.currency)
    rows.append((Cell(text=say("covers.total")), Cell(text=""), Cell(text=""), Cell(text=total)))
    return Table(caption=say("letters.quote.terms"), columns=columns, rows=tuple(rows), total=True)


def _cover(version: Version, cover: Cover, say: Say) -> tuple[Cell, ...]:
    terms, currency = version.application.covers[cover], version.premium.currency
    retained = say.money(terms.deductible, currency)
    if terms.waiting_hours is not None:
        retained = say("captions.waiting", hours=terms.waiting_hours)
    return (
        Cell(text=say(f"covers.{cover.value}")),
        Cell(text=say.money(terms.limit, currency)),
        Cell(text=retained),
        Cell(text=say.money(version.premium.by_cover.get(cover), currency)),
    )


def _local(moment: datetime, say: Say) -> str:
    """A period's end is a local time, so its own offset is kept."""
    return f"{say.day(moment.date())} {moment:%H:%M}"


def _onward(letter: Letter, say: Say, branding: Branding) -> Section:
    """How facts can be corrected, and how to go on."""
    key = f"letters.{letter.kind.value}"
    told = [Paragraph(text=say(f"{key}.onward"))]
    if letter.kind is Kind.DECLINE:
        told.append(Paragraph(text=say("letters.decline.again")))
    desk = branding.disputes or branding.desk or say("letters.your_contact")
    told.append(Paragraph(text=say("letters.correct", desk=desk)))
    return Section(anchor="onward", title=say("letters.onward"), blocks=tuple(told))
