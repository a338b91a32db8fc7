"""What a page loads and shares, judged on facts written by hand: complete lists of verdicts."""

from dataclasses import replace
from typing import Any

import pytest

from posture.checks.web import (
    cors_restricted,
    cross_origin_isolated,
    login_protected,
    no_mixed_content,
    policy_without_gaps,
    scripts_pinned,
)
from posture.core.facts.web_exposure import Sharing, WebExposure
from posture.core.facts.web_response import Page, WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from scanners.web.exposure import STRANGER
from scanners.web.parts import parts
from tests.support.web import NOW

HTTPS = "https://www.example.jp/"
HTTP = "http://www.example.jp/"
PAGE_JUDGES = [scripts_pinned, no_mixed_content, login_protected]


def response(body: str = "", *headers: tuple[str, str], url: str = HTTPS, **more: Any) -> WebResponse:
    fields: dict[str, Any] = {
        "asked": url,
        "url": url,
        "status": 200,
        "redirects": (),
        "headers": headers,
        "cookies": (),
        "left_scope": None,
        "title": None,
        "body_bytes": len(body),
        "body_sha256": "",
        "page": parts(body, url, whole=True),
    }
    return WebResponse(**(fields | more))


def cut(fact: WebResponse) -> WebResponse:
    assert isinstance(fact.page, Page)
    return replace(fact, page=replace(fact.page, complete=False))


def script(src: str, extra: str = "") -> str:
    return f'<script src="{src}" {extra}></script>'


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("", not_applicable("no_scripts")),
        ("<script>1</script>", not_applicable("no_scripts")),
        (script("/a.js") + script("https://static.example.jp/b.js"), passed("own_only")),
        (script("https://cdn.example/a.js", "integrity=sha384-x"), passed("pinned", hosts=("cdn.example",))),
        (script("https://cdn.example/a.js"), failed("unpinned", hosts=("cdn.example",))),
        (script("http://cdn.example/a.js", "integrity=sha384-x"), failed("plain", hosts=("cdn.example",))),
        (
            "".join(script(f"https://{n}.example/a.js") for n in "gfedcba"),
            failed("unpinned", hosts=tuple(f"{n}.example" for n in "abcde")),
        ),
        (script("https://notexample.jp/a.js"), failed("unpinned", hosts=("notexample.jp",))),
    ],
)
def test_scripts_pinned(body: str, verdict: Verdict) -> None:
    assert list(scripts_pinned.judge(response(body))) == [verdict]


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (response(), passed("none")),
        (response("<img src=http://a.example/>"), failed("passive", count=1, hosts=("a.example",))),
        (
            response("<img src=http://a.example/><iframe src=http://b.example/>"),
            failed("active", count=1, hosts=("b.example",)),
        ),
        (
            response(
                "<iframe src=http://b.example/>", ("Content-Security-Policy", "upgrade-insecure-requests")
            ),
            passed("upgraded", hosts=("b.example",)),
        ),
        (response("<img src=http://a.example/>", url=HTTP), not_applicable("web_plain_http")),
    ],
)
def test_no_mixed_content(fact: WebResponse, verdict: Verdict) -> None:
    assert list(no_mixed_content.judge(fact)) == [verdict]


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (response(), not_applicable("no_login")),
        (response("<form><input type=password></form>"), passed("encrypted")),
        (response("<form><input type=password></form>", url=HTTP), failed("plain_page")),
        (
            response("<form action=http://in.example/><input type=password></form>"),
            failed("plain_action", hosts=("in.example",)),
        ),
        (response("<form action=http://in.example/><input></form>"), not_applicable("no_login")),
    ],
)
def test_login_protected(fact: WebResponse, verdict: Verdict) -> None:
    assert list(login_protected.judge(fact)) == [verdict]


