"""The model card is what the data say, and says what it must."""

import pytest

from models import artefact, card, priors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written() -> str:
    return card.text()


def test_the_committed_card_is_the_generated_one(written: str) -> None:
    """Run `python -m models.card` after `make model`."""
    assert card.PATH.read_text(encoding="utf-8") == written


def test_the_card_names_every_prior_and_the_artefact(written: str) -> None:
    assert artefact.shipped().digest in written
    for name, row in priors.table().rows.items():
        (line,) = [
            line for line in written.splitlines() if line.startswith(f"| `{name}` | {row.relative_risk:g} |")
        ]
        assert row.source in line
        assert ("| yes |" in line) == bool(row.sources)


def test_the_card_says_what_is_synthetic_and_what_is_missing(written: str) -> None:
    assert "**None.**" in written
    assert written.count("synthetic") >= 4
    for name, row in priors.table().rows.items():
        if not row.sources:
            assert f"`{name}`" in written.partition("## Not yet observed")[2].partition("##")[0]
