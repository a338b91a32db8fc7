"""The control a sweep is believed against (DESIGN §3): ports that answer before, during and after it.

An intrusion-prevention system that bans us half-way makes every later port silent, and a silent port would
read as one that is not reachable. So a few ports that answered are asked again, by ordinary connections.

One that bans us before the sweep, by RST, makes every port look closed. What other scanners met tells: a port
that accepted any connection of this scan has to be open in the sweep, and still when it is over.
"""

import asyncio
from collections.abc import Mapping, Sequence

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from scanners.ports.knock import knock
from scanners.ports.plan import Spot
from scanners.ports.report import HostReport

#: Ports that answer on most hosts that answer at all, most likely first.
_LIKELY = (443, 80, 25, 22, 53, 587, 993, 8080)
_MOST_TRIED = 6
_MOST_KEPT = 3
#: Seconds between two looks at a control during the sweep, and before a changed answer is asked for again.
_BEAT = 5.0
_AGAIN = 1.0
#: Seconds that slower ports are given after the first one has answered.
_MOMENT = 0.25


class Control:
    """Ports of one physical address that answered, each with its answer: open (True) or refused (False)."""

    def __init__(self, gateway: Gateway, spots: Sequence[Spot]) -> None:
        self._gateway = gateway
        self._address = spots[0].address
        self._spots = {spot.number: spot for spot in spots}
        self._known: dict[int, bool] = {}
        self._failure = NetFailure(Reason.TIMEOUT, "silence")

    async def before(self) -> None:
        """Ask the likeliest ports. Once one has answered, the others get as long again and a moment more."""
        order = sorted(self._spots.values(), key=lambda spot: (_rank(spot.target.port or 0), spot.number))
        asked = {asyncio.ensure_future(self._ask(spot)): spot for spot in order[:_MOST_TRIED]}
        try:
            await self._listen(asked)
        finally:
            for question in asked:
                question.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _listen(self, asked: "Mapping[asyncio.Task[bool | NetFailure], Spot]") -> None:
        clock = asyncio.get_running_loop().time
        begin, patience, waiting = clock(), None, set(asked)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            for question in sorted(done, key=lambda one: _rank(asked[one].target.port or 0)):
                self._learn(asked[question], question.result())
            if self._known and patience is None:
                patience = clock() - begin + _MOMENT

    def _learn(self, spot: Spot, answer: "bool | NetFailure") -> None:
        if isinstance(answer, NetFailure):
            self._failure = answer
        elif len(self._known) < _MOST_KEPT:
            self._known[spot.number] = answer

    async def hold(self) -> None:
        """Look again and again. Raises NetFailure(blocked) once a control is lost; never returns."""
        while True:
            await asyncio.sleep(_BEAT)
            await self._confirm("during")

    async def after(self, report: HostReport) -> None:
        """Raises NetFailure unless the host answers as it did before, and the sweep saw it do so."""
        for number, was_open in self._known.items():
            self._agree(number, report, was_open=was_open)
        self._contradicted(report)
        if not any(self._known.values()):
            # Closed ports alone prove nothing against a ban by RST: those that the sweep saw open do.
            self._known |= _answers(report, open_only=bool(self._known))
        if not self._known:
            raise _nothing(report, self._failure)
        await self._confirm("after")
        self._contradicted(report)

    def _contradicted(self, report: HostReport) -> None:
        """What accepted a connection of this scan is open in the sweep, and a control from now on."""
        for number in sorted(self._gateway.ledger.accepted(self._address) & self._spots.keys()):
            state = report.ports["tcp", number].state
            if state != "open":
                detail = f"port {number} accepted a connection of this scan, but the sweep found it {state}"
                raise NetFailure(Reason.BLOCKED, f"answers changed during the scan: {detail}")
            self._known[number] = True

    def _agree(self, number: int, report: HostReport, *, was_open: bool) -> None:
        port = report.ports["tcp", number]
        silent = port.state == "filtered" and port.reason == "no-response"
        if silent or (was_open and port.state != "open"):
            raise NetFailure(
                Reason.BLOCKED,
                f"port {number} answered before the sweep, but the sweep found it {port.state}",
            )

    async def _confirm(self, when: str) -> None:
        """Silence is final, for the kernel asks several times itself; another answer gets a second chance."""
        for number, was_open in list(self._known.items()):
            answer = await self._ask(self._spots[number])
            if answer is (not was_open):
                await asyncio.sleep(_AGAIN)
                answer = await self._ask(self._spots[number])
            if answer is not was_open:
                detail = f"port {number} stopped answering {when} the sweep: banned half-way"
                raise NetFailure(Reason.BLOCKED, detail)

    async def _ask(self, spot: Spot) -> "bool | NetFailure":
        """Whether the port is open, or why that cannot be told."""
        found = await knock(self._gateway, spot)
        return found.failure if found.state == "filtered" and found.failure else found.state == "open"


def _rank(port: int) -> int:
    return _LIKELY.index(port) if port in _LIKELY else len(_LIKELY)


def _answers(report: HostReport, *, open_only: bool) -> dict[int, bool]:
    """Controls from the sweep itself, open ports first, for a host on which no likely port is open."""
    answered = [
        (number, port.state == "open")
        for (kind, number), port in report.ports.items()
        if kind == "tcp" and port.answered and (port.state == "open" or not open_only)
    ]
    return dict(sorted(answered, key=lambda entry: (not entry[1], entry[0]))[:_MOST_KEPT])


def _nothing(report: HostReport, failure: NetFailure) -> NetFailure:
    """Why a host that never answered is unseen: somebody forbade it, there is no way, or silence."""
    reasons = {port.reason for port in report.ports.values()}
    if any(reason.endswith("-prohibited") for reason in reasons):
        return NetFailure(Reason.BLOCKED, "a filter on the way forbids every port that was asked")
    return NetFailure(failure.reason, f"nothing on the host answered ({failure.detail})")
