"""Products recognised from bytes on the wire; pages that only speak about them are not."""

import asyncio
import hashlib
import html
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from posture.checks.fingerprints import Fingerprint, expression, fingerprints, recognised, signs
from posture.core.facts.web_response import Presented, WebResponse
from posture.core.observations import Seen
from scanners import web
from tests.support.product_pages import CERTIFIED, POSITIVE, Shown
from tests.support.web import Server, consent, context, page, redirect, route, tls_context

KINDS = ("vpn", "exchange", "admin", "transfer")
NUMBERS = range(len(POSITIVE))


def speaks(shown: Shown) -> tuple[str, bytes]:
    """The product's page: where it is, and the response."""
    fact = shown.fact
    headers = [f"{name}: {value}" for name, value in fact.headers]
    headers += [f"Set-Cookie: {cookie.name}=1; path=/" for cookie in fact.cookies]
    title = f"<title>{html.escape(fact.title, quote=False)}</title>" if fact.title else ""
    return _path(fact), _page(title + "<form><input type=password></form>", headers)


def mentions(shown: Shown) -> tuple[str, bytes]:
    """A page about the product that quotes every sign of it: title, path, cookie, header, server."""
    fact = shown.fact
    headers = [
        f"Server: nginx (unlike {value})" if name == "Server" else f"X-Not-{name}: {value}"
        for name, value in fact.headers
    ]
    headers += [f"Set-Cookie: no_{cookie.name}=1" for cookie in fact.cookies]
    title = html.escape(f"{fact.title or shown.product} の設定方法 | 情報システム部")
    quoted = f"<a href='{html.escape(_path(fact))}'>{html.escape(shown.product)}</a>"
    return f"/blog{_path(fact)}", _page(f"<title>{title}</title>{quoted}", headers)


def reviews(shown: Shown) -> tuple[str, bytes]:
    """A page whose title ends with the product's."""
    title = html.escape(f"使ってみた レビュー: {shown.fact.title or shown.product}")
    return "/", _page(f"<title>{title}</title>", [])


FACES = {"speaks": speaks, "mentions": mentions, "reviews": reviews}


def _path(fact: WebResponse) -> str:
    parts = urlsplit(fact.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _page(body: str, headers: list[str]) -> bytes:
    return page(f"<!doctype html><meta charset=utf-8>{body}".encode(), "Content-Type: text/html", *headers)


def _behave(conn: socket.socket, head: bytes) -> None:
    """The host's name says which page of which product is asked for."""
    asked = head.split(b" ")[1].decode()
    face, number = head.split(b"Host: ")[1].split(b".")[0].decode().split("-")
    place, answer = FACES[face](POSITIVE[int(number)])
    if asked == place:
        conn.sendall(answer)
    elif asked == "/":
        conn.sendall(redirect(place))
    else:
        conn.sendall(page(b"no", status="404 Not Found"))


@pytest.fixture(scope="module")
def seen() -> dict[str, WebResponse]:
    """Every page of every product, by the host's first label, from one real scan over loopback."""
    labels = [f"{face}-{number}" for face in FACES for number in NUMBERS]
    with Server(_behave) as server:
        routes = [route(f"{label}.example.jp", 80, server) for label in labels]
        ctx = context(consent("example.jp"), *routes, timeout=10.0, budget=120.0)
        urls = [f"http://{label}.example.jp/" for label in labels]
        try:
            found = asyncio.run(web.scan(ctx, urls))
        finally:
            ctx.gateway.close()
    facts = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    pages = [fact for fact in facts if isinstance(fact, WebResponse)]
    return {(urlsplit(fact.asked).hostname or "").partition(".")[0]: fact for fact in pages}


def products(fact: WebResponse) -> list[str]:
    return [entry.product for kind in KINDS for entry in recognised(fact, kind)]


@pytest.mark.parametrize("number", NUMBERS, ids=[shown.product for shown in POSITIVE])
def test_a_products_page_is_recognised_as_that_product_alone(
    seen: dict[str, WebResponse], number: int
) -> None:
    assert products(seen[f"speaks-{number}"]) == [POSITIVE[number].product]


@pytest.mark.parametrize("number", NUMBERS, ids=[shown.product for shown in POSITIVE])
def test_a_page_about_a_product_is_no_product(seen: dict[str, WebResponse], number: int) -> None:
    assert products(seen[f"mentions-{number}"]) == []
    assert products(seen[f"reviews-{number}"]) == []


@pytest.mark.parametrize("shown", CERTIFIED[:2] + CERTIFIED[2:7:2], ids=lambda shown: shown.product)
def test_a_certificate_of_its_own_making_names_the_product(shown: Shown, tmp_path: Path) -> None:
    certificate = shown.fact.certificate
    assert certificate is not None
    with Server(
        lambda conn, _head: conn.sendall(page(b"")), tls_context(tmp_path, certificate.subject)
    ) as server:
        ctx = context(consent("example.jp"), route("gate.example.jp", 443, server), timeout=10.0, budget=60.0)
        (found, *_) = asyncio.run(web.scan(ctx, ["https://gate.example.jp/"]))
        ctx.gateway.close()
    assert isinstance(found.result, Seen), found.result
    assert found.result.value.certificate == Presented(
        subject=certificate.subject, issuer=certificate.subject, names=()
    )
    assert products(found.result.value) == [shown.product]


@pytest.mark.parametrize(("added", "matched"), [(b"", True), (b"\n", False)])
def test_an_icon_on_the_wire_is_compared_whole(added: bytes, *, matched: bool) -> None:
    picture = b"a synthetic picture"
    md5 = hashlib.md5(picture, usedforsecurity=False).hexdigest()
    rule = {"icon": expression(["0" * 32, md5])}
    product = Fingerprint(product="Synthetic", kind="admin", claims="", rules=(rule,))

    def behave(conn: socket.socket, head: bytes) -> None:
        asked = head.split(b" ")[1]
        shown = {b"/": b"<form><input type=password></form>", b"/favicon.ico": picture + added}
        conn.sendall(page(shown[asked]) if asked in shown else page(b"no", status="404 Not Found"))

    with Server(behave) as server:
        ctx = context(consent("example.jp"), route("gate.example.jp", 80, server))
        (found, *_) = asyncio.run(web.scan(ctx, ["http://gate.example.jp/"]))
        ctx.gateway.close()
    assert isinstance(found.result, Seen), found.result
    assert product.matches(signs(found.result.value)) is matched
    assert products(found.result.value) == []


def test_every_product_has_a_page() -> None:
    known = {entry.product for kind in KINDS for entry in fingerprints(kind)}
    assert {shown.product for shown in POSITIVE} == known
