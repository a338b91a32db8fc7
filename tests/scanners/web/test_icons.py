"""Icons of pages: what is asked for, what is not, and what is kept of it."""

import asyncio
import base64
import hashlib
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.web_response import Icon, WebResponse
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners import again, web
from scanners.context import Context
from scanners.web.exchange import MOST_BODY
from scanners.web.icons import declared
from tests.support.web import (
    Behaviour,
    Server,
    consent,
    context,
    page,
    redirect,
    route,
    tls_context,
)

NAME = "www.example.jp"
HTTP = f"http://{NAME}/"
PICTURE = b"\0\0\1\0synthetic picture"
LOGIN = b"<title>Login</title><form><input type=password></form>"
DECLARED = b'<link rel="shortcut icon" href="/img/sign.ico">'


def icon(url: str, body: bytes, status: int | None = 200) -> Icon:
    return Icon(
        url=url,
        status=status,
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
    )


def site(start: bytes, pictures: dict[str, bytes]) -> Behaviour:
    """A start page, and pictures by path; the rest is not there."""

    def behave(conn: socket.socket, head: bytes) -> None:
        asked = head.split(b" ")[1].decode()
        known = {"/": start, **pictures}
        conn.sendall(known.get(asked, page(b"no", status="404 Not Found")))

    return behave


def asked(server: Server) -> list[str]:
    return [head.split(b" ")[1].decode() for head in server.visits]


def scan(ctx: Context, *urls: str) -> list[Observation[Any]]:
    try:
        found = asyncio.run(web.scan(ctx, urls))
    finally:
        ctx.gateway.close()
    assert ctx.faults == []
    return [obs for obs in found if obs.kind == WebResponse.KIND]


def seen(found: Observation[Any]) -> WebResponse:
    assert isinstance(found.result, Seen), found.result
    assert isinstance(found.result.value, WebResponse)
    return found.result.value


def visit(start: bytes, pictures: dict[str, bytes]) -> tuple[Observation[Any], list[str]]:
    with Server(site(start, pictures)) as server:
        (found,) = scan(context(consent("example.jp"), route(NAME, 80, server)), HTTP)
    return found, asked(server)


def test_a_declared_icon_is_asked_for_once_and_its_digests_are_kept() -> None:
    found, requests = visit(page(DECLARED), {"/img/sign.ico": page(PICTURE, "Content-Type: image/x-icon")})
    assert requests == ["/", "/img/sign.ico"]
    assert seen(found).icon == icon(f"{HTTP}img/sign.ico", PICTURE)
    assert len(found.evidence) == 2
    assert "synthetic picture" not in repr(found)


def test_of_one_host_one_icon_is_asked_for_and_that_over_tls(tmp_path: Path) -> None:
    pages = site(page(DECLARED), {"/img/sign.ico": page(PICTURE)})
    with Server(pages) as plain, Server(pages, tls_context(tmp_path, NAME)) as secure:
        ctx = context(consent("example.jp"), route(NAME, 80, plain), route(NAME, 443, secure))
        first, second = scan(ctx, HTTP, f"https://{NAME}/")
    assert (asked(plain), asked(secure)) == (["/"], ["/", "/img/sign.ico"])
    assert seen(first).icon == Icon(url=f"{HTTP}img/sign.ico")
    assert seen(second).icon == icon(f"https://{NAME}/img/sign.ico", PICTURE)


def test_two_names_that_lead_to_one_host_make_one_request() -> None:
    with (
        Server(site(redirect(HTTP), {})) as bare,
        Server(site(page(DECLARED), {"/img/sign.ico": page(PICTURE)})) as host,
    ):
        ctx = context(consent("example.jp"), route("example.jp", 80, bare), route(NAME, 80, host))
        scan(ctx, "http://example.jp/", HTTP)
    assert asked(bare) == ["/"]
    assert sorted(asked(host)) == ["/", "/", "/img/sign.ico"]


def test_a_page_that_asks_for_a_password_is_asked_for_the_usual_icon() -> None:
    found, requests = visit(page(LOGIN), {"/favicon.ico": page(PICTURE)})
    assert requests == ["/", "/favicon.ico"]
    assert seen(found).icon == icon(f"{HTTP}favicon.ico", PICTURE)


