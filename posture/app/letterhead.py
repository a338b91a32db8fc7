"""The reports' letterhead from the settings: the insurer's words, its logo and its colour, checked."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec import structs

import reports
from posture.app.settings import Insurer, Settings, settings_path
from posture.core.errors import PostureError
from reports import dress
from reports.dress import Dress

_T = TypeVar("_T")


def branding(settings: Settings, *, policyholder: bool = False) -> reports.Branding:
    """The letterhead. Raises PostureError for a logo or colour that cannot be used."""
    words = structs.asdict(settings.insurer)
    look = Dress(
        logo=_logo(settings.insurer, words.pop("logo")),
        colour=_checked("colour", words.pop("colour"), dress.readable, ""),
    )
    return reports.Branding(policyholder=policyholder, dress=look, **words)


def _logo(insurer: Insurer, name: str) -> bytes:
    if name and not insurer.insurer:
        raise _bad("logo", name, "a logo needs the insurer's name, for those who cannot see it")
    return _checked("logo", name, _read, b"")


def _read(name: str) -> bytes:
    """The picture's file, named from the folder of the settings file."""
    path = settings_path().parent / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            return dress.clean(file.read(dress.MOST_BYTES + 1))
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None


def _checked(field: str, value: str, check: Callable[[str], _T], without: _T) -> _T:
    try:
        return check(value) if value else without
    except ValueError as error:
        raise _bad(field, value, str(error)) from None


def _bad(field: str, value: str, problem: str) -> PostureError:
    return PostureError(
        f"The settings' insurer.{field} “{value}” cannot be used: {problem}.",
        remedy=f"Correct it in {settings_path()}, or take the line out.",
        code="bad-settings",
    )
