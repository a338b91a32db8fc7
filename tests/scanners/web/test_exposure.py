"""Files handed out by mistake: told from “not found” pages by their form, and never kept."""

import asyncio
import hashlib
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.web_exposure import AskedPath, SecurityTxt, WebExposure
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from scanners import web
from scanners.web.exposure import PATHS, SECURITY_TXT
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

REAL = {
    "/.git/HEAD": b"ref: refs/heads/main\n",
    "/.git/config": b"[core]\n\trepositoryformatversion = 0\n",
    "/.env": b"APP_NAME=shop\nDB_PASSWORD=very-secret\n",
    "/.svn/wc.db": b"SQLite format 3\0....",
    "/.DS_Store": b"\0\0\0\1Bud1\0\0",
    "/backup.zip": b"PK\x03\x04\x14\0very-secret",
    "/backup.sql": b"-- MySQL dump 10.13\nINSERT INTO users VALUES ('very-secret');\n",
    "/server-status": b"<html><head><title>Apache Status</title>",
    SECURITY_TXT: b"Contact: mailto:security@example.jp\r\nExpires: 2027-01-01T00:00:00Z\r\n",
}
NOT_FOUND = b"<!doctype html><html><title>Not found</title>Contact: us\nAPP=1\n</html>"


def serving(files: dict[str, bytes], otherwise: bytes) -> Behaviour:
    """The given files with status 200; everything else gets `otherwise`, a whole response."""

    def behave(conn: socket.socket, head: bytes) -> None:
        path = head.split(b" ")[1].decode()
        conn.sendall(page(files[path], "Content-Type: text/plain; charset=x") if path in files else otherwise)

    return behave


def look(behaviour: Behaviour, *urls: str, timeout: float = 10.0) -> tuple[Observation[Any], Server]:
    with Server(behaviour) as server:
        ctx = context(consent("example.jp"), route(NAME, 80, server), timeout=timeout)
        found = asyncio.run(web.scan(ctx, urls or (HTTP,)))
        ctx.gateway.close()
    assert ctx.faults == []
    (exposure,) = [obs for obs in found if obs.kind == WebExposure.KIND]
    return exposure, server


def seen(observation: Observation[Any]) -> WebExposure:
    assert isinstance(observation.result, Seen), observation.result
    assert isinstance(observation.result.value, WebExposure)
    return observation.result.value


def test_what_is_there_is_recognised_and_nothing_of_it_is_kept() -> None:
    found, _ = look(serving(REAL, page(b"<title>Home</title>")))
    fact = seen(found)
    assert fact.paths == tuple(
        AskedPath(
            path=path,
            status=200,
            media_type="text/plain",
            length=len(REAL[path]),
            sha256=hashlib.sha256(REAL[path]).hexdigest(),
            recognised=True,
        )
        for path in PATHS
    )
    assert fact.security_txt == SecurityTxt(
        contacts=1, expires=datetime(2027, 1, 1, tzinfo=UTC), expires_fields=1
    )
    assert (fact.origin, fact.at) == (HTTP, NOW)
    assert "very-secret" not in repr(found)
    assert "refs/heads" not in repr(found)


def test_a_site_that_answers_everything_with_a_page_exposes_nothing() -> None:
    fact = seen(look(serving({}, page(NOT_FOUND)))[0])
    assert [entry.recognised for entry in fact.paths] == [False] * len(PATHS)
    assert fact.security_txt is None


