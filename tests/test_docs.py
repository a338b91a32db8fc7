"""Documents that are made are what the code would make today."""

import pytest

from reports import schema
from scripts import make_docs, make_schemas


@pytest.mark.parametrize(
    ("name", "make"), [("cli.md", make_docs.command_line), ("checks.md", make_docs.checks)]
)
def test_a_made_document_is_current(name: str, make: object) -> None:
    assert callable(make)
    written = (make_docs.DOCS / name).read_text(encoding="utf-8")
    assert written == make(), "run make docs"


@pytest.mark.parametrize("name", schema.DESK)
def test_the_published_file_is_what_the_types_say(name: str) -> None:
    published = (make_schemas.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert published == make_schemas.written(name), "run `make docs`"
