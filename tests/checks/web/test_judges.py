"""The checks of `web/` on facts written by hand; every test states the complete list of verdicts."""

from dataclasses import replace

import pytest

from posture.checks.http import policies, shown
from posture.checks.web import (
    clickjacking_protected,
    content_security_policy,
    content_type_sniffing,
    cookies_secure,
    hsts,
    https_enforced,
    referrer_policy,
    software_not_disclosed,
)
from posture.core.facts.web_response import Cookie, Redirect, WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

HTTP = "http://www.example.jp/"
HTTPS = "https://www.example.jp/"
YEAR = 31_536_000

PAGE_JUDGES = [clickjacking_protected, content_security_policy, content_type_sniffing, referrer_policy]


def response(
    *headers: tuple[str, str], asked: str = HTTPS, url: str | None = None, **more: object
) -> WebResponse:
    fact = WebResponse(
        asked=asked,
        url=url or asked,
        status=200,
        redirects=(),
        headers=headers,
        cookies=(),
        left_scope=None,
        title=None,
        body_bytes=0,
        body_sha256="",
    )
    return replace(fact, **more)  # type: ignore[arg-type] # fields by name, as `replace` takes them


def hop(url: str, location: str, *headers: tuple[str, str]) -> Redirect:
    return Redirect(url=url, status=301, location=location, headers=headers)


def cookie(name: str, *, secure: bool = True, http_only: bool = True) -> Cookie:
    return Cookie(name=name, secure=secure, http_only=http_only, same_site=None)


# https_enforced


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (response(asked=HTTP, url=HTTPS, redirects=(hop(HTTP, HTTPS),)), passed("enforced", url=HTTPS)),
        (response(asked=HTTP, left_scope=HTTPS, status=301), passed("enforced", url=HTTPS)),
        (response(asked=HTTP), failed("plain", url=HTTP)),
        (
            response(asked=HTTP, url=f"{HTTP}ja", redirects=(hop(HTTP, f"{HTTP}ja"),)),
            failed("plain", url=f"{HTTP}ja"),
        ),
        (
            response(asked=HTTP, url=HTTPS, redirects=(hop(HTTP, f"{HTTP}a"), hop(f"{HTTP}a", HTTPS))),
            failed("late", url=f"{HTTP}a"),
        ),
        (
            response(asked=HTTP, left_scope="https://shop.example/", status=302),
            failed("other_host", url="https://shop.example/"),
        ),
        (
            response(asked=HTTP, left_scope="http://shop.example/", status=302),
            failed("plain", url="http://shop.example/"),
        ),
        (
            response(asked=HTTP, url=HTTPS, redirects=(hop(HTTP, HTTPS), hop(HTTPS, HTTP), hop(HTTP, HTTPS))),
            failed("downgraded", url=HTTP),
        ),
        (response(asked=HTTPS), passed("enforced", url=HTTPS)),
        (response(asked=HTTPS, url=HTTP, redirects=(hop(HTTPS, HTTP),)), failed("downgraded", url=HTTP)),
        (response(asked=HTTP, status=404), passed("nothing_served", status=404)),
        (response(asked=HTTP, status=503), unknown("web_error_page", path="status", status=503)),
    ],
    ids=[
        "first redirect",
        "redirect not followed",
        "no redirect",
        "redirect that stays",
        "second redirect",
        "another host first",
        "another host in clear",
        "there and back",
        "asked by https",
        "led down",
        "nothing there",
        "broken",
    ],
)
def test_https_enforced(fact: WebResponse, verdict: Verdict) -> None:
    assert list(https_enforced.judge(fact)) == [verdict]


