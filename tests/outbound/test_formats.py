"""The feeds' published formats: read whole, or refused with the place that does not fit."""

import json
from datetime import date

import pytest

from posture.core.errors import PostureError
from posture.core.feeds import Exploited, FeedName, Flaw, Likelihood, Release, Span
from posture.core.findings import Severity
from posture.outbound import formats
from posture.outbound.formats import read, recognise
from tests.support import feeds
from tests.support.feeds import APACHE, EXPLOITED, RANSOM

LINE = feeds.kev_line(RANSOM)


def test_the_catalog_of_exploited_flaws() -> None:
    content = read(FeedName.KEV, feeds.kev(LINE))
    assert content.published == date(2026, 11, 20)
    assert content.rows == [
        Exploited(
            cve=RANSOM,
            vendor="Apache",
            product="HTTP Server",
            added=date(2026, 1, 5),
            due=date(2026, 1, 26),
            ransomware=False,
        )
    ]


def test_likelihoods_packed_and_plain() -> None:
    plain = read(FeedName.EPSS, feeds.epss((RANSOM, 0.97, 0.999)))
    assert plain.rows == [Likelihood(cve=RANSOM, epss=0.97, percentile=0.999)]
    assert plain.published == date(2026, 11, 20)
    assert read(FeedName.EPSS, feeds.packed(feeds.epss((RANSOM, 0.97, 0.999)))) == plain


