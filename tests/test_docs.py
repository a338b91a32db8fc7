"""Documents that are made are what the code would make today."""

import pytest

from scripts import make_docs


@pytest.mark.parametrize(
    ("name", "make"), [("cli.md", make_docs.command_line), ("checks.md", make_docs.checks)]
)
def test_a_made_document_is_current(name: str, make: object) -> None:
    assert callable(make)
    written = (make_docs.DOCS / name).read_text(encoding="utf-8")
    assert written == make(), "run make docs"