# hsts


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("max-age=31536000", passed("strict", seconds=YEAR)),
        (
            'MAX-AGE="63072000" ; IncludeSubDomains; preload',
            passed("preloadable", seconds=2 * YEAR),
        ),
        ("max-age=31536000; includeSubDomains", passed("strict_with_subdomains", seconds=YEAR)),
        ("max-age=31536000; preload", passed("strict", seconds=YEAR)),
        (";; max-age=31536000 ;", passed("strict", seconds=YEAR)),
        ("max-age=31535999", failed("short", seconds=YEAR - 1, threshold=YEAR)),
        ("max-age=0", failed("short", seconds=0, threshold=YEAR)),
        ("includeSubDomains", failed("invalid", value="includeSubDomains")),
        ("max-age=-1", failed("invalid", value="max-age=-1")),
        ("max-age=one year", failed("invalid", value="max-age=one year")),
        ("max-age=31536000; max-age=0", failed("invalid", value="max-age=31536000; max-age=0")),
        ("max-age=31536000, max-age=0", failed("invalid", value="max-age=31536000, max-age=0")),
        ("max-age=" + "9" * 40, passed("strict", seconds=int("9" * 18))),
        ("", failed("invalid", value="")),
    ],
)
def test_hsts_is_read_as_rfc_6797_says(value: str, verdict: Verdict) -> None:
    fact = response(("strict-transport-security", value), ("Strict-Transport-Security", "max-age=1"))
    assert list(hsts.judge(fact)) == [verdict]


def test_hsts_of_the_host_that_was_asked_counts_not_of_the_one_it_leads_to() -> None:
    onward = hop(HTTPS, "https://portal.example.jp/")
    strict = ("Strict-Transport-Security", f"max-age={YEAR}")
    led_on = response(strict, url="https://portal.example.jp/", redirects=(onward,))
    assert list(hsts.judge(led_on)) == [failed("missing", threshold=YEAR)]
    own = replace(led_on, headers=(), redirects=(replace(onward, headers=(strict,)),))
    assert list(hsts.judge(own)) == [passed("strict", seconds=YEAR)]


def test_hsts_missing_unasked_and_unseen() -> None:
    assert list(hsts.judge(response())) == [failed("missing", threshold=YEAR)]
    assert list(hsts.judge(response(asked=HTTP, url=HTTPS))) == [not_applicable("web_plain_http")]
    assert list(hsts.judge(response(status=503))) == [unknown("web_error_page", path="status", status=503)]


# what all questions about a page have in common


@pytest.mark.parametrize("check", PAGE_JUDGES, ids=lambda module: module.__name__.rpartition(".")[2])
@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (response(asked=HTTP, url=HTTPS), not_applicable("web_elsewhere", url=HTTPS)),
        (
            response(left_scope="https://x.example/"),
            not_applicable("web_off_scope", url="https://x.example/"),
        ),
        (response(status=403), unknown("web_error_page", path="status", status=403)),
        (response(status=304), unknown("web_error_page", path="status", status=304)),
        (
            response(("Content-Type", "application/json; charset=utf-8")),
            not_applicable("web_no_page", media_type="application/json"),
        ),
    ],
    ids=["elsewhere", "off scope", "turned away", "no content", "no page"],
)
def test_what_is_no_page_of_the_site_is_not_judged(
    check: object, fact: WebResponse, verdict: Verdict
) -> None:
    assert list(check.judge(fact)) == [verdict]  # type: ignore[attr-defined] # a module of `posture.checks.web`


def test_a_page_served_by_http_alone_is_judged() -> None:
    assert list(content_type_sniffing.judge(response(asked=HTTP))) == [failed("missing")]


# content_security_policy


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (["default-src 'self'"], passed("restrictive")),
        (["DEFAULT-SRC 'SELF'; script-src 'none'"], passed("restrictive")),
        (["script-src 'nonce-abc' 'unsafe-inline'"], passed("restrictive")),
        (["script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'"], passed("restrictive")),
        (["script-src 'sha256-abc=' 'unsafe-inline'"], passed("restrictive")),
        (["script-src"], passed("restrictive")),
        (["default-src *", "script-src 'self'"], passed("restrictive")),
        (["default-src *, script-src 'self'"], passed("restrictive")),
        (["script-src 'self'; script-src *"], passed("restrictive")),
        (["script-src *; script-src-elem 'self'"], passed("restrictive")),
        (["frame-ancestors 'self'"], failed("scripts_unrestricted")),
        (["frame-ancestors 'self'", "script-src 'self'"], passed("restrictive")),
        (
            ["script-src 'self' 'unsafe-inline'"],
            failed("scripts_from_anywhere", sources=("'unsafe-inline'",)),
        ),
        (
            ["script-src * data: 'unsafe-eval'"],
            failed("scripts_from_anywhere", sources=("'unsafe-eval'", "*", "data:")),
        ),
        (["script-src 'nonce-a' 'unsafe-eval'"], failed("scripts_from_anywhere", sources=("'unsafe-eval'",))),
        (["script-src *; script-src 'self'"], failed("scripts_from_anywhere", sources=("*",))),
        (["script-src https:", "script-src * https:"], failed("scripts_from_anywhere", sources=("https:",))),
        ([" ; ", ""], failed("missing")),
        ([], failed("missing")),
    ],
)
def test_a_policy_is_read_as_csp3_says(values: list[str], verdict: Verdict) -> None:
    fact = response(*(("Content-Security-Policy", value) for value in values))
    assert list(content_security_policy.judge(fact)) == [verdict]


