"""Asks for a few files that sites hand out by mistake, as any visitor could; their contents are not kept."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

from posture.core.consent import Technique
from posture.core.facts.web_exposure import AskedPath, SecurityTxt, Sharing, WebExposure
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.http import Session
from scanners.observe import digest
from scanners.web.exchange import Answer, fetch, printable
from scanners.web.place import Place

SECURITY_TXT: Final = "/.well-known/security.txt"

_GIT_HEAD = re.compile(rb"\A(ref: refs/[\x21-\x7e]+|[0-9a-f]{40}|[0-9a-f]{64})\s*\Z")
_GIT_CONFIG = re.compile(rb"\A\s*\[core\]", re.IGNORECASE)
_SETTING = re.compile(rb"^(?:export[ \t]+)?[A-Z][A-Z0-9_]{1,60}[ \t]{0,3}=", re.MULTILINE)
#: How mysqldump, pg_dump and their kin begin, or what they hold.
_DUMP = re.compile(
    rb"^(?:-- (?:MySQL|MariaDB|PostgreSQL) |CREATE TABLE |INSERT INTO )", re.MULTILINE | re.IGNORECASE
)
_FIELD = re.compile(r"^(contact|expires):[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
#: Characters of a security.txt that are read; RFC 9116 §5.4 advises to bound it.
_MOST_TEXT = 32_768


def _is_settings(body: bytes) -> bool:
    return bool(_SETTING.search(body)) and b"<" not in body[:512]


#: The files, and how each is told from a page that merely says “not found”.
PATHS: Final[dict[str, Callable[[bytes], bool]]] = {
    "/.git/HEAD": lambda body: bool(_GIT_HEAD.match(body)),
    "/.git/config": lambda body: bool(_GIT_CONFIG.match(body)),
    "/.env": _is_settings,
    "/.svn/wc.db": lambda body: body.startswith(b"SQLite format 3\0"),
    "/.DS_Store": lambda body: body.startswith(b"\0\0\0\1Bud1"),
    "/backup.zip": lambda body: body.startswith(b"PK\x03\x04"),
    "/backup.sql": lambda body: bool(_DUMP.search(body[:4096])),
    "/server-status": lambda body: b"<title>Apache Status</title>" in body,
    SECURITY_TXT: lambda body: _security_txt(body) is not None,
}


#: A site that nobody has (RFC 2606 §2): a server that shares with it shares with everybody.
STRANGER: Final = "https://stranger.invalid"


async def look(context: Context, origin: Place, page: Place) -> Seen[WebExposure]:
    """Ask every path of `PATHS` once, one after the other, and the page as another site's script would.

    Raises NetFailure when asked for patience.
    """
    session = context.gateway.session(Technique.WEB)
    try:
        found = [await _ask(session, origin, path) for path in PATHS]
        sharing, unshared = await _sharing(session, page)
    finally:
        session.close()
    gaps = [Gap(path=f"paths.{asked.path}", reason=why) for asked, _, why in found if why]
    gaps += [Gap(path="sharing", reason=unshared)] if unshared else []
    text = next((told for _, told, _ in found if told), None)
    paths = tuple(asked for asked, _, _ in found)
    fact = WebExposure(origin=origin.url, at=context.clock(), paths=paths, security_txt=text, sharing=sharing)
    return Seen(value=fact, gaps=tuple(gaps))


async def _sharing(session: Session, page: Place) -> tuple[Sharing | None, Reason | None]:
    try:
        answer = await asyncio.to_thread(fetch, session, page.url, STRANGER)
    except NetFailure as failure:
        if failure.reason in (Reason.RATE_LIMITED, Reason.CANCELLED):
            raise
        return None, failure.reason
    return (
        Sharing(
            origin=STRANGER,
            allow_origin=answer.header("access-control-allow-origin"),
            allow_credentials=answer.header("access-control-allow-credentials"),
        ),
        None,
    )


async def _ask(
    session: Session, origin: Place, path: str
) -> tuple[AskedPath, SecurityTxt | None, Reason | None]:
    try:
        answer = await asyncio.to_thread(fetch, session, urljoin(origin.url, path))
    except NetFailure as failure:
        if failure.reason in (Reason.RATE_LIMITED, Reason.NOT_PERMITTED, Reason.CANCELLED):
            raise
        return AskedPath(path=path, status=None), None, failure.reason
    asked = AskedPath(path=path, status=answer.status)
    if answer.status != 200 or (answer.broken and not answer.body):
        return asked, None, answer.broken
    text = _security_txt(answer.body) if path == SECURITY_TXT else None
    return _described(asked, answer), text, None


def _described(asked: AskedPath, answer: Answer) -> AskedPath:
    media_type = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    return replace(
        asked,
        media_type=printable(media_type)[:100] or None,
        length=len(answer.body),
        sha256=digest(answer.body),
        recognised=PATHS[asked.path](answer.body),
    )


def _security_txt(body: bytes) -> SecurityTxt | None:
    """The fields that RFC 9116 §2.5 requires; None for what is no security.txt at all."""
    text = body[:_MOST_TEXT].decode("utf-8", "replace").replace("\r\n", "\n")
    fields = [(name.lower(), value.strip()) for name, value in _FIELD.findall(text)]
    if not fields or "<html" in text.lower():
        return None
    expiries = [value for name, value in fields if name == "expires"]
    return SecurityTxt(
        contacts=sum(name == "contact" for name, _ in fields),
        expires=_instant(expiries[0]) if len(expiries) == 1 else None,
        expires_fields=len(expiries),
    )


def _instant(text: str) -> datetime | None:
    """A date and time of RFC 3339; None for anything else."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo is not None else None
