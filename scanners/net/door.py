"""What every door does before the first packet: permit, route, time, ledger."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from posture.core.consent import Technique
from posture.core.findings import Owner
from posture.core.observations import Reason
from posture.core.scope import Depth, Permit, Refusal, Scope
from posture.core.targets import Target, address
from scanners.context import Options
from scanners.net.failure import NetFailure
from scanners.net.ledger import Ledger
from scanners.net.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a permit leads: the address and port that packets go to, which a route may have changed."""

    permit: Permit
    address: str
    port: int

    def label(self) -> str:
        """Address and port as one word, for details of failures."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Door:
    """Permits, pins, pace and ledger of one scan, shared by every way to send something."""

    def __init__(self, scope: Scope, options: Options, clock: Callable[[], datetime]) -> None:
        self.scope = scope
        self.options = options
        self.clock = clock
        self.ledger = Ledger()
        self.pace = Pace(connections=options.host_connections, rate=options.host_rate)
        self._consent = scope.consent.digest
        self._lock = threading.Lock()
        self._pins: dict[str, tuple[str, ...]] = {}

    def permit(self, target: Target, technique: Technique) -> Permit:
        return self._confirmed(_granted(self.scope.permit(target, technique, self.clock())))

    def permit_contact(self, target: Target, technique: Technique, *, why: str) -> Permit:
        permit = _granted(self.scope.permit_contact(target, technique, self.clock(), why=why))
        return self._confirmed(permit) if permit.owner is not Owner.PROVIDER else permit

    def permit_query(self, target: Target, *, why: str, configured: bool = False) -> Permit:
        return _granted(self.scope.permit_query(target, self.clock(), why=why, configured=configured))

    def pin(self, name: str, addresses: Iterable[str]) -> None:
        """Fix a name's addresses for the whole scan. The first answer stays: nothing is resolved twice."""
        fixed = tuple(dict.fromkeys(str(address(text)) for text in addresses))
        with self._lock:
            self._pins.setdefault(_spelling(name), fixed)

    def pinned(self, name: str) -> tuple[str, ...] | None:
        """The fixed addresses; empty for a name that has none, None for one that was never resolved."""
        with self._lock:
            return self._pins.get(_spelling(name))

    def pins(self) -> dict[str, tuple[str, ...]]:
        """Every name that was resolved, with its addresses."""
        with self._lock:
            return dict(self._pins)

    def way(self, permit: Permit) -> Way:
        """Where the permit leads. The place a route leads to needs leave of its own."""
        if permit.target.address is None or permit.target.port is None:
            raise ValueError("a permit to connect names an address and a port")
        self.still_valid(permit)
        route = self.options.routes.find(permit.target.name, permit.target.port)
        if route is None:
            return Way(permit=permit, address=permit.target.address, port=permit.target.port)
        self._confirmed(self._again(permit, replace(permit.target, address=route.to_address)))
        return Way(permit=permit, address=route.to_address, port=route.to_port)

    def place(self, permit: Permit) -> str:
        """The physical address that the permit leads to, whose pace it shares."""
        route = self.options.routes.find(permit.target.name, permit.target.port or 0)
        return route.to_address if route else permit.target.address or ""

    def left(self, permit: Permit) -> float:
        """Seconds until the permit ends. Raises NetFailure(not-permitted) as `still_valid` does."""
        self.still_valid(permit)
        return (permit.valid_until - self.clock()).total_seconds()

    def still_valid(self, permit: Permit) -> None:
        """Raises NetFailure(not-permitted) for a permit of another consent, or one whose time is over."""
        if permit.consent != self._consent:
            raise NetFailure(Reason.NOT_PERMITTED, "the permit belongs to another consent")
        if self.clock() >= permit.valid_until:
            raise NetFailure(
                Reason.NOT_PERMITTED, f"the permit ended {permit.valid_until.isoformat()}, before the contact"
            )

    @contextmanager
    def accepting(self, way: Way) -> Iterator[None]:
        """Write down that the place accepted the connection made inside, even if it was reset at once."""
        try:
            yield
        except NetFailure as failure:
            # Linux tells an RST that answers our SYN (refused) from one that follows the handshake (reset).
            if failure.reason is Reason.RESET:
                self.ledger.note_accepted(way.address, way.port)
            raise
        self.ledger.note_accepted(way.address, way.port)

    def note(self, way: Way) -> None:
        """Check the time once more and write one contact down; the packet follows at once."""
        self.still_valid(way.permit)
        self.ledger.note(
            way.address,
            (way.port,),
            technique=way.permit.technique.value,
            why=way.permit.why,
            at=self.clock(),
            connections=1,
        )

    def _confirmed(self, permit: Permit) -> Permit:
        """The permit, if its name was seen to lead to its address; the consent's networks need no proof."""
        unconfirmed = self.scope.unconfirmed(
            permit.target, permit.technique, self.pinned(permit.target.name or "") or ()
        )
        if unconfirmed is not None:
            raise _refused(unconfirmed)
        return permit

    def _again(self, permit: Permit, target: Target) -> Permit:
        """The same kind of leave for another address of the target."""
        if permit.depth is Depth.QUERY:
            return self.permit_query(target, why=permit.why)
        if permit.owner is Owner.PROVIDER:
            return self.permit_contact(target, permit.technique, why=permit.why)
        return self.permit(target, permit.technique)


def _granted(answer: Permit | Refusal) -> Permit:
    if isinstance(answer, Refusal):
        raise _refused(answer)
    return answer


def _refused(refusal: Refusal) -> NetFailure:
    return NetFailure(Reason.NOT_PERMITTED, f"{refusal.reason.value}: {refusal.detail}")


def _spelling(name: str) -> str:
    return name.lower().rstrip(".")
