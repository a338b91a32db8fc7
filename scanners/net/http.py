"""HTTP with requests on the Gateway's sockets: pinned addresses, permits, pace, ledger, deadlines."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import InvalidChunkLength, ProtocolError

from posture.core.errors import PostureError
from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import Target, address
from scanners.net.door import Door, Way
from scanners.net.failure import NetFailure, failure_of
from scanners.net.sockets import Watch, WatchedSocket, WatchedTlsSocket, protect
from scanners.net.streams import family

#: Gives the permit for an address of a name; raises NetFailure(not-permitted).
Leave = Callable[[Target], Permit]


#: Answers that ask for patience (RFC 6585 §4, RFC 9110 §15.5.20 and §15.6.4).
_STRAINED = frozenset({421, 429, 503})


class Session(requests.Session):
    """For one worker thread. Fails with NetFailure only, as long as nothing of a body is read.

    Reading a body fails with requests' own exceptions; `failure_in` translates them. One exchange, to the
    last byte of its body, takes at most `total` seconds. Nothing is read from the environment, no cookie is
    sent back, no certificate is judged, and no redirect is followed or even looked at, so that a hostile
    Location breaks nothing here.
    """

    def __init__(self, door: Door, leave: Leave, watch: Watch, *, total: float) -> None:
        super().__init__()
        self.total = total
        self._watch = watch
        self._timeout = door.options.timeout
        self.trust_env = False
        self.verify = False
        self.stream = True
        self.headers["User-Agent"] = door.options.user_agent
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._door = door
        self._dialler = _Dialler(door, leave, watch)
        adapter = _Adapter(self._dialler)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Raises NetFailure(protocol-garbage) for a URL that is none: a server may have named it."""
        try:
            return super().prepare_request(request)
        except requests.RequestException as error:
            raise failure_in(error) from None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """One request, one response with its headers. Raises NetFailure."""
        self._watch.start(self.total)
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        kwargs["allow_redirects"] = False
        kwargs["proxies"] = {}
        began = time.monotonic()
        try:
            response = super().send(request, **kwargs)
        except (requests.RequestException, NetFailure) as error:  # the latter from the dialler, as it is
            failure = failure_in(error)
            if failure.reason is Reason.RESET:
                self._ease(began)
            raise failure from None
        if response.status_code in _STRAINED:
            self._ease(began)
        return response

    def certificate(self, host: str, port: int) -> bytes | None:
        """What the host presented when this session last connected (DER); None where it spoke without TLS."""
        return self._dialler.certificates.get((host, port))

    def _ease(self, began: float) -> None:
        """Work the host more gently: it said that it is asked too much, or hung up on us."""
        if self._dialler.place is not None:
            self._door.pace.ease(self._dialler.place, began)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nothing: whoever asked reads Location and asks for a permit of its own."""


class _Dialler:
    """Opens the connection for a URL's host: the pinned addresses in order, each with its own permit."""

    def __init__(self, door: Door, leave: Leave, watch: Watch) -> None:
        self._door = door
        self._leave = leave
        self._watch = watch
        self.place: str | None = None
        self.certificates: dict[tuple[str, int], bytes] = {}

    def open(self, host: str, port: int, timeout: float | None) -> WatchedSocket:
        failure = NetFailure(Reason.DNS_FAILURE, f"{host} has no address")
        for target in self._targets(host, port):
            try:
                return self._connect(self._door.way(self._leave(target)), timeout)
            except NetFailure as error:
                failure = error
        raise failure

    def keep(self, host: str, port: int, secured: WatchedTlsSocket) -> None:
        """Remember what the host presented."""
        self.certificates[host.strip("[]").lower(), port] = secured.getpeercert(binary_form=True) or b""

    def _targets(self, host: str, port: int) -> Iterator[Target]:
        try:
            yield Target(address=str(address(host.strip("[]"))), port=port)
        except PostureError:
            pinned = self._door.pinned(host)
            if pinned is None:
                raise NetFailure(Reason.NOT_PERMITTED, f"{host} was not resolved before") from None
            for text in pinned:
                yield Target(name=host.lower(), address=text, port=port)

    def _connect(self, way: Way, timeout: float | None) -> WatchedSocket:
        sock = WatchedSocket(family(way.address), socket.SOCK_STREAM)
        sock.watch = self._watch
        self.place = way.address
        try:
            self._watch.add(sock)
            sock.slot = self._door.pace.enter_blocking(way.address, timeout=self._watch.left(None))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(min(self._watch.left(timeout), self._door.left(way.permit)))
            self._door.note(way)
            with self._door.accepting(way):
                _dial(sock, way)
        except BaseException:
            sock.close()
            raise
        self._door.ledger.note_source(sock.getsockname()[0])
        return sock


def _dial(sock: WatchedSocket, way: Way) -> None:
    try:
        sock.connect((way.address, way.port))
    except OSError as error:
        raise failure_of(error, f"connect to {way.label()}") from None


class _Adapter(HTTPAdapter):
    """Puts our connections under requests."""

    def __init__(self, dialler: _Dialler) -> None:
        self._dialler = dialler
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._dialler, _tolerant())


def _pools(dialler: _Dialler, context: ssl.SSLContext) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections come from `dialler`; urllib3 takes classes, hence made here."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return dialler.open(self.host, self.port, self.timeout)

    class Protected(HTTPSConnection):
        def connect(self) -> None:
            plain = dialler.open(self.host, self.port, self.timeout)
            secured = protect(plain, context, self.host)
            dialler.keep(self.host, self.port, secured)
            self.sock = secured

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain  # type: ignore[mutable-override] # urllib3 documents this way

    class ProtectedPool(HTTPSConnectionPool):
        ConnectionCls = Protected  # type: ignore[mutable-override]

        def _validate_conn(self, conn: Any) -> None:  # noqa: ANN401 - urllib3's own
            """Connect without urllib3's warning: certificates are judged by the TLS scanner."""
            if conn.is_closed:
                conn.connect()

    return {"http": PlainPool, "https": ProtectedPool}


def _tolerant() -> ssl.SSLContext:
    """Speaks with old servers too and trusts anybody: their TLS is judged by the TLS scanner."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = WatchedTlsSocket
    return context


def failure_in(error: BaseException) -> NetFailure:
    """What a failed exchange means: the first thing in the chain of exceptions that the network did."""
    for inner in _chain(error, set()):
        if isinstance(inner, NetFailure):
            return inner
        if isinstance(inner, InvalidChunkLength):
            break  # it calls itself an IncompleteRead too, but the chunk was there and made no sense
        if isinstance(inner, http.client.IncompleteRead | http.client.RemoteDisconnected) or _cut_short(
            inner
        ):
            return NetFailure(Reason.RESET, "closed by peer in the middle of the response")
        if isinstance(inner, OSError) and not isinstance(inner, requests.RequestException):
            return failure_of(inner, "the exchange")
    if isinstance(error, requests.Timeout):
        return NetFailure(Reason.TIMEOUT, "no answer in time")
    return NetFailure(Reason.PROTOCOL_GARBAGE, f"not HTTP: {type(error).__name__}")


def _cut_short(error: BaseException) -> bool:
    """Whether a chunked body ended between two chunks, which urllib3 tells in words only."""
    return isinstance(error, ProtocolError) and error.args[:1] == ("Response ended prematurely",)


def _chain(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """The exception and all it wraps, outermost first: urllib3 keeps causes in `args` and `reason`."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    wrapped = (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__)
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _chain(inner, seen)
