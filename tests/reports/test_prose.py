"""The plain text of cards."""

from reports.blocks import Code, Entry, Items, Paragraph
from reports.prose import parse


def test_paragraphs_code_and_lists() -> None:
    text = """
Publish a record
naming it:

    example.  IN CAA 0
      issue

    second

Then:
- wait
  a day
- look
"""
    assert parse(text) == (
        Paragraph(text="Publish a record naming it:"),
        Code(text="example.  IN CAA 0\n  issue\n\nsecond"),
        Paragraph(text="Then:"),
        Items(entries=(Entry(text="wait a day"), Entry(text="look"))),
    )


def test_japanese_lines_join_without_a_space() -> None:
    assert parse("設定を\n変更します。\nnginx の\n例") == (Paragraph(text="設定を変更します。nginx の例"),)


def test_nothing_gives_nothing() -> None:
    assert parse("\n\n") == ()
