"""Hosts whose open ports say nothing of the applicant: honeypots, edges; and ports that told who they are."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from posture.checks.ports import database, remote_desktop, telnet
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import Redirect, WebResponse
from posture.core.findings import Verdict, failed, passed
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target, network
from scanners import plausible, services
from scanners.context import Options
from scanners.net.routes import Route, Routes
from tests.support.net_servers import NAME, NOW, OPTIONS, Server, answer, context, silent

ADDRESS = "192.0.2.7"


def seen(kind: str, target: Target, value: object, *gaps: Gap) -> Observation[Any]:
    return Observation(kind=kind, target=target, at=NOW, result=Seen(value=value, gaps=gaps))


def swept(*ports: Port | int, address: str = ADDRESS, names: Sequence[str] = (NAME,)) -> Observation[Any]:
    found = tuple(Port(port=p, protocol="tcp", state="open") if isinstance(p, int) else p for p in ports)
    fact = PortsHost(address=address, names=tuple(names), ports=found, scanned="T:1-65535", control=True)
    return seen(PortsHost.KIND, Target(name=NAME, address=address), fact)


def met(port: int, protocol: str, *also: str, banner: str = "", confidence: int = 10) -> Observation[Any]:
    fact = ServiceProduct(
        protocol=protocol,
        banner=banner,
        vendor=None,
        product=None,
        version=None,
        cpe=None,
        how="question",
        confidence=confidence,
        also=also,
    )
    return seen(ServiceProduct.KIND, Target(name=NAME, address=ADDRESS, port=port), fact)


def page(
    url: str, *headers: tuple[str, str], hops: Sequence[Redirect] = (), port: int = 443
) -> Observation[Any]:
    fact = WebResponse(
        asked=url,
        url=url,
        status=200,
        redirects=tuple(hops),
        headers=headers,
        cookies=(),
        left_scope=None,
        title=None,
        body_bytes=0,
        body_sha256="0" * 64,
    )
    return seen(WebResponse.KIND, Target(name=NAME, port=port, url=url), fact)


def believed(*observations: Observation[Any], networks: Sequence[str] = ()) -> list[Observation[Any]]:
    return plausible.concluded(observations, [network(text) for text in networks])


def why(obs: Observation[Any]) -> str:
    assert isinstance(obs.result, Unseen), obs.result
    assert obs.result.reason is Reason.BLOCKED
    return obs.result.detail


def ports(obs: Observation[Any]) -> PortsHost:
    assert isinstance(obs.result, Seen)
    fact: PortsHost = obs.result.value
    return fact


# -- honeypots -----------------------------------------------------------------------------------------------

KINDS = ["redis", "memcached", "zookeeper", "postgresql", "mongodb", "kafka", "mssql", "rdp"]


def test_a_port_that_speaks_two_protocols_discredits_its_host() -> None:
    found = believed(swept(6379, 3389), met(6379, "redis", "memcached"), met(3389, "rdp"))
    assert {why(obs) for obs in found} == {"honeypot: port 6379 answers as redis and as memcached"}


@pytest.mark.parametrize(("count", "doubted"), [(7, False), (8, True)])
def test_a_collection_of_inner_services(count: int, doubted: bool) -> None:  # noqa: FBT001
    services_met = [met(1000 + number, kind) for number, kind in enumerate(KINDS[:count])]
    first, *_ = believed(swept(*range(1000, 1000 + count)), *services_met, met(22, "ssh"), met(80, "http"))
    assert isinstance(first.result, Unseen) is doubted
    if doubted:
        assert why(first) == "honeypot: 8 kinds of inner services on one address"


@pytest.mark.parametrize(("count", "doubted"), [(4, False), (5, True)])
def test_many_ports_in_the_very_same_words(count: int, doubted: bool) -> None:  # noqa: FBT001
    same = [met(2000 + number, "unknown", banner="hello", confidence=0) for number in range(count)]
    first, *_ = believed(swept(*range(2000, 2000 + count)), *same)
    assert isinstance(first.result, Unseen) is doubted


def test_silence_and_web_servers_are_alike_everywhere() -> None:
    quiet = [met(2000 + number, "unknown", confidence=0) for number in range(9)]
    web = [met(3000 + number, "http", banner="HTTP/1.1 400") for number in range(9)]
    first, *_ = believed(swept(2000), *quiet, *web)
    assert isinstance(first.result, Seen)


def test_what_was_asked_for_by_name_stays_and_so_does_another_host() -> None:
    other = swept(22, address="192.0.2.8")
    site, portal = page(f"https://{NAME}/"), page(f"https://{NAME}:8443/", port=8443)
    found = believed(swept(6379), met(6379, "redis", "memcached"), other, site, portal)
    assert [isinstance(obs.result, Seen) for obs in found] == [False, False, True, True, False]


# -- edges ---------------------------------------------------------------------------------------------------

EDGES = [
    ("CF-RAY", "8a1b", "Cloudflare"),
    ("X-Amz-Cf-Pop", "NRT57-C4", "Amazon CloudFront"),
    ("Server", "AkamaiGHost", "Akamai"),
    ("X-Served-By", "cache-nrt18326-NRT", "Fastly"),
    ("X-Iinfo", "9-1-2", "Imperva"),
    ("X-Sucuri-ID", "14004", "Sucuri"),
    ("x-azure-ref", "0abc", "Azure Front Door"),
    ("Via", "1.1 google", "Google Cloud CDN"),
    ("Server", "BunnyCDN-JP1-1", "bunny.net"),
]


@pytest.mark.parametrize(("header", "value", "name"), EDGES)
def test_ports_of_an_edge_are_not_the_applicant_s(header: str, value: str, name: str) -> None:
    found = believed(swept(2083, 8443), met(2083, "http"), page(f"https://{NAME}/", (header, value)))
    assert why(found[0]) == why(found[1]) == f"edge: {name} answers here for many ({header.lower()})"
    assert isinstance(found[2].result, Seen)


def test_every_edge_of_the_table_is_tried_above() -> None:
    assert [edge.name for edge in plausible._edges()] == [name for _, _, name in EDGES]


@pytest.mark.parametrize(
    ("header", "value"),
    [("server", "nginx"), ("x-served-by", "web3"), ("via", "1.1 varnish"), ("server", "not AkamaiGHost")],
)
def test_an_ordinary_server_is_no_edge(header: str, value: str) -> None:
    first, *_ = believed(swept(443), page(f"https://{NAME}/", (header, value)))
    assert isinstance(first.result, Seen)


def test_an_edge_that_only_redirects_is_one() -> None:
    hop = Redirect(url=f"http://{NAME}/", status=301, location=f"https://{NAME}/", headers=(("cf-ray", "1"),))
    first, *_ = believed(swept(80), page(f"https://{NAME}/", hops=[hop]))
    assert why(first).startswith("edge: Cloudflare")


def test_somebody_else_s_edge_at_the_end_of_a_redirect_is_not_this_host_s() -> None:
    first, *_ = believed(swept(443), page("https://shop.example.com/", ("cf-ray", "1")))
    assert isinstance(first.result, Seen)


def test_in_the_applicant_s_own_networks_there_is_no_edge() -> None:
    observations = (swept(443), page(f"https://{NAME}/", ("cf-ray", "1")))
    first, *_ = believed(*observations, networks=["192.0.2.0/24"])
    assert isinstance(first.result, Seen)


# -- what a port told itself ---------------------------------------------------------------------------------


def judged(judge: Any, obs: Observation[Any]) -> list[Verdict]:
    return list(judge(ports(obs)))


def test_ssh_on_the_number_of_another_service_is_not_that_service() -> None:
    first, *_ = believed(swept(2323, 3389), met(2323, "ssh"), met(3389, "ssh"))
    assert [(p.port, p.service, p.confidence) for p in ports(first).ports] == [
        (2323, "ssh", 10),
        (3389, "ssh", 10),
    ]
    assert judged(telnet.judge, first) == judged(remote_desktop.judge, first) == [passed("closed")]


def test_a_database_on_any_number_is_one() -> None:
    first, *_ = believed(swept(13306), met(13306, "mysql"))
    assert judged(database.judge, first) == [
        replace(failed("reachable", service="MySQL / MariaDB", number=13306), port=13306)
    ]


@pytest.mark.parametrize(("protocol", "confidence"), [("unknown", 0), ("ftp", 3)])
def test_what_is_not_certain_changes_nothing(protocol: str, confidence: int) -> None:
    guess = Port(port=23, protocol="tcp", state="open", service="telnet", confidence=3)
    first, *_ = believed(swept(guess), met(23, protocol, confidence=confidence))
    assert ports(first).ports == (guess,)


def test_a_port_that_hung_up_on_the_sweep_is_not_named_by_a_later_answer() -> None:
    wrapped = Port(port=23, protocol="tcp", state="open", service="tcpwrapped", confidence=8)
    first, *_ = believed(swept(wrapped), met(23, "telnet"))
    assert ports(first).ports == (wrapped,)


def test_nothing_seen_nothing_changed() -> None:
    blind: Observation[Any] = Observation(
        kind=PortsHost.KIND, target=Target(name=NAME), at=NOW, result=Unseen(reason=Reason.TIMEOUT)
    )
    assert believed(blind, met(22, "ssh")) == [blind, met(22, "ssh")]


# -- a honeypot of ours, met by the real clients -------------------------------------------------------------

WORDS = {b"PING\r\n": b"+PONG\r\n", b"version\r\n": b"VERSION 1.6.18\r\n", b"ruok": b"imok"}
EVERYTHING = b"SSH-2.0-OpenSSH_9.2\r\n220 FTP ESMTP\r\n+OK POP3\r\n* OK IMAP\r\n+PONG\r\nVERSION 1.6\r\n"


def _any_language(conn: socket.socket) -> None:
    """Every port answers every question in the question's own protocol."""
    asked = conn.recv(65_536)
    conn.sendall(WORDS.get(asked, b"what?\r\n"))
    silent(conn)


