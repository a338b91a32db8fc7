"""A small web server: fixed pages, one request for each connection (RFC 9112)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from posture.demo.serving import Connection

_MOST_HEADERS = 100
_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A representation and its type."""

    body: str
    kind: str = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Pages by path for every host name, further `pages_of` one name, and headers of every response.

    `redirect`: everything moves to the same path under https.
    """

    headers: Headers = ()
    pages: Mapping[str, Page] = field(default_factory=dict)
    pages_of: Mapping[str, Mapping[str, Page]] = field(default_factory=dict)
    redirect: bool = False

    async def talk(self, connection: Connection) -> None:
        """Read one request, answer it, and end the connection."""
        request = (await connection.line() or b"").decode("latin-1").split()
        host = await _host(connection)
        if len(request) != 3 or host is None:
            await connection.send(self._response(400, Page(body="")))
        else:
            method, path, _ = request
            await connection.send(self._answer(method, path.partition("?")[0], host))

    def _answer(self, method: str, path: str, host: str) -> bytes:
        if method not in {"GET", "HEAD"}:
            return self._response(405, Page(body=""))
        if self.redirect:
            return self._response(301, Page(body=""), (("Location", f"https://{host}{path}"),))
        page = self.pages_of.get(host, self.pages).get(path)
        if page is None:
            return self._response(404, Page(body="<!doctype html><title>404</title>"), head=method == "HEAD")
        return self._response(200, page, head=method == "HEAD")

    def _response(self, status: int, page: Page, more: Headers = (), *, head: bool = False) -> bytes:
        body = page.body.encode()
        fields = (
            ("Content-Type", page.kind),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *self.headers,
            *more,
        )
        top = "".join(f"{name}: {value}\r\n" for name, value in fields)
        start = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{top}\r\n"
        return start.encode("latin-1") + (b"" if head else body)


async def _host(connection: Connection) -> str | None:
    """The Host field without port, from a head that ends; None without either."""
    host = None
    for _ in range(_MOST_HEADERS):
        line = await connection.line()
        if not line:
            return host if line is not None else None
        name, _, value = line.decode("latin-1").partition(":")
        if name.strip().lower() == "host":
            host = value.strip().lower().partition(":")[0]
    return None