def test_records_of_flaws() -> None:
    """Only spans of the product asked for are kept; what needs something else besides is conditional."""
    other = feeds.span("9.9", product="other:thing")
    on_windows = {
        "operator": "AND",
        "nodes": [
            {"operator": "OR", "cpeMatch": [feeds.span("2.4.60")]},
            {"operator": "OR", "cpeMatch": [{**other, "vulnerable": False}]},
        ],
    }
    plain = {"nodes": [{"operator": "OR", "cpeMatch": [feeds.span("2.4.52"), other]}]}
    entry = feeds.record(EXPLOITED, "HIGH", 7.5, configurations=[plain, on_windows])
    rejected = feeds.record(RANSOM, "HIGH", 7.5, vulnStatus="Rejected")
    content = read(FeedName.NVD, feeds.nvd(entry, rejected), product=APACHE)
    assert (content.total, content.entries) == (2, 2)
    assert content.rows == [
        Flaw(
            cve=EXPLOITED,
            product=APACHE,
            published=date(2026, 1, 2),
            severity=Severity.HIGH,
            score=7.5,
            spans=(
                Span(version="*", end_excluding="2.4.52"),
                Span(version="*", end_excluding="2.4.60", conditional=True),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("metrics", "severity", "score"),
    [
        ({}, None, None),
        (
            {"cvssMetricV2": [{"type": "Primary", "baseSeverity": "HIGH", "cvssData": {"baseScore": 7.8}}]},
            Severity.HIGH,
            7.8,
        ),
        (
            {
                "cvssMetricV31": [
                    {"type": "Secondary", "cvssData": {"baseScore": 9.9, "baseSeverity": "CRITICAL"}},
                    {"type": "Primary", "cvssData": {"baseScore": 0.0, "baseSeverity": "NONE"}},
                ]
            },
            Severity.INFO,
            0.0,
        ),
    ],
)
def test_a_severity_is_nvds_own_or_none(
    metrics: object, severity: Severity | None, score: float | None
) -> None:
    content = read(FeedName.NVD, feeds.nvd(feeds.record(RANSOM, "LOW", 1.0, metrics=metrics)), product=APACHE)
    (flaw,) = content.rows
    assert isinstance(flaw, Flaw)
    assert (flaw.severity, flaw.score) == (severity, score)


def test_dates_of_support() -> None:
    """A release that is over on an unknown day is left out: nothing could be judged by it."""
    content = read(FeedName.END_OF_LIFE, feeds.end_of_life())
    assert content.rows == [
        Release(product="apache-http-server", name="2.4", ended=None),
        Release(product="apache-http-server", name="2.2", ended=date(2017, 7, 11)),
        Release(product="php", name="7.4", ended=date(2022, 11, 28)),
    ]


def changed(**more: object) -> bytes:
    return feeds.kev({**LINE, **more})


@pytest.mark.parametrize(
    ("name", "body", "what"),
    [
        (FeedName.KEV, b"", "Expecting value"),
        (FeedName.KEV, b"<html>maintenance</html>", "Expecting value"),
        (FeedName.KEV, b"[]", "$ is no object"),
        (FeedName.KEV, b"{}", "'vulnerabilities' is missing"),
        (FeedName.KEV, feeds.kev(LINE, count=2), "$.count says 2, but 1 came"),
        (FeedName.KEV, feeds.kev(LINE)[:-40], "line 1 column"),
        (FeedName.KEV, feeds.kev(LINE, LINE), "a CVE is listed twice"),
        (FeedName.KEV, changed(cveID="CVE-1'; DROP TABLE"), "is no CVE"),
        (FeedName.KEV, changed(dueDate="soon"), "Invalid isoformat"),
        (FeedName.KEV, changed(dueDate=None), "'None' is no date"),
        (FeedName.KEV, changed(vendorProject=7), "'7' is no text"),
        (FeedName.KEV, changed(knownRansomwareCampaignUse="Maybe"), "knownRansomwareCampaignUse is 'Maybe'"),
        (FeedName.KEV, b"[" * 100_000, "recursion"),
        (FeedName.EPSS, b"cve,epss,percentile\nCVE-2099-90001,1,1\n", "no score_date"),
        (FeedName.EPSS, feeds.epss()[:-3], "breaks off"),
        (FeedName.EPSS, feeds.epss().replace(b",0.97000", b",nan"), "no share of 1"),
        (FeedName.EPSS, feeds.epss().replace(b",0.97000", b""), "not enough values"),
        (FeedName.EPSS, b"\xff\xfe", "utf-8"),
        (FeedName.NVD, feeds.nvd().replace(b'"2.0"', b'"1.1"'), "not NVD API 2.0"),
        (FeedName.NVD, feeds.nvd(total=1), "no count of what came"),
        (FeedName.NVD, feeds.nvd(feeds.record(RANSOM, "AWFUL", 9.8)), "AWFUL".lower()),
        (FeedName.NVD, feeds.nvd(feeds.record(RANSOM, "HIGH", 99.0)), "a base score of 99"),
        (FeedName.NVD, feeds.nvd(feeds.record(RANSOM, "HIGH", 9.0, {"criteria": "x"})), "no CPE 2.3 name"),
        (FeedName.END_OF_LIFE, b'{"schema_version": "2.0", "result": []}', "schema_version 2.0"),
        (FeedName.END_OF_LIFE, feeds.end_of_life().replace(b"2017-07-11", b"\\u001b[2J"), "isoformat"),
    ],
)
def test_what_does_not_fit_is_refused_whole(name: FeedName, body: bytes, what: str) -> None:
    with pytest.raises(PostureError) as caught:
        read(name, body, product=APACHE)
    assert caught.value.code == "bad-feed"
    assert what in caught.value.message
    assert caught.value.message.isprintable()


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MOST", dict(formats.MOST) | {FeedName.EPSS: 2**20})
    with pytest.raises(PostureError, match="larger than 1 MiB"):
        read(FeedName.EPSS, feeds.packed(b"0" * 2**24))


def test_a_damaged_packet_is_refused() -> None:
    with pytest.raises(PostureError, match="breaks off or is damaged"):
        read(FeedName.EPSS, feeds.packed(feeds.epss())[:-12])


def test_hostile_words_are_bounded_and_harmless() -> None:
    body = feeds.kev({**LINE, "product": "\u001b]0;x\u0007<script>" + "あ" * 5_000})
    (line,) = read(FeedName.KEV, body).rows
    assert isinstance(line, Exploited)
    assert line.product.isprintable()
    assert len(line.product) == 200


def test_a_file_is_recognised_by_its_own_marks() -> None:
    documents = {
        FeedName.KEV: feeds.kev(),
        FeedName.EPSS: feeds.packed(feeds.epss()),
        FeedName.NVD: feeds.nvd(),
        FeedName.END_OF_LIFE: feeds.end_of_life(),
    }
    assert {name: recognise(body) for name, body in documents.items()} == {name: name for name in documents}
    with pytest.raises(PostureError, match="none of the feeds"):
        recognise(json.dumps({"a": 1}).encode())