def _one_language(asked: bytes) -> Any:
    def behave(conn: socket.socket) -> None:
        said = conn.recv(65_536)
        conn.sendall(WORDS[asked] if said == asked else b"ERROR\r\n")
        silent(conn)

    return behave


def look(behaviours: dict[int, Any]) -> dict[int, ServiceProduct]:
    with ExitStack() as stack:
        routes = []
        for number, behaviour in behaviours.items():
            server = stack.enter_context(Server(behaviour))
            routes.append(Route(name=NAME, port=number, to_address=server.address, to_port=server.port))
        options: Options = replace(OPTIONS, routes=Routes(routes=tuple(routes)))
        ctx = context(options)
        targets = [Target(name=NAME, address="127.0.0.1", port=number) for number in behaviours]
        found = asyncio.run(services.scan(ctx, targets))
    assert ctx.faults == []
    return {obs.target.port or 0: obs.result.value for obs in found if isinstance(obs.result, Seen)}


def test_a_honeypot_that_answers_every_question_is_asked_a_second_one() -> None:
    found = look(dict.fromkeys((2181, 6379, 11211), _any_language))
    assert {port: fact.protocol for port, fact in found.items()} == {
        2181: "zookeeper",
        6379: "redis",
        11211: "memcached",
    }
    assert [fact.also for fact in found.values()] == [("redis",), (), ()]


