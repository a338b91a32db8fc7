"""The feeds in the form their makers publish, every field of it; the values are synthetic.

Forms compared on 2026-11-25 with: CISA's known_exploited_vulnerabilities_schema.json and catalog (repository
cisagov/kev-data, d98075f and 15200f9); the first lines of EPSS lists as public clients of 2023 to 2026 quote
them; NVD's cve_api_json_2.0.schema, version 2.2.3; endoflife.date's api_v1/openapi.yml (002819a).
"""

import json
from datetime import date
from typing import Any

import pytest

from posture.core.errors import PostureError
from posture.core.feeds import Exploited, FeedName, Flaw, Likelihood, Release, Span
from posture.core.findings import Severity
from posture.outbound.formats import read, recognise

CVE = "CVE-2099-90001"

KEV: dict[str, Any] = {
    "title": "Synthetic",
    "catalogVersion": "2026.11.24",
    "dateReleased": "2026-11-24T20:33:53.3676Z",
    "count": 2,
    "vulnerabilities": [
        {
            "cveID": CVE,
            "vendorProject": "Apache ",
            "product": " HTTP Server",
            "vulnerabilityName": "Synthetic",
            "dateAdded": "2026-02-25",
            "shortDescription": "Synthetic “nobody”.",
            "requiredAction": "Synthetic.",
            "dueDate": "2026-03-18",
            "knownRansomwareCampaignUse": "Known",
            "forensicTriage": "No",
            "notes": "https://example.invalid/ ; https://example.invalid/2",
            "cwes": ["CWE-79"],
        },
        {  # what the schema requires, and no more
            "cveID": "CVE-2099-1234567890123",
            "vendorProject": "PHP",
            "product": "PHP",
            "vulnerabilityName": "Synthetic",
            "dateAdded": "2026-02-26",
            "shortDescription": "",
            "requiredAction": "",
            "dueDate": "2026-03-19",
        },
    ],
}


def test_the_catalog_of_cisa() -> None:
    body = json.dumps(KEV).replace("/", "\\/").encode()  # as CISA writes it
    assert recognise(body) is FeedName.KEV
    found = read(FeedName.KEV, body)
    assert found.published == date(2026, 11, 24)
    assert found.rows == [
        Exploited(
            cve=CVE,
            vendor="Apache",
            product="HTTP Server",
            added=date(2026, 2, 25),
            due=date(2026, 3, 18),
            ransomware=True,
        ),
        Exploited(
            cve="CVE-2099-1234567890123",
            vendor="PHP",
            product="PHP",
            added=date(2026, 2, 26),
            due=date(2026, 3, 19),
            ransomware=False,
        ),
    ]


@pytest.mark.parametrize(
    "head",
    [
        "#model_version:v2023.03.01,score_date:2026-11-20T00:00:00+0000",
        "#model_version:v2026.06.15,score_date:2026-11-20T12:03:21Z",
    ],
)
def test_both_first_lines_of_epss(head: str) -> None:
    body = f"{head}\ncve,epss,percentile\n{CVE},0.00043,0.07654\nCVE-2099-90002,1e-05,1.0\n".encode()
    assert recognise(body) is FeedName.EPSS
    found = read(FeedName.EPSS, body)
    assert found.published == date(2026, 11, 20)
    assert found.rows == [
        Likelihood(cve=CVE, epss=0.00043, percentile=0.07654),
        Likelihood(cve="CVE-2099-90002", epss=0.00001, percentile=1.0),
    ]


def nvd(metrics: dict[str, Any]) -> bytes:
    record = {
        "id": CVE,
        "sourceIdentifier": "cve@mitre.org",
        "published": "2026-01-02T15:15:00.777",
        "lastModified": "2026-02-02T10:00:00.000",
        "vulnStatus": "Analyzed",
        "cveTags": [{"sourceIdentifier": "cve@mitre.org", "tags": ["disputed"]}],
        "cisaExploitAdd": "2026-02-25",
        "cisaActionDue": "2026-03-18",
        "cisaRequiredAction": "Synthetic.",
        "cisaVulnerabilityName": "Synthetic",
        "descriptions": [{"lang": "en", "value": "Synthetic."}, {"lang": "es", "value": "Sintético."}],
        "metrics": metrics,
        "weaknesses": [
            {"source": "x", "type": "Primary", "description": [{"lang": "en", "value": "CWE-79"}]}
        ],
        "configurations": [
            {
                "nodes": [
                    {
                        "operator": "OR",
                        "negate": False,
                        "cpeMatch": [
                            {
                                "vulnerable": True,
                                "criteria": "cpe:2.3:a:apache:http_server:*:*:*:*:*:*:*:*",
                                "versionStartIncluding": "2.4.0",
                                "versionEndExcluding": "2.4.50",
                                "matchCriteriaId": "00000000-0000-4000-8000-000000000000",
                            }
                        ],
                    }
                ]
            }
        ],
        "references": [{"url": "https://example.invalid/", "source": "x", "tags": ["Patch"]}],
        "vendorComments": [{"organization": "x", "comment": "y", "lastModified": "2026-01-02T00:00:00"}],
    }
    page = {
        "resultsPerPage": 1,
        "startIndex": 0,
        "totalResults": 1,
        "format": "NVD_CVE",
        "version": "2.0",
        "timestamp": "2026-11-24T10:00:00.000",
        "vulnerabilities": [{"cve": record}],
    }
    return json.dumps(page).encode()


