"""Plain text: a letter that any mail program shows. Layout blocks that are pictures are left to HTML."""

from collections.abc import Iterator

from reports.blocks import Block, Document, Facts, Items, Notice, Paragraph, Section, Table


def render(document: Document) -> bytes:
    """The document as UTF-8 text, one paragraph a line."""
    return ("\n".join(_document(document)) + "\n").encode()


def _document(document: Document) -> Iterator[str]:
    if document.watermark:
        yield f"*** {document.watermark} ***"
    yield document.title
    yield ""
    yield document.subject
    for fact in document.lines:
        yield f"{fact.term}: {fact.text}"
    for section in document.sections:
        yield ""
        yield from _section(section)
    yield ""
    yield document.footer


def _section(section: Section) -> Iterator[str]:
    yield f"== {section.title} =="
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"\n{block.text}" if block.tone == "accent" else block.text
        case Notice():
            yield f"*** {block.title} *** {block.text}"
        case Facts():
            for row in block.rows:
                yield f"  {row.term}: {row.text}"
        case Items():
            for entry in block.entries:
                yield f"  - {entry.text}" + (f" ({entry.note})" if entry.note else "")
        case Table():
            yield from _table(block)
        case _:
            raise ValueError(f"plain text has no way to show a block of kind {block.block}")


def _table(table: Table) -> Iterator[str]:
    yield f"{table.caption}:"
    yield "  " + " | ".join(column.title for column in table.columns)
    for row in table.rows:
        yield "  " + " | ".join(cell.text for cell in row)