@pytest.mark.parametrize(
    "answer", [page(b"no", status="404 Not Found"), page(b"no", status="403 Forbidden"), redirect("/login")]
)
def test_what_is_not_served_is_not_recognised(answer: bytes) -> None:
    fact = seen(look(serving({"/": b"<title>Home</title>"}, answer))[0])
    assert {(entry.status, entry.recognised, entry.sha256) for entry in fact.paths} == {
        (int(answer[9:12]), None, None)
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/.git/HEAD", b"ref: somewhere"),
        ("/.git/HEAD", b"0123456789abcdef"),
        ("/.git/config", b"core settings"),
        ("/.env", b"<html>APP_KEY=1"),
        ("/.env", b"hello = world"),
        ("/.svn/wc.db", b"SQLite"),
        ("/backup.zip", b"<html>PK</html>"),
        ("/backup.sql", b"<html>we create table linen and insert into boxes</html>"),
        ("/.DS_Store", b""),
        ("/server-status", b"<title>Status</title>"),
        (SECURITY_TXT, b"<html>Contact: x</html>"),
        (SECURITY_TXT, b"hello"),
    ],
)
def test_another_form_is_not_the_file(path: str, body: bytes) -> None:
    fact = seen(look(serving({path: body}, page(b"no", status="404 Not Found")), HTTP)[0])
    (entry,) = [entry for entry in fact.paths if entry.path == path]
    assert entry.recognised is False


@pytest.mark.parametrize("body", [b"0" * 40, b"a" * 64 + b"\n", b"ref: refs/heads/feature/x"])
def test_every_form_of_a_git_head_is_known(body: bytes) -> None:
    assert PATHS["/.git/HEAD"](body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Contact: a\nContact: b\nExpires: 2027-01-01T09:00:00+09:00", (2, "2027-01-01T00:00:00+00:00", 1)),
        ("contact: a\nEXPIRES: soon", (1, None, 1)),
        ("Contact: a\nExpires: 2027-01-01T00:00:00", (1, None, 1)),
        ("Contact: a\nExpires: 2027-01-01T00:00:00Z\nExpires: 2028-01-01T00:00:00Z", (1, None, 2)),
        ("Expires: 2027-01-01T00:00:00Z", (0, "2027-01-01T00:00:00+00:00", 1)),
        ("# only a comment\nContact: a", (1, None, 0)),
    ],
)
def test_security_txt_is_read_as_rfc_9116_says(text: str, expected: tuple[int, str | None, int]) -> None:
    fact = seen(look(serving({SECURITY_TXT: text.encode(), "/": b""}, page(b"", status="404 Gone")))[0])
    told = fact.security_txt
    assert told is not None
    expires = None if told.expires is None else told.expires.astimezone(UTC).isoformat()
    assert (told.contacts, expires, told.expires_fields) == expected


def test_a_file_that_brings_no_answer_is_a_gap() -> None:
    with stalling() as stall:

        def behave(conn: socket.socket, head: bytes) -> None:
            if b"/.env" in head:
                stall(conn, head)
            conn.sendall(page(b"x"))

        found, _ = look(behave, timeout=0.2)
    (entry,) = [entry for entry in seen(found).paths if entry.path == "/.env"]
    assert entry == AskedPath(path="/.env", status=None)
    assert isinstance(found.result, Seen)
    assert found.result.gaps == (Gap(path="paths./.env", reason=Reason.TIMEOUT),)


def test_a_server_that_asks_for_patience_is_left_alone() -> None:
    found, server = look(serving({"/": b"x"}, page(b"", status="429 Too Many Requests")))
    assert isinstance(found.result, Unseen)
    assert found.result.reason is Reason.RATE_LIMITED
    assert len(server.requests) == 3, "the page, one file, and that once more"


def test_a_host_that_does_not_answer_is_asked_for_nothing() -> None:
    found, server = look(lambda conn, head: None)
    assert isinstance(found.result, Unseen)
    assert found.result.reason is Reason.RESET
    assert len(server.requests) == 1


def test_https_is_asked_where_both_answer_and_each_host_once(tmp_path: Path) -> None:
    with (
        Server(saying(page())) as plain,
        Server(serving(REAL, page(b"")), tls_context(tmp_path, NAME)) as secure,
    ):
        ctx = context(consent("example.jp"), route(NAME, 80, plain), route(NAME, 443, secure))
        found = asyncio.run(web.scan(ctx, (HTTP, f"https://{NAME}/")))
        ctx.gateway.close()
    (exposure,) = [obs for obs in found if obs.kind == WebExposure.KIND]
    assert seen(exposure).origin == f"https://{NAME}/"
    assert exposure.target.port == 443
    assert len(plain.requests) == 1
    assert len(secure.requests) == 1 + len(PATHS) + 1  # the page, the files, and the page for a stranger
