"""A hostile server from its first byte to every report: what it says is kept, bounded, and does nothing."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import reports
from models.artefact import shipped
from posture.app.assess import replay
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners import services, web
from scanners.net.routes import Route, Routes
from tests.reports.test_hostile import AUDIENCES, CONTROL, shape
from tests.support.net_servers import NAME, OPTIONS, Server, answer, close, context, say, unused
from tests.support.sample_assessment import sample

EVIL = "=cmd|' /C calc'!A0 <script>alert(1)</script> \x1b[2J\x07 \u202egnp.exe {{7*7}} #read(\"x\") ../../etc"
WIRE = EVIL.encode("utf-8").replace(b"\r", b"").replace(b"\n", b"")
PAGE = (
    b"HTTP/1.1 200 OK\r\nServer: "
    + WIRE
    + b"\r\nX-Powered-By: PHP/5.3.3 "
    + WIRE
    + b"\r\nSet-Cookie: "
    + WIRE
    + b"=1\r\nContent-Security-Policy: "
    + WIRE
    + b"\r\nContent-Type: text/html\r\n\r\n<title>"
    + WIRE
    + b"</title><script src='https://evil.example/x.js'></script><form action='http://"
    + WIRE
    + b"'><input type=password></form>"
)


def observed(http: Server, ftp: Server) -> list[Observation[object]]:
    routes = tuple(
        Route(name=NAME, port=port, to_address=server.address, to_port=server.port)
        for port, server in ((80, http), (21, ftp))
    )
    ctx = context(replace(OPTIONS, routes=Routes(routes=routes), resolvers=(unused(),)))

    async def run() -> list[Observation[object]]:
        pages = await web.scan(ctx, [f"http://{NAME}/"])
        return [*pages, *await services.scan(ctx, [Target(name=NAME, address="127.0.0.1", port=21)])]

    found = asyncio.run(run())
    assert ctx.faults == []
    return found


@pytest.fixture(scope="module")
def hostile() -> Assessment:
    """The sample with what was seen of such a server in its place."""
    with Server(answer(PAGE, close)) as http, Server(say(b"220 ProFTPD " + WIRE + b"\r\n")) as ftp:
        found = observed(http, ftp)
    kinds = {obs.kind for obs in found if isinstance(obs.result, Seen)}
    assert {WebResponse.KIND, ServiceProduct.KIND} <= kinds
    kept = [obs for obs in sample().observations if obs.kind not in kinds]
    return replay(replace(sample(), observations=(*kept, *found)), shipped())


@pytest.fixture(scope="module")
def files(hostile: Assessment) -> dict[str, bytes]:
    return reports.produce(
        hostile,
        catalogue(),
        formats=("html", "csv", "json", "xlsx"),
        audiences=AUDIENCES,
    )


def test_it_is_kept(hostile: Assessment) -> None:
    (page,) = [
        obs.result.value
        for obs in hostile.observations
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, WebResponse)
    ]
    assert "=cmd|" in (page.title or "")
    assert any("alert(1)" in value for name, value in page.headers if name == "Server")
    (greeting,) = [
        obs.result.value
        for obs in hostile.observations
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, ServiceProduct)
    ]
    assert greeting.banner.startswith("220 ProFTPD =cmd|")
    assert not CONTROL.search(greeting.banner + (page.title or "") + str(page.headers))


class Text(HTMLParser):
    """What a reader of a page sees, and the places it leads to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_pages_show_it_as_text_and_load_nothing(files: dict[str, bytes]) -> None:
    plain = reports.produce(
        replay(sample(), shipped()),
        catalogue(),
        formats=("html",),
        audiences=AUDIENCES,
    )
    usual = set().union(*(shape(page) for page in plain.values()))
    shown = []
    for name in plain:
        page = files[name]
        assert shape(page) <= usual, name
        assert page.count(b"<script") == 1, name
        assert not CONTROL.search(page.decode()), name
        parser = Text()
        parser.feed(page.decode())
        assert [link for link in parser.links if "evil.example" in link] == []
        shown += ["<script>alert(1)</script>" in "".join(parser.words)]
    assert any(shown)


def test_tables_hold_no_formula(files: dict[str, bytes]) -> None:
    rows = list(csv.reader(io.StringIO(files["findings.csv"].decode("utf-8-sig"), newline="")))
    assert [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r") or CONTROL.search(cell)] == []
    assert any("cmd|" in cell for row in rows for cell in row)


def test_the_document_is_one(files: dict[str, bytes]) -> None:
    text = files["assessment.json"].decode()
    assert json.loads(text)["id"] == sample().id
    assert not CONTROL.search(text)


def test_the_typesetter_takes_it_as_text(hostile: Assessment, tmp_path: Path) -> None:
    written = reports.write(hostile, catalogue(), tmp_path, formats=("pdf",), languages=("ja",))
    assert all(path.read_bytes().startswith(b"%PDF-") for path in written)


def test_ten_megabytes_of_headers_are_refused_and_bounded() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 10_000_000 + b"\r\n\r\n"
    many = b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 900_000 + b"\r\n"
    for head in (endless, many):
        with Server(answer(head, close)) as http, Server(say(b"220 FTP\r\n")) as ftp:
            (page, *_) = observed(http, ftp)
        assert isinstance(page.result, Unseen), page.result
        assert page.result.reason is Reason.PROTOCOL_GARBAGE
        assert len(page.result.detail) < 300
