"""End of life by what software states: greetings and headers against the dated table."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from posture.checks.lifecycle import products, stated
from posture.checks.services import supported_software as services
from posture.checks.tables import table
from posture.checks.web import supported_software as web
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import Redirect, WebResponse
from posture.core.findings import Confidence, Outcome, Verdict, failed, not_applicable, passed, unknown

NOTHING = ServiceProduct(
    protocol="unknown",
    banner="",
    vendor=None,
    product=None,
    version=None,
    cpe=None,
    how="banner",
    confidence=0,
)


def greeting(banner: str = "", product: str | None = None, version: str | None = None) -> ServiceProduct:
    return replace(NOTHING, banner=banner, product=product, version=version)


def page(*headers: tuple[str, str], asked: str = "https://www.example.jp/", **more: Any) -> WebResponse:
    fact = WebResponse(
        asked=asked,
        url=asked,
        status=200,
        redirects=(),
        headers=headers,
        cookies=(),
        left_scope=None,
        title=None,
        body_bytes=0,
        body_sha256="",
    )
    return replace(fact, **more)


def ended(name: str, version: str, day: str) -> Verdict:
    verdict = failed("ended", software=f"{name} {version}", ended=day)
    return replace(verdict, confidence=Confidence.INFERRED, discriminator=name)


def supported(*software: str) -> Verdict:
    return replace(passed("supported", software=software), confidence=Confidence.INFERRED)


@pytest.mark.parametrize(
    ("header", "value", "verdict"),
    [
        ("Server", "Apache/2.2.15 (CentOS)", ended("Apache HTTP Server", "2.2.15", "2017-07-11")),
        (
            "Server",
            "Microsoft-IIS/7.5",
            ended("Microsoft IIS (with its Windows Server)", "7.5", "2020-01-14"),
        ),
        ("X-Powered-By", "PHP/7.4.33", ended("PHP", "7.4.33", "2022-11-28")),
        ("X-Powered-By", "PHP/5.6", ended("PHP", "5.6", "2018-12-31")),
        ("X-OWA-Version", "15.0.1497.48", ended("Microsoft Exchange Server", "15.0.1497.48", "2023-04-11")),
        ("X-OWA-Version", "15.2.1748.10", ended("Microsoft Exchange Server", "15.2.1748.10", "2025-10-14")),
        ("X-OWA-Version", "14.3.513.0", ended("Microsoft Exchange Server", "14.3.513.0", "2020-10-13")),
        ("X-OWA-Version", "15.2.2562.17", supported("Microsoft Exchange Server 15.2.2562.17")),
        ("Server", "Apache/2.4.62 (Debian)", supported("Apache HTTP Server 2.4.62")),
        ("X-Powered-By", "PHP/8.3.1", supported("PHP 8.3.1")),
    ],
)
def test_headers(header: str, value: str, verdict: Verdict) -> None:
    assert verdict in list(web.judge(page((header, value))))


@pytest.mark.parametrize("value", ["Apache", "nginx/1.18.0", "cloudflare", "PHP", "Apache-Coyote/1.1", ""])
def test_without_a_version_of_a_judged_product_there_is_nothing_to_judge(value: str) -> None:
    assert list(web.judge(page(("Server", value)))) == [not_applicable("not_stated")]


@pytest.mark.parametrize(
    ("value", "unlisted"),
    [
        ("Apache/3.0", ("Apache HTTP Server 3.0",)),
        ("PHP/9.9.9", ("PHP 9.9.9",)),
        ("Apache/2.4.62 PHP/5.1.6", ("PHP 5.1.6",)),
    ],
)
def test_a_version_that_the_table_does_not_list_is_unknown(value: str, unlisted: tuple[str, ...]) -> None:
    verdict = unknown("not_listed", path="headers", software=unlisted)
    assert list(web.judge(page(("Server", value)))) == [verdict]


def test_a_system_named_beside_a_version_is_not_given_that_version() -> None:
    assert list(web.judge(page(("Server", "Apache/2.2.15 (CentOS)")))) == [
        ended("Apache HTTP Server", "2.2.15", "2017-07-11")
    ]


def test_one_product_past_its_day_is_not_excused_by_another() -> None:
    fact = page(("Server", "Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16"))
    assert list(web.judge(fact)) == [
        ended("OpenSSL", "1.0.2", "2019-12-31"),
        ended("PHP", "5.4.16", "2015-09-03"),
    ]


def test_every_answer_of_the_host_counts_and_an_upgrade_without_a_word_is_judged_elsewhere() -> None:
    plain, secure = "http://www.example.jp/", "https://www.example.jp/"
    silent = Redirect(url=plain, status=301, location=secure)
    led_on = page(asked=plain, url=secure, redirects=(silent,))
    assert list(web.judge(led_on)) == [not_applicable("web_elsewhere", url=secure)]
    telling = replace(silent, headers=(("Server", "Microsoft-IIS/6.0"),))
    assert [verdict.outcome for verdict in web.judge(replace(led_on, redirects=(telling,)))] == [Outcome.FAIL]
    stranger = replace(telling, url="https://cdn.example.jp/")
    assert list(web.judge(page(redirects=(stranger,)))) == [not_applicable("not_stated")]


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (greeting("x", "MySQL", "5.7.33"), ended("MySQL", "5.7.33", "2023-10-31")),
        (greeting("x", "MySQL", "8.4.2"), supported("MySQL 8.4.2")),
        (greeting("x", "MariaDB", "10.3.39"), ended("MariaDB", "10.3.39", "2023-05-25")),
        (
            greeting("SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.10"),
            ended("Ubuntu (by its OpenSSH)", "7.2", "2021-04-30"),
        ),
        (
            greeting("SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13"),
            ended("Ubuntu (by its OpenSSH)", "6.6.1", "2019-04-30"),
        ),
        (
            greeting("SSH-2.0-OpenSSH_7.9p1 Debian-10+deb10u4"),
            ended("Debian (by its OpenSSH)", "7.9", "2024-06-30"),
        ),
        (greeting("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"), supported("Debian (by its OpenSSH) 9.2")),
        (greeting("SSH-2.0-OpenSSH_7.4"), not_applicable("not_stated")),
        (greeting("220 mail.example.jp ESMTP Postfix", "Postfix"), not_applicable("not_stated")),
        (greeting("SSH-2.0-dropbear_2019.78"), not_applicable("not_stated")),
        (NOTHING, not_applicable("not_stated")),
    ],
    ids=str,
)
def test_greetings(fact: ServiceProduct, verdict: Verdict) -> None:
    assert list(services.judge(fact)) == [verdict]


def test_the_table_is_dated_and_every_entry_can_match() -> None:
    document = table("end_of_life")
    as_of = document["list"]["as_of"]
    assert as_of < document["list"]["next_review"]
    for entry in document["product"]:
        assert set(entry) == {"name", "seen_in", "pattern", "source", "lines"}
        assert entry["source"].startswith("https://")
        for line in entry["lines"]:
            assert set(line) <= {"version", "ended", "below"}
            assert line.get("ended", date.min) <= as_of, "what has not ended is no end of life"
    assert {product.name for origin in ("web", "services") for product in products(origin)} == {
        entry["name"] for entry in document["product"]
    }


def test_hostile_versions_are_bounded_and_harmless() -> None:
    long = "9" * 4000
    (unlisted,) = stated([f"Server: Apache/{long}.{long}"], "web")
    assert unlisted.line is None
    assert len(unlisted.label()) < 200
    (found,) = stated([f"Server: PHP/7.4.{long}"], "web")
    assert len(found.label()) < 200
