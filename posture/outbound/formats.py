"""Reads the feeds' published formats. A document is taken whole or refused: no row is guessed.

Texts are bounded and printable, because they end up on terminals and in reports.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from posture.core.errors import PostureError
from posture.core.feeds import Exploited, FeedName, Flaw, Likelihood, Release, Span
from posture.core.findings import Severity

#: Bytes of a document after unpacking, far above what the feeds publish today.
MOST: Final[Mapping[FeedName, int]] = {
    FeedName.KEV: 32 * 2**20,
    FeedName.EPSS: 64 * 2**20,
    FeedName.NVD: 128 * 2**20,
    FeedName.END_OF_LIFE: 64 * 2**20,
}
_LONGEST: Final = 200
_CVE = re.compile(r"CVE-\d{4}-\d{4,15}")
_METRICS: Final = ("cvssMetricV31", "cvssMetricV30", "cvssMetricV40", "cvssMetricV2")
_WORDS: Final = {"none": "info"}
_GZIP: Final = b"\x1f\x8b"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document's rows and its day. Of a page of NVD: `entries` on it, `total` in all."""

    name: FeedName
    published: date | None
    rows: Sequence[Exploited | Likelihood | Flaw | Release]
    total: int = 0
    entries: int = 0


class _WrongError(Exception):
    """A document that does not have the form it should; the text says where."""


