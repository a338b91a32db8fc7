"""The operator's settings: one TOML file, every key optional, the environment for what varies by run."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field, structs

from posture.app.forms import Misfit, fit
from posture.core.errors import PostureError


class Insurer(Struct, frozen=True, kw_only=True):
    """Who the reports speak for: `reports.Branding` says what each key does.

    `logo` is a PNG file, named from the folder of the settings file; `colour` is `#rrggbb`.
    """

    insurer: str = field(name="name", default="")
    desk: str = ""
    document_number: str = ""
    disputes: str = ""
    emergency: str = ""
    coordinator: str = ""
    yen_approval: str = ""
    japanese_era: bool = False
    logo: str = ""
    colour: str = ""


class Feeds(Struct, frozen=True, kw_only=True):
    """Where the vulnerability feeds are; a mirror may stand in. `nvd_pause` is seconds between two requests.

    Without a key NVD allows five requests in 30 seconds (https://nvd.nist.gov/developers/start-here).
    """

    kev: str = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
    epss: str = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
    nvd: str = "https://services.nvd.nist.gov/rest/json/cves/2.0"
    endoflife: str = "https://endoflife.date/api/v1/products/full"
    nvd_key: str = ""
    nvd_pause: Annotated[float, Meta(ge=0)] = 6.0
    proxy: str = ""


class Rating(Struct, frozen=True, kw_only=True):
    """`model` is the file of the model that prices; empty for the shipped one."""

    model: str = ""


class Settings(Struct, frozen=True, kw_only=True):
    """`contact` is shown to scanned hosts, `ehlo` is the host name that mail servers are told.

    `trusted_keys` are base64 Ed25519 public keys by name.

    `sweep_rate` bounds the probes per second that a port sweep sends to one host, `host_rate` the new
    connections of everything else, `network_addresses` the size of a network that is asked as one.

    `authority` gives persons their level of models/data/authority.toml.
    """

    contact: str = ""
    ehlo: str = ""
    database: str | None = None
    nmap: str | None = None
    sweep_rate: Annotated[float, Meta(ge=1, le=10_000)] = 1000.0
    host_rate: Annotated[float, Meta(ge=1, le=1000)] = 60.0
    network_addresses: Annotated[int, Meta(ge=0, le=4096)] = 256
    trusted_keys: Mapping[str, str] = field(default_factory=dict)
    insurer: Insurer = Insurer()
    feeds: Feeds = Feeds()
    authority: Mapping[str, str] = field(default_factory=dict)
    rating: Rating = Rating()


def settings_path() -> Path:
    """`POSTURE_SETTINGS`, or posture/settings.toml in the user's configuration folder."""
    named = os.environ.get("POSTURE_SETTINGS")
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(named) if named else Path(base) / "posture" / "settings.toml"


def load_settings() -> Settings:
    """Read the settings; none is fine unless POSTURE_SETTINGS names one. Raises PostureError.

    POSTURE_DATABASE goes before the file's `database`.
    """
    written = _written(settings_path())
    return structs.replace(written, database=os.environ.get("POSTURE_DATABASE") or written.database)


def _written(path: Path) -> Settings:
    try:
        if not path.exists() and "POSTURE_SETTINGS" not in os.environ:
            return Settings()
        return fit(Settings, tomllib.loads(path.read_text(encoding="utf-8")))
    except Misfit as error:
        raise _bad(path, f"field “{error.field}”: {error.problem}") from None
    except OSError as error:
        raise _bad(path, (error.strerror or str(error)).lower()) from None
    except UnicodeDecodeError:
        raise _bad(path, "it is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _bad(path, f"it is not TOML: {error}") from None


def _bad(path: Path, problem: str) -> PostureError:
    return PostureError(
        f"The settings file {path} cannot be used: {problem}.",
        remedy="Correct the file, or point POSTURE_SETTINGS to another.",
        code="bad-settings",
    )
