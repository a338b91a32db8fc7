"""Real servers on loopback, honest and hostile, seen through the real Gateway."""

import asyncio
import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posture.core.consent import Technique
from posture.core.errors import PostureError
from posture.core.facts.web_response import Cookie, WebResponse
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from scanners import web
from scanners.context import Context
from scanners.web.chain import MOST_HOPS
from scanners.web.exchange import MOST_BODY
from scanners.web.exposure import PATHS, STRANGER
from tests.support.web import (
    NOW,
    Behaviour,
    Server,
    consent,
    context,
    page,
    redirect,
    route,
    saying,
    stalling,
    tls_context,
)

NAME = "www.example.jp"
HTTP = f"http://{NAME}/"


def scan(ctx: Context, *urls: str) -> list[Observation[Any]]:
    async def run() -> list[Observation[Any]]:
        try:
            return await web.scan(ctx, urls)
        finally:
            ctx.gateway.close()

    found = asyncio.run(run())
    assert ctx.faults == []
    assert {obs.kind for obs in found} == set(web.KINDS)
    return [obs for obs in found if obs.kind == WebResponse.KIND]


def visit(behaviour: Behaviour, url: str = HTTP, **options: float) -> tuple[Observation[Any], Server]:
    with Server(behaviour) as server:
        ctx = context(consent("example.jp"), route(NAME, 80, server), **options)
        (found,) = scan(ctx, url)
    return found, server


def seen(observation: Observation[Any]) -> WebResponse:
    assert isinstance(observation.result, Seen), observation.result
    assert isinstance(observation.result.value, WebResponse)
    return observation.result.value


def unseen(observation: Observation[Any]) -> Reason:
    assert isinstance(observation.result, Unseen), observation.result
    return observation.result.reason


def test_a_page_is_seen_with_headers_title_and_digest_but_no_cookie_values() -> None:
    answer = page(
        "<!doctype html><title>\n 会社 &amp; 子会社 </title>".encode(),
        "Content-Type: text/html; charset=utf-8",
        "Set-Cookie: sid=very-secret; Secure; HttpOnly; SameSite=lax",
        "Set-Cookie: theme=dark",
        "X-Frame-Options: DENY",
    )
    found, server = visit(saying(answer))
    fact = seen(found)
    assert (fact.asked, fact.url, fact.status, fact.title) == (HTTP, HTTP, 200, "会社 & 子会社")
    assert fact.cookies == (
        Cookie(name="sid", secure=True, http_only=True, same_site="Lax"),
        Cookie(name="theme", secure=False, http_only=False, same_site=None),
    )
    assert fact.header("x-frame-options") == "DENY"
    assert len(found.evidence) == 1
    assert (found.target.name, found.target.port, found.target.url) == (NAME, 80, HTTP)
    assert found.at == NOW
    assert b"User-Agent: posture-underwriting/test (+mailto:scan@example.jp)" in server.visits[0]


def test_no_value_of_a_cookie_is_kept_anywhere() -> None:
    found, _ = visit(
        saying(redirect("/1", "Set-Cookie: a=very-secret"), page(b"x", "Set-Cookie: b=very-secret"))
    )
    assert [cookie.name for cookie in seen(found).cookies] == ["a", "b"]
    assert "very-secret" not in repr(found)


def test_a_shift_jis_page_has_its_title() -> None:
    body = '<meta charset="Shift_JIS"><title>予約</title>'.encode("cp932")
    assert seen(visit(saying(page(body)))[0]).title == "予約"


def test_metas_that_act_like_headers_are_kept() -> None:
    body = (
        b'<META HTTP-EQUIV="Content-Security-Policy" content="script-src \'self\'">'
        b"<meta name=referrer content=no-referrer><meta name=viewport content=x>"
    )
    assert seen(visit(saying(page(body)))[0]).meta == (
        ("content-security-policy", "script-src 'self'"),
        ("referrer", "no-referrer"),
    )


def test_redirects_are_followed_hop_by_hop_and_each_hop_keeps_its_headers(tmp_path: Path) -> None:
    with (
        Server(saying(redirect(f"https://{NAME}/"))) as plain,
        Server(
            saying(redirect("/1", "Strict-Transport-Security: max-age=9", status="302 Found"), page()),
            tls_context(tmp_path, NAME),
        ) as secure,
    ):
        ctx = context(consent("example.jp"), route(NAME, 80, plain), route(NAME, 443, secure))
        (found,) = scan(ctx, HTTP)
    fact = seen(found)
    assert fact.url == f"https://{NAME}/1"
    assert [(hop.url, hop.status, hop.location) for hop in fact.redirects] == [
        (HTTP, 301, f"https://{NAME}/"),
        (f"https://{NAME}/", 302, f"https://{NAME}/1"),
    ]
    assert ("Strict-Transport-Security", "max-age=9") in fact.redirects[1].headers
    assert len(found.evidence) == 3
    assert {(c.address, c.technique) for c in ctx.gateway.ledger.contacts()} >= {("127.0.0.1", "web")}


