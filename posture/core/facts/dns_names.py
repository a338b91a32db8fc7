"""`dns.names`: hosts that start page and mail do not show, and what became of each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from posture.core.findings import Owner


class PlaceState(StrEnum):
    """What was seen of one address of a name before anything was looked at closely.

    open, shut (it answers, every port that was asked refuses), silent; known: looked at under another name;
    provider: a mail provider serves all its customers there; withheld: the consent does not allow it;
    unasked: left out for want of time or means.
    """

    OPEN = "open"
    SHUT = "shut"
    SILENT = "silent"
    KNOWN = "known"
    PROVIDER = "provider"
    WITHHELD = "withheld"
    UNASKED = "unasked"


class PageState(StrEnum):
    """What the name's start page by HTTPS was: a page of its own, one already seen, or not to be read."""

    OWN = "own"
    SEEN_BEFORE = "seen-before"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlace:
    """One address of a name: who runs it and why that is thought (`why` and `detail` as the scope's words).

    `open` are the telling TCP ports that accepted. `reason` says why it was withheld or unasked, else empty.
    """

    address: str
    owner: Owner
    why: str
    detail: str
    state: PlaceState
    open: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedHost:
    """A name that exists.

    `sources`: list (a likely name that somebody set up), certificate, application. `purpose`: what such names
    are for (remote_access, mail, files, admin; other). `alias` is where its CNAME chain ends. `page` is null
    where no start page was asked for by this name.
    """

    name: str
    sources: tuple[str, ...]
    purpose: str
    alias: str | None
    places: tuple[NamedPlace, ...]
    page: PageState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsNames:
    """`asked` counts the names that DNS answered for, `names` are those that exist.

    `wildcard`: where names that nobody set up lead, null when that could not be asked: a likely name that
    leads there is no evidence of anything and is left out. `outside` are names of the
    application that the consent does not hold, or excludes.
    """

    KIND: ClassVar[str] = "dns.names"

    asked: int
    names: tuple[NamedHost, ...]
    wildcard: tuple[str, ...] | None
    outside: tuple[str, ...] = ()
