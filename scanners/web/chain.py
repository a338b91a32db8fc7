"""Follows redirects one by one; each place needs leave of its own."""

import asyncio
from dataclasses import dataclass, field

from posture.core.consent import Technique
from posture.core.errors import PostureError
from posture.core.facts.web_response import Cookie, Presented, Redirect, WebResponse
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.http import Session
from scanners.observe import digest
from scanners.web.cookies import cookies
from scanners.web.exchange import MOST_BODY, MOST_VALUE, Answer, fetch, printable
from scanners.web.icons import declared
from scanners.web.page import metas, text_of, title
from scanners.web.parts import parts
from scanners.web.place import Place, led_to

#: Redirects that are followed; browsers give up after 20, nobody needs more than a few.
MOST_HOPS = 10
#: Names of a certificate that are kept; shared ones have hundreds.
MOST_NAMES = 100

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


Found = tuple[Seen[WebResponse], tuple[str, ...]]


@dataclass(slots=True)
class _Trail:
    """What has been passed so far."""

    asked: Place
    redirects: list[Redirect] = field(default_factory=list)
    cookies: list[Cookie] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


async def follow(context: Context, start: Place) -> Found:
    """Ask `start` and go where it leads, within the consent. Raises NetFailure.

    Returns what the last place answered, and the digests of every raw answer. A place outside the
    consent is not visited: it is the fact's `left_scope`.
    """
    session = context.gateway.session(Technique.WEB)
    try:
        return await _follow(context, session, start)
    finally:
        session.close()


async def _follow(context: Context, session: Session, start: Place) -> Found:
    trail = _Trail(asked=start)
    here, answer = start, await visit(context, session, start)
    while True:
        trail.cookies += cookies(answer.headers)
        trail.evidence.append(answer.evidence)
        location = answer.header("location") if answer.status in _REDIRECTS else None
        if not location:
            return _found(trail, here, answer, None)
        onward = _onward(here, location)
        if onward is None:
            return _found(trail, here, answer, location)
        if len(trail.redirects) == MOST_HOPS:
            raise NetFailure(Reason.PROTOCOL_GARBAGE, f"more than {MOST_HOPS} redirects")
        try:
            arrived = await visit(context, session, onward)
        except NetFailure as failure:
            if failure.reason is Reason.NOT_PERMITTED:
                return _found(trail, here, answer, onward.url)
            detail = f"{failure.detail} (after a redirect from {here.url})"
            raise NetFailure(failure.reason, detail) from None
        trail.redirects.append(
            Redirect(url=here.url, status=answer.status, location=onward.url, headers=answer.headers)
        )
        here, answer = onward, arrived


def _onward(here: Place, location: str) -> Place | None:
    """Where a redirect leads; None for an address that is not HTTP, which no browser would follow."""
    try:
        return led_to(here, location)
    except PostureError:
        return None


async def visit(context: Context, session: Session, there: Place) -> Answer:
    """Ask one place, with leave for it; where it leads is not followed. Raises NetFailure."""
    await _enter(context, there)
    return await asyncio.to_thread(fetch, session, there.url)


async def _enter(context: Context, onward: Place) -> None:
    """Leave for the place, then its addresses, once and for all. Raises NetFailure."""
    context.gateway.permit(onward.target, Technique.WEB)
    if onward.target.name is None or onward.target.port is None:
        return
    found = await context.resolver.reach(onward.target.name, onward.target.port)
    if not found.all:
        raise NetFailure(Reason.DNS_FAILURE, f"{onward.target.name} has no address")
    context.gateway.pin(onward.target.name, found.all)


def _is_html(answer: Answer) -> bool:
    """A body without a type is taken for a page, as browsers do."""
    media_type = (answer.header("content-type") or "text/html").partition(";")[0].strip().lower()
    return media_type in ("text/html", "application/xhtml+xml")


def _whole(answer: Answer) -> bool:
    return len(answer.body) < MOST_BODY


def _presented(der: bytes) -> Presented | None:
    """What a certificate says of itself, bounded; whether to believe it is for the TLS scanner."""
    if not der:
        return None
    from scanners.tls import certificate  # cryptography is loaded when there is something to read
    from scanners.tls.wire import Malformed

    try:
        loaded = certificate.load(der)
    except Malformed:
        return None
    return Presented(
        subject=printable(loaded.subject.rfc4514_string())[:MOST_VALUE],
        issuer=printable(loaded.issuer.rfc4514_string())[:MOST_VALUE],
        names=tuple(printable(name)[:MOST_VALUE] for name in certificate.subject_names(loaded)[:MOST_NAMES]),
    )


def _found(trail: _Trail, here: Place, answer: Answer, left_scope: str | None) -> Found:
    text = text_of(answer.body, answer.header("content-type"))
    fact = WebResponse(
        asked=trail.asked.url,
        url=here.url,
        status=answer.status,
        redirects=tuple(trail.redirects),
        headers=answer.headers,
        cookies=tuple(trail.cookies),
        left_scope=None if left_scope is None else printable(left_scope)[:MOST_VALUE],
        title=title(text),
        body_bytes=len(answer.body),
        body_sha256=digest(answer.body),
        meta=None if answer.broken else metas(text),
        certificate=_presented(answer.certificate),
        icon=declared(text, here.url) if _is_html(answer) else None,
        page=None if answer.broken or not _is_html(answer) else parts(text, here.url, whole=_whole(answer)),
    )
    gaps = tuple(Gap(path=path, reason=answer.broken) for path in ("meta", "page")) if answer.broken else ()
    return Seen(value=fact, gaps=gaps), tuple(trail.evidence)
