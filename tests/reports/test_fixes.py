"""How to mend it on the product that was recognised: the right one, in both languages, safe to copy."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core.catalogue import Language
from posture.core.findings import Finding
from posture.core.observations import Seen
from reports import fixes
from tests.reports.test_reports import words
from tests.reports.test_text import FORBIDDEN
from tests.support.hostile import STRINGS, infected
from tests.support.sample_assessment import DOMAIN, sample

TABLE = tomllib.loads(Path(fixes.__file__).with_name("fixes.toml").read_text(encoding="utf-8"))
ENTRIES = [(check, product) for check, entries in TABLE["fixes"].items() for product in entries]


def of(check: str) -> Finding:
    return next(finding for finding in sample().findings if finding.check == check)


def served_by(server: str) -> fixes.Advice | None:
    observations = tuple(
        replace(
            one, result=replace(one.result, value=replace(one.result.value, headers=(("Server", server),)))
        )
        if one.kind == "web.response" and isinstance(one.result, Seen)
        else one
        for one in sample().observations
    )
    return fixes.advice(of("web/hsts"), observations, DOMAIN, Language.EN)


@pytest.mark.parametrize(
    ("server", "product"),
    [
        ("nginx/1.18.0", "nginx"),
        ("Apache/2.4.57 (Debian)", "Apache httpd"),
        ("Microsoft-IIS/10.0", "Microsoft IIS"),
        ("cloudflare", None),
        ("", None),
    ],
)
def test_the_server_that_answered_decides(server: str, product: str | None) -> None:
    found = served_by(server)
    assert (found.product if found else None) == product


def test_what_answers_on_another_port_does_not() -> None:
    finding = of("web/hsts")
    elsewhere = replace(finding, target=replace(finding.target, port=8443))
    assert fixes.advice(elsewhere, sample().observations, DOMAIN, Language.EN) is None


def test_the_report_says_it_with_the_applicants_own_names() -> None:
    files = reports.produce(sample(), catalogue(), formats=("html",), audiences=("applicant",))
    for language, known in (("en", "Recognised there: nginx."), ("ja", "検出した製品：nginx")):
        page = words(files[f"applicant.{language}.html"].decode())
        assert known in page
        assert 'add_header Strict-Transport-Security "max-age=31536000" always;' in page
        assert f"_dmarc.{DOMAIN}." in page
        assert fixes.EXAMPLE not in page


@pytest.mark.parametrize("text", STRINGS)
def test_no_name_that_a_shell_would_read_gets_into_a_line_to_copy(text: str) -> None:
    item = infected(sample(), text)
    for finding in item.findings:
        found = fixes.advice(finding, item.observations, text, Language.EN)
        assert found is None or text not in found.code + found.verify
    assert fixes.for_domain(f"dig {fixes.EXAMPLE}", "a; rm -rf") == f"dig {fixes.EXAMPLE}"


def test_every_entry_is_of_a_check_and_a_product_and_speaks_both_languages() -> None:
    assert TABLE["fixes"].keys() - catalogue().cards.keys() == set()
    assert {product for _, product in ENTRIES} - TABLE["products"].keys() == set()
    for check, product in ENTRIES:
        entry = TABLE["fixes"][check][product]
        assert {"en", "ja"} <= entry.keys() <= {"en", "ja", "code", "verify"}
        assert any("\u3040" <= letter <= "\u30ff" for letter in entry["ja"])
        assert not [word for word in FORBIDDEN if word in entry["en"] + entry["ja"]]


def test_every_product_asked_for_is_there() -> None:
    known = {"nginx", "apache", "iis", "postfix", "exchange", "bind", "microsoft365", "google", "fortigate"}
    assert known <= {product for _, product in ENTRIES}
