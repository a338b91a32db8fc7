"""Logo and colour in the settings are checked before anything is scanned, in one sentence each."""

import io
from pathlib import Path

import pytest
from PIL import Image

from posture.app.letterhead import branding
from posture.app.settings import load_settings
from posture.core.errors import PostureError
from reports.dress import Dress


def letterhead(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Dress:
    path = folder / "settings.toml"
    path.write_text(f"[insurer]\n{text}", encoding="utf-8")
    monkeypatch.setenv("POSTURE_SETTINGS", str(path))
    return branding(load_settings()).dress


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (9, 9)).save(made, "PNG")
    return made.getvalue()


def test_a_logo_beside_the_settings_and_a_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    dress = letterhead(tmp_path, monkeypatch, 'name = "x"\nlogo = "logo.png"\ncolour = "#1F4E79"')
    assert dress == Dress(logo=picture(), colour="#1f4e79")


def test_none_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert letterhead(tmp_path, monkeypatch, 'name = "x"') == Dress()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'name = "x"\nlogo = "none.png"',
            "insurer.logo “none.png” cannot be used: No such file or directory.",
        ),
        ('name = "x"\nlogo = "a.svg"', "insurer.logo “a.svg” cannot be used: it is no PNG picture."),
        ('logo = "logo.png"', "a logo needs the insurer's name, for those who cannot see it."),
        ('colour = "#ffee00"', "insurer.colour “#ffee00” cannot be used: its contrast on paper is 1.1"),
        ('colour = "blue"', "it is not a colour of the form #1f4e79."),
    ],
)
def test_what_is_refused_says_which_and_why(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    (tmp_path / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    with pytest.raises(PostureError) as caught:
        letterhead(tmp_path, monkeypatch, text)
    assert said in caught.value.message
    assert caught.value.code == "bad-settings"
    assert str(tmp_path / "settings.toml") in caught.value.remedy
