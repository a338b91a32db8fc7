"""Synthetic feed documents in the published formats, and a loopback server that hands them out.

The CVE numbers (of a year nobody assigns yet), dates and scores are made up; only the form is real.
"""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

APACHE = "apache:http_server"
RANSOM, EXPLOITED, LIKELY, SEVERE, MILD = (f"CVE-2099-{number}" for number in range(90001, 90006))
ELSEWHERE = "CVE-2099-90009"


def kev_line(cve: str, product: str = "HTTP Server", vendor: str = "Apache", **more: str) -> dict[str, Any]:
    return {
        "cveID": cve,
        "vendorProject": vendor,
        "product": product,
        "vulnerabilityName": "Synthetic flaw",
        "dateAdded": "2026-01-05",
        "shortDescription": "Synthetic.",
        "requiredAction": "Apply mitigations per vendor instructions.",
        "dueDate": "2026-01-26",
        "knownRansomwareCampaignUse": "Unknown",
        "notes": "",
        "cwes": ["CWE-22"],
        **more,
    }


def kev(*lines: dict[str, Any], **more: object) -> bytes:
    every = lines or (
        kev_line(RANSOM, knownRansomwareCampaignUse="Known"),
        kev_line(EXPLOITED, dueDate="2027-01-26"),
        kev_line(ELSEWHERE, vendor="Synthetic", product="Somewhere Else"),
    )
    content = {
        "title": "Synthetic catalog",
        "catalogVersion": "2026.11.20",
        "dateReleased": "2026-11-20T16:00:00.0000Z",
        "count": len(every),
        "vulnerabilities": list(every),
    }
    return json.dumps(content | more).encode()


def epss(*rows: tuple[str, float, float]) -> bytes:
    every = rows or ((RANSOM, 0.97, 0.999), (LIKELY, 0.4, 0.95), (SEVERE, 0.01, 0.6), (MILD, 0.9, 0.99))
    lines = "".join(f"{cve},{score:.5f},{percentile:.5f}\n" for cve, score, percentile in every)
    head = "#model_version:v2026.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\n"
    return (head + lines).encode()


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def span(below: str | None = None, version: str = "*", product: str = APACHE, **more: Any) -> dict[str, Any]:
    bound = {"versionEndExcluding": below} if below else {}
    return {
        "vulnerable": True,
        "criteria": f"cpe:2.3:a:{product}:{version}:*:*:*:*:*:*:*",
        "matchCriteriaId": "00000000-0000-4000-8000-000000000000",
        **bound,
        **more,
    }


def record(cve: str, severity: str, score: float, *spans: dict[str, Any], **more: Any) -> dict[str, Any]:
    metric = {"source": "nvd@nist.gov", "type": "Primary"}
    data = {"version": "3.1", "baseScore": score, "baseSeverity": severity}
    node = {"operator": "OR", "negate": False, "cpeMatch": list(spans)}
    return {
        "cve": {
            "id": cve,
            "published": "2026-01-02T10:00:00.000",
            "lastModified": "2026-02-02T10:00:00.000",
            "vulnStatus": "Analyzed",
            "metrics": {"cvssMetricV31": [{**metric, "cvssData": data}]},
            "configurations": [{"nodes": [node]}] if spans else [],
            **more,
        }
    }


def nvd(*records: dict[str, Any], total: int | None = None, start: int = 0) -> bytes:
    every = records or (
        record(RANSOM, "CRITICAL", 9.8, span(version="2.4.49")),
        record(EXPLOITED, "HIGH", 7.5, span("2.4.52", versionStartIncluding="2.4.50")),
        record(LIKELY, "HIGH", 8.1, span("2.4.55")),
        record(SEVERE, "CRITICAL", 9.1, span("2.4.56")),
        record(MILD, "MEDIUM", 5.3, span("2.4.57")),
    )
    content = {
        "resultsPerPage": len(every),
        "startIndex": start,
        "totalResults": len(every) if total is None else total,
        "format": "NVD_CVE",
        "version": "2.0",
        "timestamp": "2026-11-20T10:00:00.000",
        "vulnerabilities": list(every),
    }
    return json.dumps(content).encode()


def end_of_life() -> bytes:
    releases = [
        {"name": "2.4", "releaseDate": "2012-02-21", "isEol": False, "eolFrom": None},
        {"name": "2.2", "releaseDate": "2005-12-01", "isEol": True, "eolFrom": "2017-07-11"},
        {"name": "1.3", "releaseDate": "1998-06-06", "isEol": True, "eolFrom": None},
    ]
    php = [{"name": "7.4", "isEol": True, "eolFrom": "2022-11-28"}]
    content = {
        "schema_version": "1.2.0",
        "generated_at": "2026-11-20T00:00:00+00:00",
        "total": 2,
        "result": [
            {"name": "apache-http-server", "label": "Apache HTTP Server", "releases": releases},
            {"name": "php", "label": "PHP", "releases": php},
        ],
    }
    return json.dumps(content).encode()


@dataclass(slots=True)
class Shelf:
    """What the server answers by path (without query), and what it was asked."""

    base: str
    bodies: dict[str, bytes]
    statuses: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    drip: dict[str, float] = field(default_factory=dict)
    pages: dict[str, Callable[[str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def settings(self) -> str:
        """The settings that name this server."""
        names = {"kev": "kev", "epss": "epss", "nvd": "nvd", "endoflife": "eol"}
        lines = [f'{name} = "{self.base}/{path}"' for name, path in names.items()]
        return "\n".join(["[feeds]", "nvd_pause = 0.0", *lines, ""])


def full_shelf(base: str) -> Shelf:
    bodies = {"/kev": kev(), "/epss": packed(epss()), "/eol": end_of_life()}
    return Shelf(base=base, bodies=bodies, pages={"/nvd": _by_product})


def _by_product(query: str) -> bytes:
    return nvd() if "apache%3Ahttp_server" in query else nvd(record(ELSEWHERE, "LOW", 1.0))


@contextmanager
def feed_server() -> Iterator[Shelf]:
    """Serve a shelf of synthetic feeds on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    shelf = full_shelf(f"http://127.0.0.1:{server.server_port}")
    server.shelf = shelf  # type: ignore[attr-defined]  # carried for the handler
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield shelf
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shelf: Shelf = self.server.shelf  # type: ignore[attr-defined]  # see feed_server
        path, _, query = self.path.partition("?")
        shelf.asked.append((self.path, dict(self.headers)))
        tag = shelf.tags.get(path)
        if tag is not None and self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        page = shelf.pages.get(path)
        self._answer(shelf, path, page(query) if page else shelf.bodies[path])

    def _answer(self, shelf: Shelf, path: str, body: bytes) -> None:
        self.send_response(shelf.statuses.get(path, 200))
        if path in shelf.tags:
            self.send_header("ETag", shelf.tags[path])
        if path in shelf.moved:
            self.send_header("Location", shelf.moved[path])
        self.send_header("Content-Length", str(shelf.promised.get(path, len(body))))
        self.end_headers()
        for byte in body if path in shelf.drip else ():
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return
            time.sleep(shelf.drip[path])
        if path not in shelf.drip:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""