def test_the_second_question_is_one_of_the_same_vocabulary() -> None:
    heard: list[bytes] = []

    def listen(conn: socket.socket) -> None:
        heard.append(conn.recv(65_536))
        conn.sendall(WORDS.get(heard[-1], b"what?\r\n"))
        silent(conn)

    look(dict.fromkeys((2181, 6379, 11211), listen))
    assert sorted(heard) == sorted([*WORDS, b"PING\r\n"])


def test_three_real_services_do_not_understand_each_other() -> None:
    found = look({port: _one_language(word) for port, word in zip((6379, 11211, 2181), WORDS, strict=True)})
    assert {fact.also for fact in found.values()} == {()}


def test_two_services_are_not_asked_twice() -> None:
    found = look(dict.fromkeys((6379, 11211), _any_language))
    assert {fact.also for fact in found.values()} == {()}


def test_an_answer_made_of_everybody_s_greetings() -> None:
    fact = look({6379: answer(EVERYTHING, silent)})[6379]
    assert fact.protocol == "ssh"
    assert fact.also == ("smtp", "ftp", "pop3", "imap", "redis", "memcached")


def test_lines_before_an_identification_are_talk() -> None:
    assert services.recognise(b"220 no FTP here\r\nSSH-2.0-OpenSSH_9.2\r\n", 22).also == ()


def test_the_verdict_of_such_a_host_is_unknown() -> None:
    found = look(dict.fromkeys((2181, 6379, 11211), _any_language))
    answers = [
        seen(ServiceProduct.KIND, Target(name=NAME, address=ADDRESS, port=port), fact)
        for port, fact in found.items()
    ]
    first, *rest = believed(swept(*found), *answers)
    assert why(first) == "honeypot: port 2181 answers as zookeeper and as redis"
    assert not any(isinstance(obs.result, Seen) for obs in rest)