def test_a_place_outside_the_consent_is_recorded_and_never_contacted() -> None:
    with (
        Server(saying(page())) as stranger,
        Server(saying(redirect("https://stranger.example/login"))) as server,
    ):
        ctx = context(
            consent("example.jp"), route(NAME, 80, server), route("stranger.example", 443, stranger)
        )
        (found,) = scan(ctx, HTTP)
    fact = seen(found)
    assert fact.left_scope == "https://stranger.example/login"
    assert (fact.status, fact.url, fact.redirects) == (301, HTTP, ())
    assert stranger.connections == 0


def test_an_excluded_name_is_not_followed() -> None:
    with Server(saying(page())) as old, Server(saying(redirect("http://old.example.jp/"))) as server:
        ctx = context(
            consent("example.jp", exclude=("old.example.jp",)),
            route(NAME, 80, server),
            route("old.example.jp", 80, old),
        )
        (found,) = scan(ctx, HTTP)
    assert seen(found).left_scope == "http://old.example.jp/"
    assert old.connections == 0


def test_a_consented_name_at_a_private_address_is_not_followed() -> None:
    with Server(saying(page())) as inner, Server(saying(redirect("http://inner.example.jp/"))) as server:
        given = consent("example.jp", networks=("127.0.0.1/32",))
        elsewhere = replace(route("inner.example.jp", 80, inner), to_address="127.0.0.2")
        (found,) = scan(context(given, route(NAME, 80, server), elsewhere), HTTP)
    assert seen(found).left_scope == "http://inner.example.jp/"
    assert inner.connections == 0


@pytest.mark.parametrize(
    "location",
    ["javascript:alert(1)", "ftp://www.example.jp/", "data:text/html,x", "http://[::1", "http://exa mple"],
)
def test_a_redirect_to_no_web_address_ends_there(location: str) -> None:
    assert seen(visit(saying(redirect(location)))[0]).left_scope == location


def test_a_login_in_a_redirect_is_never_sent() -> None:
    found, server = visit(saying(redirect(f"http://admin:secret@{NAME}/1"), page()))
    assert seen(found).url == f"{HTTP}1"
    assert len(server.visits) == 2
    assert not any(b"uthorization" in request or b"secret" in request for request in server.visits)


def test_cookies_are_not_sent_back() -> None:
    _, server = visit(saying(redirect("/1", "Set-Cookie: sid=1; Path=/"), page()))
    assert len(server.visits) == 2
    assert not any(b"Cookie:" in request for request in server.visits)


def test_only_plain_get_requests_are_ever_sent() -> None:
    """The whole byte vocabulary of this client (underwriting practice §8: nothing but ordinary requests)."""
    _, server = visit(saying(redirect("/1"), page()))
    expected = {f"GET {path} HTTP/1.1" for path in ("/", "/1", *PATHS)}
    assert {request.decode("ascii").partition("\r\n")[0] for request in server.requests} == expected
    for request in server.requests:
        lines = request.decode("ascii").split("\r\n")
        assert {line.partition(":")[0] for line in lines[1:] if line} - {"Origin"} == {
            "Host",
            "User-Agent",
            "Accept",
            "Accept-Encoding",
            "Connection",
        }
        assert request.endswith(b"\r\n\r\n")
    strange = [request for request in server.requests if b"\r\nOrigin: " in request]
    assert [request.split(b" ")[1] for request in strange] == [b"/1"]
    assert f"\r\nOrigin: {STRANGER}\r\n".encode() in strange[0]


def test_redirects_without_end_are_garbage() -> None:
    found, server = visit(saying(redirect("/")))
    assert unseen(found) is Reason.PROTOCOL_GARBAGE
    assert len(server.visits) == MOST_HOPS + 1


def test_a_closed_port_is_refused() -> None:
    with Server(saying(page())) as gone:
        pass
    (found,) = scan(context(consent("example.jp"), route(NAME, 80, gone)), HTTP)
    assert unseen(found) is Reason.REFUSED


def test_a_name_that_cannot_be_resolved_says_so() -> None:
    (found,) = scan(context(consent("example.jp")), HTTP)
    assert unseen(found) in {Reason.DNS_FAILURE, Reason.REFUSED, Reason.TIMEOUT, Reason.UNREACHABLE}


def test_without_leave_nothing_is_sent() -> None:
    with Server(saying(page())) as server:
        given = consent("example.jp", techniques=frozenset({Technique.DNS}))
        ctx = context(given, route(NAME, 80, server))
        (found,) = scan(ctx, HTTP)
        foreign = context(consent("other.jp"), route(NAME, 80, server))
        (other,) = scan(foreign, HTTP)
    assert (unseen(found), unseen(other)) == (Reason.NOT_PERMITTED, Reason.NOT_PERMITTED)
    assert server.connections == 0
    assert ctx.gateway.ledger.contacts() == ()


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nX-Half: ", b"HTTP/1.1 20"])
def test_a_server_that_stalls_before_the_headers_end_times_out(sent: bytes) -> None:
    with stalling(sent) as behaviour:
        found, _ = visit(behaviour, timeout=0.2)
    assert unseen(found) is Reason.TIMEOUT


