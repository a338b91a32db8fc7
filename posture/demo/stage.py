"""Raises the curtain: all servers of the demo in one event loop on one thread, nothing of them afterwards."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from posture.demo import berths, papers, plan, zones
from posture.demo.answers import Server
from posture.demo.berths import Berth, Place
from posture.demo.cast import companies
from posture.demo.dns import Datagrams, serve_stream
from posture.demo.pki import Authority
from posture.demo.serving import Doors, Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """One applicant's name and papers; consent and application are TOML texts."""

    key: str
    domain: str
    name: str
    consent: str
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a client needs: whom to ask about whom, and what to trust.

    `resolvers` are (address, port). `trust_store` is a PEM file, `trust_anchor` the root's DS in a zone file.
    `routes` are `NAME:PORT=IP:PORT`, none where the servers have their proper ports.
    """

    applicants: tuple[Applicant, ...]
    resolvers: tuple[tuple[str, int], ...]
    trust_store: Path
    trust_anchor: Path
    routes: tuple[str, ...]


def utc_now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


class Stage:
    """The demo as a context manager, plain or asynchronous; it can be entered again after it is left.

    `directory` receives trust store and trust anchor. With `low_ports` (after `namespace.enter`) every
    server has its proper port; without, a free one and a route. Raises PostureError if a port cannot be had.
    """

    def __init__(self, directory: Path, *, low_ports: bool, clock: Callable[[], datetime] = utc_now) -> None:
        self._directory = directory
        self._low_ports = low_ports
        self._clock = clock
        self._exit = ExitStack()

    def __enter__(self) -> Scene:
        with ExitStack() as undo:
            scene = self._raise_curtain(undo)
            self._exit = undo.pop_all()
        return scene

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    async def __aenter__(self) -> Scene:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._exit.close)

    def _raise_curtain(self, undo: ExitStack) -> Scene:
        now = self._clock()
        authority = Authority(now)
        cast = companies(authority)
        talks = plan.talks(cast, () if self._low_ports else berths.busy_ports())
        bound = self._bind((*talks, *plan.name_server_places(cast)), undo)
        consents = plan.consents(cast, now)
        space = plan.name_space(cast, consents, now)
        _serve(bound, talks, plan.name_servers(cast, space), undo)
        trust_store, trust_anchor = self._directory / "demo-ca.pem", self._directory / "demo-root.ds"
        authority.write(trust_store)
        trust_anchor.write_text(zones.trust_anchor(space.root), encoding="ascii")
        applicants = tuple(
            Applicant(
                key=company.key,
                domain=company.domain,
                name=company.name,
                consent=papers.consent_text(consents[company.key]),
                application=papers.application(company),
            )
            for company in cast
        )
        return Scene(
            applicants=applicants,
            resolvers=tuple((b.place.address, b.port) for b in bound if b.place == plan.RESOLVER),
            trust_store=trust_store,
            trust_anchor=trust_anchor,
            routes=tuple(route for berth in bound for route in berth.routes()),
        )

    def _bind(self, places: Sequence[Place], undo: ExitStack) -> list[Berth]:
        bound: list[Berth] = []
        for place in places:
            berth = berths.bind(place, low_ports=self._low_ports)
            undo.callback(berth.close)
            bound.append(berth)
        return bound


def _serve(
    bound: Sequence[Berth],
    talks: dict[Place, Talk | None],
    name_servers: dict[Place, Server],
    undo: ExitStack,
) -> None:
    """Open all doors on a thread of their own; `undo` closes them and ends the thread."""
    loop = _Loop()
    undo.callback(loop.close)
    doors = Doors()
    undo.callback(lambda: loop.call(doors.close()))
    for berth in bound:
        talk = talks.get(berth.place)
        server = name_servers.get(berth.place)
        if server is not None and berth.udp is not None:
            loop.call(doors.receive(berth.udp, Datagrams(server)))
            talk = partial(serve_stream, server)
        if talk is not None:
            loop.call(doors.listen(berth.tcp, talk))


class _Loop:
    """An event loop on a daemon thread, so that serving and scanning run side by side."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="posture-demo", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the loop, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the loop and the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