def metric(version: str, score: float, word: str | None, kind: str = "Primary") -> dict[str, Any]:
    severity = {} if word is None else {"baseSeverity": word}
    data = {"version": version, "vectorString": "x", "baseScore": score, **severity}
    return {"source": "nvd@nist.gov", "type": kind, "cvssData": data, "impactScore": 3.6}


SSVC = {"ssvcV203": [{"source": "cisa", "ssvcData": {}}]}


@pytest.mark.parametrize(
    ("metrics", "severity", "score"),
    [
        ({"cvssMetricV40": [metric("4.0", 9.3, "CRITICAL", "Secondary")]}, Severity.CRITICAL, 9.3),
        (
            {
                "cvssMetricV40": [metric("4.0", 9.3, "CRITICAL")],
                "cvssMetricV31": [metric("3.1", 7.5, "HIGH")],
            },
            Severity.HIGH,
            7.5,
        ),
        ({"cvssMetricV2": [metric("2.0", 6.8, None)]}, None, 6.8),
        (SSVC, None, None),
    ],
)
def test_records_of_nvd(metrics: dict[str, Any], severity: Severity | None, score: float | None) -> None:
    body = nvd(metrics)
    assert recognise(body) is FeedName.NVD
    found = read(FeedName.NVD, body, product="apache:http_server")
    assert (found.published, found.total, found.entries) == (date(2026, 11, 24), 1, 1)
    assert found.rows == [
        Flaw(
            cve=CVE,
            product="apache:http_server",
            published=date(2026, 1, 2),
            severity=severity,
            score=score,
            spans=(Span(version="*", start_including="2.4.0", end_excluding="2.4.50"),),
        )
    ]


RELEASE = {
    "name": "2.2",
    "codename": None,
    "label": "2.2",
    "releaseDate": "2005-12-01",
    "isLts": False,
    "ltsFrom": None,
    "isEoas": True,
    "eoasFrom": None,
    "isEol": True,
    "eolFrom": "2017-07-11",
    "isEoes": None,
    "eoesFrom": None,
    "isMaintained": False,
    "latest": {"name": "2.2.34", "date": "2017-07-11", "link": None},
    "custom": None,
}
PRODUCT = {
    "name": "apache-http-server",
    "label": "Apache HTTP Server",
    "aliases": ["httpd"],
    "category": "server-app",
    "tags": ["apache", "server-app"],
    "versionCommand": "httpd -v",
    "identifiers": [{"id": "cpe:2.3:a:apache:http_server", "type": "cpe"}],
    "labels": {"eoas": None, "discontinued": None, "eol": "Security Support", "eoes": None},
    "links": {"icon": None, "html": "https://example.invalid/", "releasePolicy": None},
    "releases": [RELEASE, {**RELEASE, "name": "2.4", "isEol": False, "eolFrom": None, "latest": None}],
}
RELEASES = [
    Release(product="apache-http-server", name="2.2", ended=date(2017, 7, 11)),
    Release(product="apache-http-server", name="2.4", ended=None),
]


@pytest.mark.parametrize(
    ("document", "published"),
    [
        ({"schema_version": "1.1.0", "total": 1, "result": [PRODUCT]}, None),
        (
            {"schema_version": "1.1.0", "last_modified": "2026-03-01T14:05:52+01:00", "result": PRODUCT},
            date(2026, 3, 1),
        ),
    ],
    ids=["products/full", "products/apache-http-server"],
)
def test_releases_of_endoflife_date(document: dict[str, Any], published: date | None) -> None:
    body = json.dumps(document).encode()
    assert recognise(body) is FeedName.END_OF_LIFE
    found = read(FeedName.END_OF_LIFE, body)
    assert (found.published, found.rows) == (published, RELEASES)


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"schema_version": "1.1.0", "total": 1, "result": [{"name": "php", "label": "PHP"}]}, "releases"),
        ({"schema_version": "1.1.0", "result": RELEASE}, "releases"),
        ({"schema_version": "2.0.0", "result": PRODUCT}, "schema_version 2.0.0"),
    ],
    ids=["a summary", "one release", "another version"],
)
def test_other_answers_of_endoflife_date_are_refused(document: dict[str, Any], what: str) -> None:
    with pytest.raises(PostureError, match=what):
        read(FeedName.END_OF_LIFE, json.dumps(document).encode())


def test_the_older_api_of_endoflife_date_is_no_feed() -> None:
    """A list of cycles, which does not say of which product."""
    cycles = [
        {"cycle": "2.2", "eol": "2017-07-11", "latest": "2.2.34", "lts": False},
        {"cycle": "2.4", "eol": False},
    ]
    with pytest.raises(PostureError, match="none of the feeds"):
        recognise(json.dumps(cycles).encode())