@pytest.mark.parametrize(
    "start",
    [
        page(b"<title>Home</title>"),
        page(LOGIN, status="404 Not Found"),
        page(DECLARED, "Content-Type: text/plain"),
        page(b"<!-- " + DECLARED + b" -->"),
        page(b'<link rel="apple-touch-icon" href="/a.png"><link rel=stylesheet href=/a.css>'),
        page(LOGIN + b'<link rel=icon href="//cdn.example.jp/sign.ico">'),
        page(LOGIN + b'<link rel=icon href="https://www.example.jp/sign.ico">'),
        page(LOGIN + b'<link rel=icon href="http://www.example.jp:8080/sign.ico">'),
        page(LOGIN + b'<base href="http://other.example/"><link rel=icon href="/sign.ico">'),
        page(LOGIN + b'<link rel=icon href="data:image/png;base64,AAEC">'),
    ],
)
def test_nothing_is_asked_elsewhere_or_for_nothing(start: bytes) -> None:
    found, requests = visit(start, {})
    assert requests == ["/"]
    shown = seen(found).icon
    assert shown is None or shown.status is None


def test_a_redirect_of_an_icon_is_not_followed() -> None:
    away = {"/img/sign.ico": redirect("http://cdn.example.jp/sign.ico")}
    with Server(site(page(DECLARED), away)) as server, Server(site(page(PICTURE), {})) as other:
        ctx = context(consent("example.jp"), route(NAME, 80, server), route("cdn.example.jp", 80, other))
        (found,) = scan(ctx, HTTP)
    assert (asked(server), other.connections) == (["/", "/img/sign.ico"], 0)
    assert seen(found).icon == Icon(url=f"{HTTP}img/sign.ico", status=301)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (page(b"no", status="404 Not Found"), 404),
        (page(b""), 200),
        (page(b"x" * (MOST_BODY + 1)), 200),
        (page(PICTURE)[:-1], 200),
    ],
)
def test_only_a_whole_icon_has_digests(answer: bytes, status: int) -> None:
    found, requests = visit(page(DECLARED), {"/img/sign.ico": answer})
    assert requests == ["/", "/img/sign.ico"]
    assert seen(found).icon == Icon(url=f"{HTTP}img/sign.ico", status=status)


def test_a_product_that_is_known_is_not_asked_for_its_icon() -> None:
    with Server(site(page(LOGIN + DECLARED), {})) as server:
        ctx = context(consent("example.jp"), route(NAME, 80, server))
        (found,) = scan(replace(ctx, known=lambda fact: fact.title == "Login"), HTTP)
    assert asked(server) == ["/"]
    assert seen(found).icon == Icon(url=f"{HTTP}img/sign.ico")


def test_an_icon_that_is_not_had_is_a_gap_and_the_page_is_seen() -> None:
    found, _ = visit(page(DECLARED), {"/img/sign.ico": b"no answer of HTTP\r\n\r\n"})
    assert isinstance(found.result, Seen)
    assert found.result.gaps == (Gap(path="icon.status", reason=Reason.PROTOCOL_GARBAGE),)
    assert seen(found).icon == Icon(url=f"{HTTP}img/sign.ico")
    assert len(found.evidence) == 1


def test_asked_again_the_page_has_its_icon_and_a_page_alone_has_none() -> None:
    with Server(site(page(LOGIN), {"/favicon.ico": page(PICTURE)})) as server:
        ctx = context(consent("example.jp"), route(NAME, 80, server))

        async def run() -> list[Observation[Any]]:
            target = Target(name=NAME, port=80, url=HTTP)
            return [*await again.ask(ctx, WebResponse.KIND, target), *await web.pages(ctx, [HTTP])]

        try:
            first, second = asyncio.run(run())
        finally:
            ctx.gateway.close()
    assert asked(server) == ["/", "/favicon.ico", "/"]
    assert (seen(first).icon, seen(second).icon) == (icon(f"{HTTP}favicon.ico", PICTURE), None)


@pytest.mark.parametrize(
    ("written", "body"),
    [
        (f"data:image/x-icon;base64,{base64.b64encode(PICTURE).decode()}", PICTURE),
        ("DATA:image/svg+xml,%3Csvg/%3E", b"<svg/>"),
        ("data:;base64,AA EC\n", b"\0\1\2"),
        ("data:image/png;base64,%41AEC", b"\0\1\2"),
        ("data:image/png;base64,A", b""),
        ("data:image/png;base64,画像", b""),
        ("data:nothing", b""),
    ],
)
def test_an_icon_in_the_page_is_read_without_a_request(written: str, body: bytes) -> None:
    shown = declared(f'<link href="{written}" rel="ICON">', HTTP)
    assert shown == (icon("data:", body, None) if body else Icon(url="data:"))


@pytest.mark.parametrize(
    "text", ["<link " * 40_000, "<link a=" * 30_000 + ">", '<link rel=icon href="' + "x" * 200_000]
)
def test_a_hostile_page_declares_nothing(text: str) -> None:
    assert declared(text, HTTP) is None