def test_a_policy_that_only_reports_is_none() -> None:
    fact = response(("Content-Security-Policy-Report-Only", "default-src 'self'"))
    assert list(content_security_policy.judge(fact)) == [failed("report_only")]


def test_a_policy_in_the_page_counts_and_an_unread_page_may_have_one() -> None:
    in_page = response(meta=(("content-security-policy", "script-src 'self'"),))
    assert list(content_security_policy.judge(in_page)) == [passed("restrictive")]
    assert list(content_security_policy.judge(response(meta=None))) == [unknown("page_unread", path="meta")]
    header = response(("Content-Security-Policy", "default-src 'self'"), meta=None)
    assert list(content_security_policy.judge(header)) == [passed("restrictive")]


def test_policies_of_several_headers_stay_apart() -> None:
    fact = response(("Content-Security-Policy", "a 1; b, c"), ("content-security-policy", "d"))
    assert policies(fact) == ({"a": ("1",), "b": ()}, {"c": ()}, {"d": ()})


# clickjacking_protected


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ([("X-Frame-Options", "DENY")], passed("frame_options")),
        ([("x-frame-options", " sameorigin ")], passed("frame_options")),
        ([("X-Frame-Options", "DENY"), ("X-Frame-Options", "SAMEORIGIN")], passed("frame_options")),
        (
            [("X-Frame-Options", "ALLOW-FROM https://a.example")],
            failed("open_to_all", header="X-Frame-Options"),
        ),
        ([("X-Frame-Options", "ALLOWALL")], failed("open_to_all", header="X-Frame-Options")),
        ([("Content-Security-Policy", "frame-ancestors 'none'")], passed("frame_ancestors")),
        ([("Content-Security-Policy", "frame-ancestors https://a.example")], passed("frame_ancestors")),
        (
            [("Content-Security-Policy", "frame-ancestors *"), ("X-Frame-Options", "DENY")],
            failed("open_to_all", header="Content-Security-Policy"),
        ),
        (
            [("Content-Security-Policy", "frame-ancestors https:, frame-ancestors 'self'")],
            passed("frame_ancestors"),
        ),
        ([("Content-Security-Policy", "default-src 'none'")], failed("missing")),
        ([], failed("missing")),
    ],
)
def test_clickjacking(headers: list[tuple[str, str]], verdict: Verdict) -> None:
    assert list(clickjacking_protected.judge(response(*headers))) == [verdict]


def test_frame_ancestors_in_the_page_does_nothing() -> None:
    """CSP3 §3.3: the element cannot carry it."""
    fact = response(meta=(("content-security-policy", "frame-ancestors 'none'"),))
    assert list(clickjacking_protected.judge(fact)) == [failed("missing")]


# content_type_sniffing and referrer_policy


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("nosniff", passed("nosniff")),
        (" NoSniff , x", passed("nosniff")),
        ("x, nosniff", failed("invalid", value="x, nosniff")),
        ("", failed("invalid", value="")),
    ],
)
def test_sniffing(value: str, verdict: Verdict) -> None:
    fact = response(("X-Content-Type-Options", value))
    assert list(content_type_sniffing.judge(fact)) == [verdict]


