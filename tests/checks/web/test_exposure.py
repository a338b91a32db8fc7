"""Files not exposed, security.txt and start pages, on facts written by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posture.checks.web import files_not_exposed, security_txt, start_page_is_own
from posture.core.facts.web_exposure import AskedPath, SecurityTxt, WebExposure
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, passed, unknown
from scanners.web.exposure import PATHS

NOW = datetime(2026, 12, 24, tzinfo=UTC)
ORIGIN = "https://www.example.jp/"


def exposure(*given: str, silent: tuple[str, ...] = (), text: SecurityTxt | None = None) -> WebExposure:
    paths = tuple(
        AskedPath(path=path, status=None)
        if path in silent
        else AskedPath(path=path, status=200 if path in given else 404, recognised=path in given or None)
        for path in PATHS
    )
    return WebExposure(origin=ORIGIN, at=NOW, paths=paths, security_txt=text)


def told(message: str, path: str) -> Verdict:
    verdict = failed("secret", file=path) if message == "secret" else failed("telling", file=path)
    return replace(verdict, discriminator=path)


def test_nothing_handed_out() -> None:
    assert list(files_not_exposed.judge(exposure())) == [passed("none", count=8)]


def test_each_file_is_a_finding_of_its_own_by_what_it_gives_away() -> None:
    fact = exposure("/.git/HEAD", "/.env", "/server-status", "/.well-known/security.txt")
    assert list(files_not_exposed.judge(fact)) == [
        told("secret", "/.git/HEAD"),
        told("secret", "/.env"),
        told("telling", "/server-status"),
    ]


def test_a_page_in_the_place_of_a_file_is_no_file() -> None:
    fact = exposure()
    paths = tuple(replace(entry, status=200, recognised=False) for entry in fact.paths)
    assert list(files_not_exposed.judge(replace(fact, paths=paths))) == [passed("none", count=8)]


def test_without_an_answer_for_each_there_is_no_pass() -> None:
    silent = ("/.env", "/.svn/wc.db")
    missing = unknown("unanswered", path="paths./.env", paths=silent)
    assert list(files_not_exposed.judge(exposure(silent=silent))) == [missing]
    assert list(files_not_exposed.judge(exposure("/.git/HEAD", silent=silent))) == [
        told("secret", "/.git/HEAD"),
        missing,
    ]


def txt(contacts: int = 1, days: float | None = 30, fields: int = 1) -> SecurityTxt:
    expires = None if days is None else NOW + timedelta(days=days)
    return SecurityTxt(contacts=contacts, expires=expires, expires_fields=fields)


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (exposure(text=txt()), passed("valid", day="2027-01-23")),
        (exposure(text=txt(contacts=0)), failed("no_contact")),
        (exposure(text=txt(days=None, fields=0)), failed("no_expiry", count=0)),
        (exposure(text=txt(days=None, fields=2)), failed("no_expiry", count=2)),
        (exposure(text=txt(days=0)), failed("expired", day="2026-12-24")),
        (exposure(text=txt(days=-1)), failed("expired", day="2026-12-23")),
        (exposure(), failed("missing")),
        (
            exposure(silent=("/.well-known/security.txt",)),
            unknown("unseen", path="paths./.well-known/security.txt"),
        ),
        (replace(exposure(), paths=()), unknown("unseen", path="paths./.well-known/security.txt")),
    ],
)
def test_security_txt(fact: WebExposure, verdict: Verdict) -> None:
    assert list(security_txt.judge(fact)) == [verdict]


def start(title: str | None, **more: object) -> WebResponse:
    fact = WebResponse(
        asked=ORIGIN,
        url=ORIGIN,
        status=200,
        redirects=(),
        headers=(),
        cookies=(),
        left_scope=None,
        title=title,
        body_bytes=0,
        body_sha256="",
    )
    return replace(fact, **more)  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("title", ["Index of /", "Index of /backup", "Directory listing for /"])
def test_a_list_of_files(title: str) -> None:
    assert list(start_page_is_own.judge(start(title))) == [failed("listing", title=title)]


@pytest.mark.parametrize(
    "title",
    [
        "Welcome to nginx!",
        "Apache2 Ubuntu Default Page: It works",
        "Apache2 Debian Default Page: It works",
        "IIS Windows Server",
        "Test Page for the Apache HTTP Server on Red Hat Enterprise Linux",
        "Apache Tomcat/9.0.80",
    ],
)
def test_a_page_of_the_installer(title: str) -> None:
    assert list(start_page_is_own.judge(start(title))) == [failed("installed", title=title)]


@pytest.mark.parametrize(
    "title", ["株式会社例", "The Index of Happiness", "How we said Welcome to nginx!", None]
)
def test_an_own_page(title: str | None) -> None:
    assert list(start_page_is_own.judge(start(title))) == [passed("own")]


def test_a_page_that_broke_off_without_a_title_is_unknown() -> None:
    assert list(start_page_is_own.judge(start(None, meta=None))) == [unknown("page_unread", path="meta")]
    assert list(start_page_is_own.judge(start("Home", status=403))) == [
        unknown("web_error_page", path="status", status=403)
    ]
