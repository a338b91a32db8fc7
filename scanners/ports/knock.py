"""One ordinary connection to a port, without a word of ours: whether it is open, and hangs up on us."""

from dataclasses import dataclass

from posture.core.consent import Technique
from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway, Stream
from scanners.ports.plan import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """`failure` is why no connection came about; `hung_up`: it ended without a byte while we listened."""

    failure: NetFailure | None = None
    hung_up: bool = False

    @property
    def state(self) -> str:
        """Open, closed or filtered, as nmap means them."""
        if self.failure is None:
            return "open"
        return "closed" if self.failure.reason is Reason.REFUSED else "filtered"


async def knock(gateway: Gateway, spot: Spot, *, listen: float = 0.0) -> Knock:
    """Connect, listen for `listen` seconds at most, leave. Raises NetFailure(not-permitted) alone."""
    permit = gateway.permit(spot.target, Technique.PORTS)
    try:
        stream = await gateway.connect(permit)
    except NetFailure as failure:
        if failure.reason is Reason.NOT_PERMITTED:
            raise
        # Linux tells an RST that answers our SYN (refused) from one that follows the handshake (reset).
        taken_in = failure.reason is Reason.RESET
        return Knock(hung_up=listen > 0) if taken_in else Knock(failure=failure)
    async with stream:
        return Knock(hung_up=listen > 0 and await _hangs_up(stream, listen))


async def _hangs_up(stream: Stream, seconds: float) -> bool:
    try:
        return not await stream.read(1, timeout=seconds)
    except NetFailure as failure:
        return failure.reason is Reason.RESET