@pytest.mark.parametrize(
    ("header", "in_page", "verdict"),
    [
        ("no-referrer", "", passed("sparing", policy="no-referrer")),
        ("unsafe-url, strict-origin", "", passed("sparing", policy="strict-origin")),
        ("strict-origin, made-up", "", passed("sparing", policy="strict-origin")),
        ("Unsafe-URL", "", failed("leaks", policy="unsafe-url")),
        ("no-referrer-when-downgrade", "", failed("leaks", policy="no-referrer-when-downgrade")),
        ("no-referrer", "unsafe-url", failed("leaks", policy="unsafe-url")),
        ("made-up", "", passed("default")),
    ],
)
def test_referrer_policy(header: str, in_page: str, verdict: Verdict) -> None:
    meta = (("referrer", in_page),) if in_page else ()
    assert list(referrer_policy.judge(response(("Referrer-Policy", header), meta=meta))) == [verdict]


def test_without_a_referrer_policy_browsers_are_sparing_if_the_page_was_read() -> None:
    assert list(referrer_policy.judge(response())) == [passed("default")]
    assert list(referrer_policy.judge(response(meta=None))) == [unknown("page_unread", path="meta")]


# cookies_secure


@pytest.mark.parametrize(
    ("cookies", "verdict"),
    [
        ((cookie("JSESSIONID"), cookie("theme", http_only=False)), passed("secure", count=2)),
        (
            (cookie("theme", secure=False), cookie("lang", secure=False)),
            failed("in_clear", names=("lang", "theme")),
        ),
        (
            (cookie("PHPSESSID", secure=False), cookie("a", secure=False)),
            failed("session_in_clear", names=("PHPSESSID",)),
        ),
        ((cookie("connect.sid", http_only=False),), failed("session_readable", names=("connect.sid",))),
        (
            (cookie("auth_token", http_only=False), cookie("theme", secure=False)),
            failed("session_readable", names=("auth_token",)),
        ),
        ((), not_applicable("none")),
    ],
)
def test_cookies(cookies: tuple[Cookie, ...], verdict: Verdict) -> None:
    assert list(cookies_secure.judge(response(cookies=cookies))) == [verdict]


def test_no_cookie_is_safe_without_https() -> None:
    fact = response(asked=HTTP, cookies=(cookie("sid"),))
    assert list(cookies_secure.judge(fact)) == [failed("session_in_clear", names=("sid",))]


def test_cookies_beyond_an_upgrade_are_judged_there() -> None:
    fact = response(asked=HTTP, url=HTTPS, cookies=(cookie("sid", secure=False),))
    assert list(cookies_secure.judge(fact)) == [not_applicable("web_elsewhere", url=HTTPS)]


def test_an_error_page_without_cookies_says_nothing_of_cookies() -> None:
    assert list(cookies_secure.judge(response(status=403))) == [
        unknown("web_error_page", path="status", status=403)
    ]


# software_not_disclosed


@pytest.mark.parametrize(
    "value", ["Apache/2.4.62 (Debian)", "nginx/1.26", "PHP/8.2.1", "Microsoft-IIS/10.0", "4.0.30319"]
)
def test_a_version_is_a_disclosure(value: str) -> None:
    assert list(software_not_disclosed.judge(response(("Server", value)))) == [
        failed("disclosed", values=(value,))
    ]


@pytest.mark.parametrize("value", ["nginx", "Apache", "cloudflare", "PHP", "Express", ""])
def test_a_name_alone_is_none(value: str) -> None:
    assert list(software_not_disclosed.judge(response(("Server", value)))) == [passed("silent")]


def test_every_answer_of_the_host_is_looked_at_and_no_answer_of_another() -> None:
    chain = (
        hop(HTTPS, "https://cdn.example.jp/", ("X-Powered-By", "PHP/7.4")),
        hop("https://cdn.example.jp/", f"{HTTPS}b", ("Server", "other/1.0")),
    )
    fact = response(("X-AspNet-Version", "4.0.30319"), url=f"{HTTPS}b", redirects=chain, status=404)
    assert list(software_not_disclosed.judge(fact)) == [failed("disclosed", values=("4.0.30319", "PHP/7.4"))]


def test_what_strangers_say_is_cut_to_the_length_of_a_sentence() -> None:
    assert shown("a" * 120) == "a" * 120
    assert shown("a" * 121) == "a" * 119 + "…"