def read(name: FeedName, body: bytes, *, product: str = "") -> Read:
    """Read a feed's document. `product` (`vendor:product`) is whose flaws an NVD page is about.

    Raises PostureError (bad-feed) saying what does not fit.
    """
    try:
        return _READERS[name](unpacked(name, body), product)
    except (_WrongError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise PostureError(
            f"The document is no {name.value} feed that we can read: {_clean(what)}.",
            remedy="Nothing of it was stored. Fetch it again; if it stays so, its format has changed.",
            code="bad-feed",
        ) from None


def recognise(body: bytes) -> FeedName:
    """Which feed a file holds, by its own marks. Raises PostureError (bad-feed)."""
    start = unpacked(FeedName.NVD, body)[:4096]
    if start.startswith((b"#model_version", b"cve,epss")):
        return FeedName.EPSS
    marks = {
        FeedName.KEV: b'"catalogVersion"',
        FeedName.NVD: b'"NVD_CVE"',
        FeedName.END_OF_LIFE: b'"schema_version"',
    }
    for name, mark in marks.items():
        if mark in start:
            return name
    raise PostureError(
        "The file is none of the feeds that we know.",
        remedy="Give a KEV catalog (JSON), an EPSS list (CSV), NVD API 2.0 or endoflife.date API 1 output.",
        code="bad-feed",
    )


def unpacked(name: FeedName, body: bytes) -> bytes:
    """The document, gunzipped where it is packed, never more than its bound. Raises PostureError."""
    most = MOST[name]
    if body.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
                body = file.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise _refused(name, f"it breaks off or is damaged ({error})") from None
    if len(body) > most:
        raise _refused(name, f"it is larger than {most // 2**20} MiB")
    return body


def _refused(name: FeedName, what: str) -> PostureError:
    return PostureError(
        f"The {name.value} document cannot be used: {what}.",
        remedy="Nothing of it was stored. Fetch it again, or import a file that you trust.",
        code="bad-feed",
    )


def _kev(body: bytes, _product: str) -> Read:
    content = _object(json.loads(body), "$")
    entries = _list(content["vulnerabilities"], "$.vulnerabilities")
    if content["count"] != len(entries):
        raise _WrongError(f"$.count says {content['count']}, but {len(entries)} came")
    rows = [_exploited(_object(entry, f"$.vulnerabilities[{n}]")) for n, entry in enumerate(entries)]
    return Read(name=FeedName.KEV, published=_day(content["dateReleased"]), rows=_unique(rows))


def _exploited(entry: Json) -> Exploited:
    """CISA's schema does not require the ransomware field, and names come with blanks at their ends."""
    use = entry.get("knownRansomwareCampaignUse", "Unknown")
    if use not in ("Known", "Unknown"):
        raise _WrongError(f"knownRansomwareCampaignUse is {use!r}")
    return Exploited(
        cve=_cve(entry["cveID"]),
        vendor=_text(entry["vendorProject"]).strip(),
        product=_text(entry["product"]).strip(),
        added=_day(entry["dateAdded"]),
        due=_day(entry["dueDate"]),
        ransomware=use == "Known",
    )


def _epss(body: bytes, _product: str) -> Read:
    """A comment with the model and the day, the names of the columns, then one line per CVE."""
    head, _, rest = body.decode("utf-8").partition("\n")
    scored = re.search(r"score_date:(\d{4}-\d{2}-\d{2})", head)
    if scored is None:
        raise _WrongError("the first line gives no score_date")
    reader = csv.reader(io.StringIO(rest))
    if next(reader, None) != ["cve", "epss", "percentile"]:
        raise _WrongError("the columns are not cve, epss, percentile")
    rows = [_likelihood(line) for line in reader]
    if not rows or not rest.endswith("\n"):
        raise _WrongError("it breaks off")
    return Read(name=FeedName.EPSS, published=date.fromisoformat(scored[1]), rows=_unique(rows))


def _likelihood(line: list[str]) -> Likelihood:
    cve, epss, percentile = line
    return Likelihood(cve=_cve(cve), epss=_share(float(epss)), percentile=_share(float(percentile)))


def _nvd(body: bytes, product: str) -> Read:
    content = _object(json.loads(body), "$")
    if content["format"] != "NVD_CVE" or content["version"] != "2.0":
        raise _WrongError("it is not NVD API 2.0")
    entries = _list(content["vulnerabilities"], "$.vulnerabilities")
    records = [_object(_object(entry, "$.vulnerabilities[]")["cve"], "cve") for entry in entries]
    kept = [_flaw(record, product) for record in records if record.get("vulnStatus") != "Rejected"]
    total = content["totalResults"]
    if not isinstance(total, int) or total < len(entries):
        raise _WrongError("$.totalResults is no count of what came")
    published = _day(content["timestamp"])
    return Read(name=FeedName.NVD, published=published, rows=_unique(kept), total=total, entries=len(entries))


def _flaw(record: Json, product: str) -> Flaw:
    severity, score = _severity(_object(record.get("metrics", {}), "metrics"))
    return Flaw(
        cve=_cve(record["id"]),
        product=product,
        published=_day(record["published"]),
        severity=severity,
        score=score,
        spans=tuple(_spans(_list(record.get("configurations", []), "configurations"), product)),
    )


def _severity(metrics: Json) -> tuple[Severity | None, float | None]:
    """The newest version that is used widely, NVD's own rating before others'; a word is not required."""
    for version in _METRICS:
        found = [_object(item, version) for item in _list(metrics.get(version, []), version)]
        for metric in sorted(found, key=lambda item: item.get("type") != "Primary"):
            data = _object(metric["cvssData"], "cvssData")
            word = str(data.get("baseSeverity", metric.get("baseSeverity", ""))).lower()
            score = float(data["baseScore"])
            if not 0 <= score <= 10:
                raise _WrongError(f"a base score of {score}")
            return (Severity(_WORDS.get(word, word)) if word else None), score
    return None, None


def _spans(configurations: Sequence[Any], product: str) -> Iterator[Span]:
    """The version ranges of the product; those that need something else besides are conditional."""
    for configuration in configurations:
        whole = _object(configuration, "configuration")
        nodes = [_object(node, "node") for node in _list(whole["nodes"], "nodes")]
        together = whole.get("operator") == "AND" and len(nodes) > 1
        for node in nodes:
            joined = together or (node.get("operator") == "AND" and len(node["cpeMatch"]) > 1)
            negated = bool(whole.get("negate") or node.get("negate"))
            for match in _list(node["cpeMatch"], "cpeMatch"):
                span = _span(_object(match, "cpeMatch"), product, conditional=joined or negated)
                if span is not None:
                    yield span


def _span(match: Json, product: str, *, conditional: bool) -> Span | None:
    fields = re.split(r"(?<!\\):", _text(match["criteria"]))
    if len(fields) != 13 or fields[:2] != ["cpe", "2.3"]:
        raise _WrongError(f"{fields[0]!r} begins no CPE 2.3 name")
    if not match["vulnerable"] or ":".join(fields[3:5]) != product:
        return None
    bounds = {
        name: _text(match[key]) if match.get(key) is not None else None
        for name, key in (
            ("start_including", "versionStartIncluding"),
            ("start_excluding", "versionStartExcluding"),
            ("end_including", "versionEndIncluding"),
            ("end_excluding", "versionEndExcluding"),
        )
    }
    version, update = (field.replace("\\", "") for field in fields[5:7])
    platform = any(field not in ("*", "-") for field in fields[7:])
    return Span(version=version, update=update, conditional=conditional or platform, **bounds)


def _end_of_life(body: bytes, _product: str) -> Read:
    """One product, or all of them (`/products/full`)."""
    content = _object(json.loads(body), "$")
    if not str(content["schema_version"]).startswith("1."):
        raise _WrongError(f"schema_version {content['schema_version']}")
    result = content["result"]
    every = result if isinstance(result, list) else [result]
    rows = [row for entry in every for row in _releases(_object(entry, "$.result[]"))]
    stamp = content.get("generated_at") or content.get("last_modified")
    return Read(
        name=FeedName.END_OF_LIFE, published=_day(stamp) if stamp else None, rows=_unique_releases(rows)
    )


def _releases(entry: Json) -> Iterator[Release]:
    product = _text(entry["name"])[:64]
    for item in _list(entry["releases"], "releases"):
        release = _object(item, "release")
        ended = release.get("eolFrom")
        if ended is None and release.get("isEol"):
            continue  # over on an unknown day: nothing that could be judged
        yield Release(product=product, name=_text(release["name"])[:64], ended=_day(ended) if ended else None)


def _unique_releases(rows: Sequence[Release]) -> Sequence[Release]:
    return list({(row.product, row.name): row for row in rows}.values())


def _unique(rows: Sequence[Any]) -> Sequence[Any]:
    if len({row.cve for row in rows}) != len(rows):
        raise _WrongError("a CVE is listed twice")
    return rows


def _object(value: object, path: str) -> Json:
    if not isinstance(value, dict):
        raise _WrongError(f"{path} is no object")
    return value


def _list(value: object, path: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _WrongError(f"{path} is no list")
    return value


def _cve(value: object) -> str:
    if not isinstance(value, str) or not _CVE.fullmatch(value):
        raise _WrongError(f"{str(value)[:40]!r} is no CVE")
    return value


def _day(value: object) -> date:
    """The day of a date, or of a date and time."""
    if not isinstance(value, str):
        raise _WrongError(f"{str(value)[:40]!r} is no date")
    return date.fromisoformat(value[:10])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongError(f"{str(value)[:40]!r} is no text")
    return _clean(value)


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:_LONGEST]


def _share(number: float) -> float:
    if not 0 <= number <= 1:
        raise _WrongError(f"{number} is no share of 1")
    return number


_READERS: Final = {
    FeedName.KEV: _kev,
    FeedName.EPSS: _epss,
    FeedName.NVD: _nvd,
    FeedName.END_OF_LIFE: _end_of_life,
}
