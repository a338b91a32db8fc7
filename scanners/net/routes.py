"""`--connect-to`: where a name's port really is, for laboratories without low ports."""

from collections.abc import Iterable
from dataclasses import dataclass

from posture.core.errors import PostureError
from posture.core.targets import address, host_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Connections meant for `name:port` go to `to_address:to_port`."""

    name: str
    port: int
    to_address: str
    to_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """All routes; the logical name and port appear in observations, the physical ones on the wire."""

    routes: tuple[Route, ...] = ()

    def find(self, name: str | None, port: int) -> Route | None:
        """The route of a name's port, if any."""
        for route in self.routes:
            if route.name == name and route.port == port:
                return route
        return None

    def of(self, name: str | None) -> tuple[Route, ...]:
        """All routes of a name."""
        return tuple(route for route in self.routes if route.name == name)


def parse_routes(texts: Iterable[str]) -> Routes:
    """Read `NAME:PORT=IP:PORT` (an IPv6 address in brackets). Raises PostureError."""
    return Routes(routes=tuple(_route(text) for text in texts))


def _route(text: str) -> Route:
    left, sign, right = text.partition("=")
    name, _, port = left.rpartition(":")
    to_address, _, to_port = right.rpartition(":")
    if not sign or not _is_port(port) or not _is_port(to_port):
        raise PostureError(
            f"“{text}” is not a route.",
            remedy="Write --connect-to NAME:PORT=IP:PORT, such as www.example.jp:443=127.0.0.1:8443.",
            code="bad-route",
        )
    plain = to_address.removeprefix("[").removesuffix("]")
    return Route(name=host_name(name), port=int(port), to_address=str(address(plain)), to_port=int(to_port))


def _is_port(text: str) -> bool:
    return text.isdecimal() and text.isascii() and 1 <= int(text) <= 65535
