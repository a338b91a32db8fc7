"""What the tests of the underwriter's desk share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk import Office, filed


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


@pytest.fixture
def bindable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The table is filed until a day soon after."""
    until = ("valid_until = 2027-01-01", "valid_until = 2026-12-20")
    with filed(tmp_path, monkeypatch, until):
        yield
