"""What a scan and its reports need, looked for one by one."""

import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import posture
from posture.app.options import RawOptions, build_options
from posture.app.settings import Settings, load_settings, settings_path
from posture.core.errors import PostureError
from scanners.context import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing looked for; `found` says what is there, `remedy` what to do when it is not."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine(raw: Mapping[str, Any]) -> list[Item]:
    """Every item; a complaint of one does not hide the next. Sends nothing."""
    items = [
        Item(name="posture", ok=True, found=f"{posture.__version__}, Python {platform.python_version()}")
    ]
    settings, options = _configuration(raw, items)
    url = str(raw.get("database") or settings.database or "")
    looks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("nmap", lambda: _nmap(options)),
        ("resolver", lambda: _resolver(options)),
        ("IPv6", _ipv6),
        ("trust store", lambda: _trust(options)),
        ("database", lambda: _database(url)),
        ("font", _font),
        ("temporary", lambda: _writable(Path(tempfile.gettempdir()))),
        ("folder", lambda: _writable(Path.cwd())),
    )
    return items + [_look(name, look) for name, look in looks]


def _configuration(raw: Mapping[str, Any], items: list[Item]) -> tuple[Settings, Options]:
    """Settings and options as far as they can be read; what cannot becomes an item."""
    try:
        settings = load_settings()
        options = build_options(RawOptions.of(raw), settings)
    except PostureError as error:
        items.append(Item(name="settings", ok=False, found=error.message, remedy=error.remedy))
        return Settings(), Options()
    path = settings_path()
    items.append(Item(name="settings", ok=True, found=str(path) if path.exists() else "none, all defaults"))
    return settings, options


def _look(name: str, look: Callable[[], str]) -> Item:
    try:
        return Item(name=name, ok=True, found=look())
    except PostureError as error:
        return Item(name=name, ok=False, found=error.message, remedy=error.remedy)


def _nmap(options: Options) -> str:
    from scanners.net.nmap import find_nmap, nmap_version

    path = find_nmap(options)
    return f"{nmap_version(path)} ({path})"


def _resolver(options: Options) -> str:
    from scanners.dns.resolver import configured

    return ", ".join(server.label() for server in configured(options))


def _ipv6() -> str:
    """A note, never a fault: without IPv6 the addresses of version 6 are unseen, and the reports say so."""
    table = Path("/proc/net/ipv6_route")
    lines = table.read_text(encoding="ascii").splitlines() if table.exists() else []
    default = f"{'0' * 32} 00 "
    out = any(line.startswith(default) and not line.endswith(" lo") for line in lines)
    return "a default route" if out else "no default route: addresses of version 6 will be unseen"


def _trust(options: Options) -> str:
    from scanners.tls import trust

    return f"{len(trust.load(options.trust_store).by_subject)} authorities"


def _database(url: str) -> str:
    from posture.store.database import open_database

    database = open_database(url or None)
    try:
        return database.shown
    finally:
        database.close()


def _font() -> str:
    from reports import fonts

    return ", ".join(fonts.best().japanese)


def _writable(path: Path) -> str:
    if not os.access(path, os.W_OK):
        raise PostureError(
            f"{path} cannot be written", remedy="Change to a folder you may write to.", code="not-writable"
        )
    return str(path)
