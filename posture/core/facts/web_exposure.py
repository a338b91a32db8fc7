"""`web.exposure`: files a site hands out that are not meant for visitors, and whom to tell about flaws."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPath:
    """What one ordinary GET brought; of the body nothing is kept but length, type and digest.

    `status` is null where no answer came. `recognised`: the body has the form of what the path promises
    (a page that says “not found” with status 200 has not); null where there was no body to look at.
    """

    path: str
    status: int | None
    media_type: str | None = None
    length: int | None = None
    sha256: str | None = None
    recognised: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityTxt:
    """A security.txt (RFC 9116). `contacts` counts Contact fields; `expires` is null if absent or garbled."""

    contacts: int
    expires: datetime | None
    expires_fields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What the page answers to a visitor sent by another site (Fetch standard §3.3, CORS).

    `origin` is the other site we named; `allow_origin`, `allow_credentials`: the headers, null if absent.
    """

    origin: str
    allow_origin: str | None
    allow_credentials: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebExposure:
    """`origin` is the URL of the start page; `at` the time against which expiry is judged.

    `security_txt` is null when the file was not served or is no such file; `sharing` when the page did not
    answer (see the gap).
    """

    KIND: ClassVar[str] = "web.exposure"

    origin: str
    at: datetime
    paths: tuple[AskedPath, ...]
    security_txt: SecurityTxt | None
    sharing: Sharing | None = None
