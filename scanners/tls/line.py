"""The line to one endpoint: opens its connections, speaks the words before TLS, counts."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from posture.core.observations import Reason
from posture.core.scope import Permit
from scanners.net.failure import NetFailure
from scanners.tls.starttls import STARTERS, Names

if TYPE_CHECKING:
    from scanners.net.gateway import Gateway, Stream

#: A conversation may take this many times the wait for one operation, however slowly its bytes drip.
_PATIENCE = 2.0
#: The words before TLS may take the wait for a greeting and this many times the wait for one operation.
_WORDS = 4.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What all questions of one endpoint share.

    `answered` is whether any hello was answered, `loaded` whether the host was seen to answer otherwise after
    a rest than before it, `ways` the odd answers that were seen to be its way of saying no.
    """

    connections: int = 0
    answered: bool = False
    loaded: bool = False
    ways: set[object] = field(default_factory=set)
    doubt: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, kw_only=True)
class Line:
    """`timeout` bounds one operation on the wire, `deadline` (of the event loop's clock) all of them.

    `greeting` is the wait for a first word before TLS. `gate` narrows how many connections there are at a
    time, `limit` how many in all. `own_name` is what mail servers are told (EHLO). `evidence` hashes what
    the server answered.
    """

    gateway: "Gateway"
    permit: Permit
    starttls: str | None
    timeout: float
    deadline: float
    greeting: float
    own_name: str = ""
    gate: asyncio.Semaphore | None = None
    limit: int | None = None
    tally: Tally = field(default_factory=Tally)
    evidence: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @asynccontextmanager
    async def opened(self, slipped: bytes = b"") -> AsyncIterator["Stream"]:
        """A connection on which TLS may begin; its use is bounded as a whole. Raises NetFailure.

        `slipped` goes out in the clear behind the request to start TLS.
        """
        bound = _until(self.deadline, Reason.BUDGET)
        async with bound, self.gate or nullcontext(), await self._connected() as stream:
            if self.starttls is not None:
                words = self.greeting + self.timeout * _WORDS
                async with _until(_soon(words), Reason.TIMEOUT):
                    await STARTERS[self.starttls](stream, self._names(stream), slipped)
            async with _until(_soon(self.timeout * _PATIENCE), Reason.TIMEOUT):
                yield stream

    async def _connected(self) -> "Stream":
        if self.limit is not None and self.tally.connections >= self.limit:
            raise NetFailure(Reason.BUDGET, "the connections set aside for this host were used up")
        self.tally.connections += 1
        return await self.gateway.connect(self.permit, timeout=self.timeout)

    @property
    def connections(self) -> int:
        """How many were begun, on this line and those beside it."""
        return self.tally.connections

    def aside(self, width: int) -> "Line":
        """The same line for questions that must not get in the way: at most `width` of them at a time.

        A line that is narrow itself is shared as it is.
        """
        return self if self.gate else replace(self, gate=asyncio.Semaphore(width))

    def widen(self, beside: "Line", width: int) -> None:
        """Let more questions go on at a time on a line that was set aside from this one."""
        for _ in range(width):
            if beside.gate is not None and beside.gate is not self.gate:
                beside.gate.release()

    def now(self) -> float:
        """The event loop's clock."""
        return asyncio.get_running_loop().time()

    def ease(self, begun: float) -> bool:
        """Work the host more gently after what a question begun then brought; whether that was news."""
        return self.gateway.ease(self.permit, begun)

    def restore(self, times: int) -> None:
        """Take `ease` back as often."""
        for _ in range(times):
            self.gateway.restore(self.permit)

    def note(self, data: bytes) -> None:
        """Add an answer to the evidence."""
        self.evidence.update(data)

    def _names(self, stream: "Stream") -> Names:
        target = self.permit.target
        return Names(
            own=self.own_name or _own_address(stream),
            server=target.name or target.address or "",
            greeting=self.greeting,
        )


def _own_address(stream: "Stream") -> str:
    """Our address as a literal: what RFC 5321 §4.1.4 wants of a client without a name of its own."""
    address = stream.local_address
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


@asynccontextmanager
async def _until(moment: float, reason: Reason) -> AsyncIterator[None]:
    """Bound what happens inside by a moment of the event loop's clock. Raises NetFailure(reason)."""
    try:
        async with asyncio.timeout_at(moment):
            yield
    except TimeoutError:
        raise NetFailure(reason, "no whole answer in time") from None
