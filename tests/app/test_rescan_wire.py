"""`posture rescan` of TLS, ports and greetings against servers on loopback: closed, as it was, not seen."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models.artefact import shipped
from posture.app.assess import replay
from posture.app.cli import cli
from posture.core.assessment import Assessment
from posture.core.facts.service_product import ServiceProduct
from posture.core.findings import Finding, Outcome
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from posture.store import assessments
from posture.store.database import open_database
from tests.support import daemons
from tests.support.dns_server import DnsServer
from tests.support.net_servers import Server, close, deaf, silent, unused
from tests.support.papers import consent_text
from tests.support.sample_assessment import DOMAIN, sample
from tests.support.tls_servers import issue, nginx
from tests.support.tools import require_tool

HOST = f"www.{DOMAIN}"
ZONE = "@ NS ns1\nns1 A 127.0.0.1\n@ A 127.0.0.6\nwww A 127.0.0.6"

Place = tuple[str, int]
Opens = Callable[[], AbstractContextManager[Place]]


def item() -> Assessment:
    """The sample, in which a Redis without a log-in was greeted too."""
    fact = ServiceProduct(
        protocol="redis",
        banner="+PONG",
        vendor=None,
        product=None,
        version=None,
        cpe=None,
        how="question",
        confidence=10,
        login=False,
    )
    target = Target(name=HOST, address="203.0.113.10", port=6379)
    known = sample()
    greeted = Observation(
        kind=ServiceProduct.KIND, target=target, at=known.started_at, result=Seen(value=fact)
    )
    return replay(replace(known, observations=(*known.observations, greeted)), shipped())


def of(check: str, port: int) -> Finding:
    (found,) = [
        one for one in item().findings if (one.check, one.target.name, one.target.port) == (check, HOST, port)
    ]
    assert found.outcome is Outcome.FAIL
    return found


def rescan(folder: Path, finding: Finding, place: Place) -> dict[str, Any]:
    """The document of a rescan while the finding's port is at `place`."""
    store = open_database(f"sqlite:///{folder / 'posture.db'}")
    assessments.save(store, item())
    store.close()
    paper = folder / "consent.toml"
    paper.write_text(consent_text(domains=f'["{DOMAIN}"]'), encoding="utf-8")
    with DnsServer(recursive=True) as names:
        names.zone(DOMAIN, ZONE)
        done = CliRunner().invoke(
            cli,
            [
                *("rescan", item().id, "--finding", finding.id, "--consent", str(paper), "--json"),
                *("--database", f"sqlite:///{folder / 'posture.db'}", "--out", str(folder / "out")),
                *("--resolver", f"127.0.0.1:{names.port}"),
                *("--connect-to", f"{HOST}:{finding.target.port}={place[0]}:{place[1]}"),
            ],
        )
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    held = json.loads(Path(found["evidence"]["file"]).read_text(encoding="utf-8"))
    assert held["now"] == found["now"]
    assert {(one["address"], tuple(one["ports"])) for one in held["contacted"]} - {
        ("127.0.0.1", (names.port,))
    } == {(place[0], (place[1],))}
    return found


@contextmanager
def speaking(*protocols: str) -> Iterator[Place]:
    leaf = issue(HOST, names=[HOST])
    ciphers = "ssl_ciphers DEFAULT:@SECLEVEL=0;"
    with nginx(leaf, f"ssl_protocols {' '.join(protocols)};", ciphers) as server:
        yield server.address, server.port


@contextmanager
def mute() -> Iterator[Place]:
    """Accepts and stays silent."""
    with Server(silent) as server:
        yield server.address, server.port


@contextmanager
def wrapped() -> Iterator[Place]:
    """Accepts and hangs up at once, on everybody."""
    with Server(close) as server:
        yield server.address, server.port


@contextmanager
def shut() -> Iterator[Place]:
    yield unused()


CASES: list[tuple[str, str, int, Opens, str, str]] = [
    ("tls closed", "tls/legacy_protocol", 443, lambda: speaking("TLSv1.2", "TLSv1.3"), "closed", "pass"),
    ("tls again", "tls/legacy_protocol", 443, lambda: speaking("TLSv1", "TLSv1.2"), "again", "fail"),
    ("tls unseen", "tls/legacy_protocol", 443, mute, "unseen", "unknown"),
    ("port closed", "ports/remote_desktop", 3389, shut, "closed", "pass"),
    ("port again", "ports/remote_desktop", 3389, mute, "again", "fail"),
    ("port wrapped", "ports/remote_desktop", 3389, wrapped, "unseen", "unknown"),
    ("port unseen", "ports/remote_desktop", 3389, deaf, "unseen", "unknown"),
    (
        "greeting closed",
        "services/login_required",
        6379,
        lambda: daemons.redis("--requirepass", "x" * 40),
        "closed",
        "pass",
    ),
    ("greeting again", "services/login_required", 6379, daemons.redis, "again", "fail"),
    ("greeting unseen", "services/login_required", 6379, mute, "unseen", "not_applicable"),
]


@pytest.mark.parametrize(
    ("check", "port", "opens", "result", "outcome"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_one_question_on_the_wire(
    tmp_path: Path, check: str, port: int, opens: Opens, result: str, outcome: str
) -> None:
    require_tool("nmap")
    with opens() as place:
        found = rescan(tmp_path, of(check, port), place)
    assert (found["result"], found["now"]["outcome"]) == (result, outcome)
    assert found["before"]["id"] == of(check, port).id
    concerned = [one for one in item().decision.subjectivities if of(check, port).id in one.findings]
    assert found["subjectivities"] == [
        {"id": one.id, "met": result == "closed" and len(one.findings) == 1} for one in concerned
    ]
