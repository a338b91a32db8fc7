"""What does not fit is named by its place, and nothing is coerced."""

import tomllib
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct, field

from posture.app.forms import Checked, Misfit, fit
from posture.app.settings import Feeds, Insurer, Settings, load_settings
from posture.core.errors import PostureError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Even(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        if len(text) % 2:
            raise PostureError(f"“{text}” is odd.", remedy="Write one letter more.", code="odd")
        return text.lower()


class Leaf(Struct, frozen=True, kw_only=True):
    size: Annotated[int, Meta(ge=1)]
    share: float = 0.0


class Tree(Struct, frozen=True, kw_only=True):
    class_: str = field(name="class", default="tree")
    leaves: dict[str, dict[Colour, Leaf]] = field(default_factory=dict)
    names: tuple[Even, ...] = ()
    day: date | None = None
    moment: Annotated[datetime, Meta(tz=True)] | None = None
    flag: bool = False


def misfit(text: str, *, further: bool = False) -> tuple[str, str, bool]:
    with pytest.raises(Misfit) as caught:
        fit(Tree, tomllib.loads(text), further=further)
    return caught.value.field, caught.value.problem, caught.value.unknown


def test_what_fits_is_taken_in_the_spelling_of_its_check() -> None:
    assert fit(
        Tree, tomllib.loads('class = "oak"\nnames = ["AB"]\nleaves.a.red = { size = 2, share = 1 }')
    ) == (Tree(class_="oak", names=(Even("ab"),), leaves={"a": {Colour.RED: Leaf(size=2, share=1.0)}}))


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ('names = ["ab", "abc"]', "names.1", "“abc” is odd. Write one letter more"),
        ("names = [3]", "names.0", "should be a text in quotes"),
        ("flag = 1", "flag", "should be true or false, not a whole number"),
        ('day = "2026-01-01"', "day", "should be a date, not a text in quotes"),
        ("day = 2026-01-01T00:00:00Z", "day", "should be a date, not a date with time"),
        (
            "moment = 2026-01-01T00:00:00",
            "moment",
            "should be a date with time with an offset such as +09:00",
        ),
        ("moment = 2026-01-01", "moment", "should be a date with time, not a date"),
        ("leaves.a.red.size = true", "leaves.a.red.size", "should be a whole number, not true or false"),
        ("leaves.a.red.size = 2.0", "leaves.a.red.size", "should be a whole number, not a decimal number"),
        ("leaves.a.red = {}", "leaves.a.red.size", "it is missing"),
        ("leaves.a.green = { size = 1 }", "leaves.a.green", "should be red or blue"),
        (
            "leaves.a.red.size = 1\nleaves.b.red.size = 1\nleaves.b.blue.size = 0",
            "leaves.b.blue.size",
            "should be a whole number >= 1",
        ),
        ('leaves."a.b`".red.size = 0', "leaves.a.b`.red.size", "should be a whole number >= 1"),
    ],
)
def test_a_misfit_names_its_place_with_the_keys_of_tables(text: str, name: str, problem: str) -> None:
    assert misfit(text) == (name, problem, False)


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("flagg = true", "flagg", "there is no such field (is “flag” meant?)"),
        ("leaves.b.red = { size = 1, xyz = 2 }", "leaves.b.red.xyz", "there is no such field"),
        ("class_ = 'oak'", "class_", "there is no such field (is “class” meant?)"),
        ('"x - at `$.day`" = 1', "x - at `$.day`", "there is no such field"),
    ],
)
def test_an_unknown_field_is_a_misfit_with_the_nearest_name(text: str, name: str, problem: str) -> None:
    assert misfit(text) == (name, problem, True)


def test_further_fields_are_allowed_at_the_top_alone() -> None:
    assert fit(Tree, {"more": 1}, further=True) == Tree()
    name, _, unknown = misfit("more = 1\nleaves.a.red = { size = 1, more = 1 }", further=True)
    assert (name, unknown) == ("leaves.a.red.more", True)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("POSTURE_SETTINGS", str(path))
    return path


def test_settings_are_read_and_the_rest_keeps_its_defaults(settings: Path) -> None:
    settings.write_text('sweep_rate = 5\ninsurer.name = "例保険"\nfeeds.nvd_pause = 0\n', encoding="utf-8")
    assert load_settings() == Settings(
        sweep_rate=5.0, insurer=Insurer(insurer="例保険"), feeds=Feeds(nvd_pause=0.0)
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("host_rate = 0", "host_rate"),
        ("network_addresses = 1.5", "network_addresses"),
        ("trusted_keys.desk = 1", "trusted_keys.desk"),
        ('insurer.insurer = "x"', "insurer.insurer"),
        ("feeds.nvd_pause = nan", "feeds.nvd_pause"),
        ("japanese_era = true", "japanese_era"),
    ],
)
def test_settings_that_do_not_fit_name_file_field_and_remedy(settings: Path, text: str, name: str) -> None:
    settings.write_text(text, encoding="utf-8")
    with pytest.raises(PostureError) as caught:
        load_settings()
    assert caught.value.message.startswith(f"The settings file {settings} cannot be used: field “{name}”: ")
    assert caught.value.remedy == "Correct the file, or point POSTURE_SETTINGS to another."
