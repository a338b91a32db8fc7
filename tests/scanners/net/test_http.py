"""requests on the Gateway's sockets: pinned, permitted, bounded, and deaf to everything around it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.targets import network
from scanners.context import Options
from scanners.net import sockets
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from scanners.net.http import failure_in
from scanners.net.routes import Route, Routes
from tests.support.net_servers import (
    NAME,
    OPTIONS,
    QUICK,
    Behaviour,
    Server,
    answer,
    close,
    deaf,
    door,
    drip,
    endless,
    patience,
    reset,
    silent,
    unused,
    witnessed,
)
from tests.support.tls_servers import issue

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"


def pinned(gateway: Gateway | None = None, name: str = NAME, *addresses: str) -> Gateway:
    gateway = gateway or door()
    gateway.pin(name, addresses or ("127.0.0.1",))
    return gateway


def fetch(gateway: Gateway, url: str, **options: object) -> requests.Response:
    """A whole response, read in full."""
    with gateway.session() as session:
        response = session.get(url, **options)  # type: ignore[arg-type]  # requests' own keywords
        with response:
            assert response.content is not None
        return response


def reason(gateway: Gateway, url: str) -> Reason:
    with pytest.raises(NetFailure) as caught:
        fetch(gateway, url)
    return caught.value.reason


class Heard:
    """Keeps what it is asked, head by head."""

    def __init__(self, *answers: bytes) -> None:
        self.heads: list[bytes] = []
        self._answers = list(answers) or [OK]

    def __call__(self, conn: socket.socket) -> None:
        while head := conn.recv(65_536):
            self.heads.append(head)
            conn.sendall(self._answers[min(len(self.heads), len(self._answers)) - 1])


def test_a_page_and_its_contact() -> None:
    gateway = pinned()
    heard = Heard()
    with Server(heard) as server, witnessed() as events:
        response = fetch(gateway, f"http://{NAME}:{server.port}/a")
    assert (response.status_code, response.content) == (200, b"body")
    assert heard.heads[0].startswith(b"GET /a HTTP/1.1\r\n")
    assert f"Host: {NAME}:{server.port}\r\n".encode() in heard.heads[0]
    assert b"User-Agent: posture-underwriting\r\n" in heard.heads[0]
    assert [event for event, _ in events] == ["socket.connect"], "and no name was looked up"
    (contact,) = gateway.ledger.contacts()
    assert (contact.address, contact.ports, contact.technique, contact.connections) == (
        "127.0.0.1",
        (server.port,),
        "web",
        1,
    )


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, list[str | None]]:
    """A self-signed server, and the names it was asked for."""
    paper = issue("somebody.else.example")
    (tmp_path / "both.pem").write_bytes(paper.key_pem + paper.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    return context, names


def over(context: ssl.SSLContext, behaviour: Behaviour) -> Behaviour:
    def behave(conn: socket.socket) -> None:
        with context.wrap_socket(conn, server_side=True) as secured:
            behaviour(secured)

    return behave


def test_tls_names_the_host_and_judges_nothing(tls: tuple[ssl.SSLContext, list[str | None]]) -> None:
    context, names = tls
    with Server(over(context, answer(OK))) as server:
        assert fetch(pinned(), f"https://{NAME}:{server.port}/").content == b"body"
        assert fetch(door(), f"https://127.0.0.1:{server.port}/").content == b"body"
    assert names == [NAME, None]


@pytest.mark.parametrize("floor", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_old_servers_are_spoken_with(
    tls: tuple[ssl.SSLContext, list[str | None]], floor: ssl.TLSVersion
) -> None:
    context, _ = tls
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        pytest.MonkeyPatch.context()
    ):  # the two setters below warn for the old versions, which is their point
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = floor
    with Server(over(context, answer(OK))) as server:
        assert fetch(pinned(), f"https://{NAME}:{server.port}/").content == b"body"


def _not_permitted(gateway: Gateway, url: str) -> None:
    with witnessed() as events:
        assert reason(gateway, url) is Reason.NOT_PERMITTED
    assert events == []
    assert gateway.ledger.contacts() == ()


def test_without_pin_or_leave_nothing_happens() -> None:
    with Server(answer(OK)) as server:
        _not_permitted(door(), f"http://{NAME}:{server.port}/")
        _not_permitted(door(), "http://localhost/")
        _not_permitted(pinned(door(networks=())), f"http://{NAME}:{server.port}/")
        _not_permitted(door(networks=()), f"http://127.0.0.1:{server.port}/")
        somebody = pinned(door(networks=(network("127.0.0.2/32"),)), "www.example.org")
        _not_permitted(somebody, f"http://www.example.org:{server.port}/")
        assert server.connections == 0


def test_a_third_party_gets_one_ordinary_contact_for_a_reason() -> None:
    gateway = pinned(door(techniques=frozenset({Technique.WEB})), "www.example.org")
    with Server(answer(OK)) as server:
        url = f"http://www.example.org:{server.port}/"
        with gateway.session(contact_why="redirect") as session, session.get(url) as response:
            assert response.content == b"body"
    assert [(contact.why, contact.connections) for contact in gateway.ledger.contacts()] == [("redirect", 1)]


def test_a_name_without_an_address() -> None:
    gateway = door()
    gateway.pin(NAME, ())
    assert reason(gateway, f"http://{NAME}/") is Reason.DNS_FAILURE


def test_the_next_address_is_tried() -> None:
    with Server(answer(OK), address="127.0.0.2") as server:
        gateway = pinned(None, NAME, "127.66.0.1", "127.0.0.1", "127.0.0.2")
        assert fetch(gateway, f"http://{NAME}:{server.port}/").content == b"body"
    assert [contact.address for contact in gateway.ledger.contacts()] == ["127.0.0.1", "127.0.0.2"]


def test_a_route_leads_to_the_physical_place() -> None:
    with Server(answer(OK), address="127.0.0.2") as server:
        routes = Routes(routes=(Route(name=NAME, port=80, to_address="127.0.0.2", to_port=server.port),))
        gateway = pinned(door(replace(OPTIONS, routes=routes)))
        assert fetch(gateway, f"http://{NAME}/").content == b"body"
    assert [(c.address, c.ports) for c in gateway.ledger.contacts()] == [("127.0.0.2", (server.port,))]


@pytest.mark.parametrize(
    "location", [b"http://www.example.org/", b"http://[", b"\xff\xfe://\x80", b"http://a..b/"]
)
def test_a_redirect_is_told_and_not_followed(location: bytes) -> None:
    gateway = pinned()
    moved = b"HTTP/1.1 301 Moved\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with Server(answer(moved)) as server, gateway.session() as session:
        with session.get(f"http://{NAME}:{server.port}/", allow_redirects=True) as response:
            assert (response.status_code, response.history) == (301, [])
            assert response.headers["Location"] == location.decode("latin-1")
        assert server.connections == 1


def test_cookies_are_shown_and_not_sent_back() -> None:
    heard = Heard(b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n")
    with Server(heard) as server, pinned().session() as session:
        for _ in range(2):
            with session.get(f"http://{NAME}:{server.port}/") as response:
                assert (response.cookies["id"], response.content) == ("1", b"")
        assert server.connections == 1, "the connection is used again"
    assert b"Cookie" not in heard.heads[1]


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {NAME} login me password secret\n", encoding="ascii")
    heard = Heard()
    with Server(answer(b"HTTP/1.1 502 Proxy\r\n\r\n")) as proxy, Server(heard) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NETRC", str(netrc))
        url = f"http://{NAME}:{server.port}/"
        assert fetch(pinned(), url).status_code == 200
        assert fetch(pinned(), url, proxies={"http": f"http://127.0.0.1:{proxy.port}"}).status_code == 200
        assert proxy.connections == 0
    assert all(b"Authorization" not in head for head in heard.heads)


def hurried(expected: Reason) -> Options:
    """Little time for a whole exchange where that is what has to end it."""
    options = patience(expected)
    return replace(options, budget=0.5) if expected is Reason.TIMEOUT else options


HOSTILE: list[tuple[Behaviour, Reason]] = [
    (silent, Reason.TIMEOUT),
    (close, Reason.RESET),
    (answer(b"", then=close), Reason.RESET),
    (answer(b"", then=reset), Reason.RESET),
    (answer(b"\x16\x03\x01 what is this\r\n\r\n"), Reason.PROTOCOL_GARBAGE),
    (answer(b"HTTP/1.1 abc\r\n\r\n"), Reason.PROTOCOL_GARBAGE),
    (answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), Reason.PROTOCOL_GARBAGE),
    (answer(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000), Reason.PROTOCOL_GARBAGE),
    (answer(b"HTTP/1.1 200 OK\r\nX: ", then=drip(b"y")), Reason.TIMEOUT),
    (
        answer(b"HTTP/1.1 100 Continue\r\n\r\n", then=drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.001)),
        Reason.TIMEOUT,
    ),
    (
        answer(b"HTTP/1.1 100 Continue\r\n\r\n", then=endless(b"HTTP/1.1 100 Continue\r\n\r\n")),
        Reason.TIMEOUT,
    ),
]


@pytest.mark.parametrize(("behaviour", "expected"), HOSTILE)
def test_hostile_heads(behaviour: Behaviour, expected: Reason) -> None:
    with Server(behaviour) as server:
        assert reason(pinned(door(hurried(expected))), f"http://{NAME}:{server.port}/") is expected


def test_nobody_listens_and_nobody_answers() -> None:
    assert reason(pinned(), f"http://{NAME}:{unused()[1]}/") is Reason.REFUSED
    with deaf() as place:
        assert reason(pinned(door(QUICK)), f"http://{NAME}:{place[1]}/") is Reason.TIMEOUT


TLS_HOSTILE: list[tuple[Behaviour, Reason]] = [
    (silent, Reason.TIMEOUT),
    (answer(b"HTTP/1.0 400 no\r\n\r\n"), Reason.PROTOCOL_GARBAGE),
    (answer(bytes.fromhex("15030300020228")), Reason.REFUSED),
    (answer(b"", then=reset), Reason.RESET),
    (answer(b"", then=close), Reason.RESET),
]


@pytest.mark.parametrize(("behaviour", "expected"), TLS_HOSTILE)
def test_hostile_handshakes_leave_nothing_open(behaviour: Behaviour, expected: Reason) -> None:
    gateway = pinned(door(replace(hurried(expected), host_connections=1)))
    with Server(behaviour) as server:
        for _ in range(2):
            assert reason(gateway, f"https://{NAME}:{server.port}/") is expected


BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BODIES: list[tuple[Behaviour, Reason]] = [
    (answer(BODY, then=silent), Reason.TIMEOUT),
    (answer(BODY, then=drip(b"x")), Reason.TIMEOUT),
    (answer(BODY + b"x", then=close), Reason.RESET),
    (answer(BODY + b"x", then=reset), Reason.RESET),
    (answer(CHUNKED + b"zz\r\n"), Reason.PROTOCOL_GARBAGE),
    (answer(CHUNKED + b"5\r\nab", then=close), Reason.RESET),
    (answer(CHUNKED + b"2\r\nab\r\n", then=close), Reason.RESET),
    (
        answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        Reason.PROTOCOL_GARBAGE,
    ),
]


@pytest.mark.parametrize(("behaviour", "expected"), BODIES)
def test_hostile_bodies(behaviour: Behaviour, expected: Reason) -> None:
    with Server(behaviour) as server, pinned(door(hurried(expected))).session() as session:
        response = session.get(f"http://{NAME}:{server.port}/")
        assert response.status_code == 200
        with response, pytest.raises(requests.RequestException) as caught:
            response.content  # noqa: B018 - reading is what is tried
    assert failure_in(caught.value).reason is expected


def test_a_dripping_body_in_tls_ends_too(tls: tuple[ssl.SSLContext, list[str | None]]) -> None:
    context, _ = tls
    with (
        Server(over(context, answer(BODY, then=drip(b"x")))) as server,
        pinned().session(total=0.4) as session,
        session.get(f"https://{NAME}:{server.port}/") as response,
        pytest.raises(requests.RequestException) as caught,
    ):
        response.content  # noqa: B018
    assert failure_in(caught.value).reason is Reason.TIMEOUT


def test_each_exchange_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(sockets, "time", SimpleNamespace(monotonic=lambda: now[0]))
    heard = Heard(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with Server(heard) as server, pinned().session(total=9) as session:
        for _ in range(3):
            with session.get(f"http://{NAME}:{server.port}/") as response:
                assert response.content == b""
            now[0] += 8
        assert server.connections == 1


def test_a_response_still_being_read_keeps_its_connection() -> None:
    gateway = pinned(door(replace(OPTIONS, host_connections=1, budget=1)))
    with Server(answer(OK)) as server, gateway.session() as session:
        url = f"http://{NAME}:{server.port}/"
        with session.get(url):
            assert reason(gateway, url) is Reason.BUDGET
        assert fetch(gateway, url).content == b"body"


@contextmanager
def stuck(gateway: Gateway, server: Server) -> Iterator[list[Reason]]:
    """A worker thread in an exchange that would last for long."""
    got: list[Reason] = []
    entered = threading.Event()

    def work() -> None:
        entered.set()
        got.append(reason(gateway, f"http://{NAME}:{server.port}/"))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert entered.wait(5)
    yield got
    thread.join(10)
    assert not thread.is_alive()


def test_closing_the_gateway_ends_what_threads_do() -> None:
    gateway = pinned(door(replace(OPTIONS, timeout=60, budget=60)))
    asked = threading.Event()

    def behave(conn: socket.socket) -> None:
        conn.recv(1000)
        asked.set()
        conn.recv(1000)

    with Server(behave) as server:
        with stuck(gateway, server) as got:
            assert asked.wait(5)
            gateway.close()
        assert got == [Reason.RESET]
        assert reason(gateway, f"http://{NAME}:{server.port}/") is Reason.CANCELLED
        assert server.connections == 1


def test_many_sessions_from_a_running_loop() -> None:
    gateway = pinned()

    async def all_of_them(url: str) -> list[int]:
        async def one() -> int:
            return (await asyncio.to_thread(fetch, gateway, url)).status_code

        return list(await asyncio.gather(*(one() for _ in range(20))))

    with Server(answer(OK)) as server:
        assert asyncio.run(all_of_them(f"http://{NAME}:{server.port}/")) == [200] * 20
        assert server.most <= OPTIONS.host_connections + 1


def test_a_url_that_is_none() -> None:
    for url in ("http://", "http://:80/", "gopher://www.example.co.jp/", "http://exa mple/"):
        assert reason(pinned(), url) is Reason.PROTOCOL_GARBAGE


# -- hosts that are asked too much ---------------------------------------------------------------------------


def eased(behaviour: Behaviour) -> int:
    """How often the host's pace was halved after one request."""
    gateway = pinned()
    with Server(behaviour) as server:
        with suppress(NetFailure):
            fetch(gateway, f"http://{NAME}:{server.port}/")
        return gateway._door.pace._host(server.address)._eased


@pytest.mark.parametrize("status", [421, 429, 503])
def test_an_answer_that_asks_for_patience_halves_the_pace(status: int) -> None:
    assert eased(answer(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())) == 1


@pytest.mark.parametrize("behaviour", [reset, close])
def test_a_host_that_hangs_up_is_worked_more_gently(behaviour: Behaviour) -> None:
    assert eased(behaviour) == 1


@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_any_other_answer_leaves_the_pace(status: int) -> None:
    assert eased(answer(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())) == 0