def test_a_server_that_drips_is_stopped_by_the_total_deadline() -> None:
    over = threading.Event()

    def drip(conn: socket.socket, head: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not over.wait(0.05):
            conn.sendall(b"y")

    found, _ = visit(drip, timeout=1.0, budget=0.6)
    over.set()
    assert unseen(found) in {Reason.BUDGET, Reason.TIMEOUT}


def test_a_reset_is_a_reset() -> None:
    def slam(conn: socket.socket, head: bytes) -> None:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        conn.close()

    assert unseen(visit(slam)[0]) is Reason.RESET


def test_a_silent_goodbye_is_a_reset() -> None:
    assert unseen(visit(lambda conn, head: None)[0]) is Reason.RESET


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\xff\xfe garbage \r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
    ids=["ssh", "binary", "status", "many headers", "long header"],
)
def test_what_is_not_http_is_garbage(sent: bytes) -> None:
    assert unseen(visit(lambda conn, head: conn.sendall(sent))[0]) is Reason.PROTOCOL_GARBAGE


def test_plain_text_where_tls_should_be_is_garbage() -> None:
    with Server(lambda conn, head: conn.sendall(page())) as server:
        ctx = context(consent("example.jp"), route(NAME, 443, server), timeout=0.5)
        (found,) = scan(ctx, f"https://{NAME}/")
    assert unseen(found) in {Reason.PROTOCOL_GARBAGE, Reason.TIMEOUT}


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_server_that_asks_for_patience_is_not_judged(status: str) -> None:
    found, server = visit(saying(page(b"", "Retry-After: 120", status=status)))
    assert unseen(found) is Reason.RATE_LIMITED
    assert len(server.visits) == 1


@pytest.mark.parametrize("more", [["Retry-After: 1"], []])
def test_a_server_that_asks_for_a_moment_gets_it(more: list[str]) -> None:
    answers = iter([page(b"", *more, status="429 Too Many Requests"), page(b"<title>now</title>")])
    found, server = visit(lambda conn, head: conn.sendall(next(answers, page(b"", status="404 Not Found"))))
    assert (seen(found).status, seen(found).title) == (200, "now")
    assert len(server.visits) >= 2


def test_an_error_page_is_seen_with_its_status() -> None:
    assert seen(visit(saying(page(b"no", status="403 Forbidden")))[0]).status == 403


def test_a_body_is_read_up_to_the_limit_only() -> None:
    found, _ = visit(saying(page(b"a" * (MOST_BODY * 3))))
    assert seen(found).body_bytes == MOST_BODY


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_bomb_is_never_unpacked_whole(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"\0" * 100_000_000)
    tracemalloc.start()
    found, _ = visit(saying(page(packed, f"Content-Encoding: {encoding}")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen(found).body_bytes == MOST_BODY
    assert peak < 20_000_000


def test_a_body_without_end_is_cut(tmp_path: Path) -> None:
    def pour(conn: socket.socket, head: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n<title>x</title>")
        for _ in range(10_000):
            conn.sendall(b"z" * 65_536)

    assert seen(visit(pour)[0]).body_bytes == MOST_BODY


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!", Reason.PROTOCOL_GARBAGE),
        (b"Content-Length: 500\r\n\r\nshort", Reason.RESET),
        (b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\nxx", Reason.RESET),
    ],
    ids=["no gzip", "short", "bad chunks"],
)
def test_a_broken_body_leaves_the_headers_and_a_gap(sent: bytes, reason: Reason) -> None:
    found, _ = visit(lambda conn, head: conn.sendall(b"HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\n" + sent))
    assert seen(found).header("X-Frame-Options") == "DENY"
    assert seen(found).meta is None
    assert isinstance(found.result, Seen)
    assert seen(found).page is None
    assert found.result.gaps == tuple(Gap(path=path, reason=reason) for path in ("meta", "page"))


def test_control_characters_do_not_survive() -> None:
    answer = page(b"<title>\x1b]0;owned\x07 \x9b31m</title>", "Server: \x1b[31mnginx", "X-B\x07d: 1")
    fact = seen(visit(saying(answer))[0])
    assert all(text.isprintable() for pair in fact.headers for text in pair)
    assert fact.title is not None
    assert fact.title.isprintable()


def test_several_addresses_are_asked_side_by_side_and_each_gets_its_answer(tmp_path: Path) -> None:
    with (
        Server(saying(page())) as plain,
        Server(saying(page(b"<title>S</title>")), tls_context(tmp_path, NAME)) as tls,
    ):
        ctx = context(consent("example.jp"), route(NAME, 80, plain), route(NAME, 443, tls))
        found = scan(ctx, HTTP, f"https://{NAME}/")
    assert [obs.target.port for obs in found] == [80, 443]
    assert [seen(obs).title for obs in found] == ["Home", "S"]


@pytest.mark.parametrize(
    "url", ["www.example.jp", "ftp://www.example.jp/", "http://", "http://exa mple.jp/", "http://a/"]
)
def test_what_is_no_web_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(PostureError, match=r"is not a (web address|domain name)"):
        scan(context(consent("example.jp")), url)