@pytest.mark.parametrize("check", PAGE_JUDGES, ids=lambda check: check.__name__)
def test_a_page_that_was_not_seen_whole_is_never_clean(check: Any) -> None:
    assert list(check.judge(response(page=None))) == [unknown("page_unread", path="page")]
    assert list(check.judge(cut(response()))) == [unknown("page_too_long", path="page")]
    assert list(check.judge(response(status=403))) == [unknown("web_error_page", path="status", status=403)]
    away = response(left_scope="https://elsewhere.example/")
    assert list(check.judge(away)) == [not_applicable("web_off_scope", url="https://elsewhere.example/")]


@pytest.mark.parametrize(
    ("allowed", "login", "verdict"),
    [
        (None, None, passed("none")),
        (None, "true", passed("none")),
        ("*", None, passed("anybody")),
        ("*", "true", passed("anybody")),
        (STRANGER, None, passed("anybody")),
        (STRANGER, "true", failed("anybody_with_login")),
        ("null", "true", failed("null_with_login")),
        ("https://app.example.jp", "true", passed("restricted", origin="https://app.example.jp")),
    ],
)
def test_cors_restricted(allowed: str | None, login: str | None, verdict: Verdict) -> None:
    sharing = Sharing(origin=STRANGER, allow_origin=allowed, allow_credentials=login)
    fact = WebExposure(origin=HTTPS, at=NOW, paths=(), security_txt=None, sharing=sharing)
    assert list(cors_restricted.judge(fact)) == [verdict]
    silent = replace(fact, sharing=None)
    assert list(cors_restricted.judge(silent)) == [unknown("not_asked", path="sharing")]


OPENER, EMBEDDER, RESOURCE = (f"Cross-Origin-{name}-Policy" for name in ("Opener", "Embedder", "Resource"))


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ((), failed("open")),
        (((OPENER, "unsafe-none"), (RESOURCE, "cross-origin")), failed("open")),
        (
            ((OPENER, 'same-origin; report-to="x"'), (EMBEDDER, "credentialless"), (RESOURCE, "same-site")),
            passed("isolated"),
        ),
        (
            ((OPENER, "same-origin"), (RESOURCE, "same-origin"), (RESOURCE, "same-origin")),
            failed("partly", kept=(f"{OPENER}: same-origin",), missing=(EMBEDDER, RESOURCE)),
        ),
    ],
)
def test_cross_origin_isolated(headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert list(cross_origin_isolated.judge(response("", *headers))) == [verdict]
    assert list(cross_origin_isolated.judge(response(url=HTTP))) == [not_applicable("web_plain_http")]


CSP = "Content-Security-Policy"
EVERY_WAY = ("base-uri", "form-action", "object-src")


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ((), not_applicable("no_policy")),
        (("frame-ancestors 'none'",), not_applicable("no_policy")),
        (("script-src 'self'",), failed("gaps", directives=EVERY_WAY)),
        (("default-src 'self'",), failed("gaps", directives=("base-uri", "form-action"))),
        (("default-src https:",), failed("gaps", directives=EVERY_WAY)),
        (
            ("script-src 'self'; object-src 'none'; base-uri 'self'; form-action *",),
            failed("gaps", directives=("form-action",)),
        ),
        (("default-src 'self'; base-uri 'none'; form-action 'self'",), passed("none")),
        (("script-src 'self'", "object-src 'none'; base-uri 'none'; form-action 'self'"), passed("none")),
    ],
)
def test_policy_without_gaps(given: tuple[str, ...], verdict: Verdict) -> None:
    headers = tuple((CSP, text) for text in given)
    assert list(policy_without_gaps.judge(response("", *headers))) == [verdict]


def test_a_policy_in_the_page_counts_and_an_unread_page_leaves_it_open() -> None:
    text = "script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
    in_page = response(meta=(("content-security-policy", text),))
    assert list(policy_without_gaps.judge(in_page)) == [passed("none")]
    assert list(policy_without_gaps.judge(response(meta=None))) == [unknown("page_unread", path="meta")]
