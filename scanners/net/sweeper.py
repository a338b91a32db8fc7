"""nmap under the rules of the Gateway: permitted literal addresses and ports, the host's pace, the ledger."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.scope import Depth, Permit
from posture.core.targets import PortRange, address, covers_port, port_ranges
from scanners.net.door import Door
from scanners.net.failure import NetFailure
from scanners.net.nmap import NmapError, Output, checked, find_nmap, privileged, run

#: A silent port is asked once more, and again only while packets are seen to get lost.
_RETRIES = 2
#: What nmap needs to start and to write its result.
_GRACE = 10.0
#: Seconds before the permits end that nmap is killed: a busy machine may be late, the last packet may not.
_EARLY = 0.5
_NO_PRIVILEGE = re.compile(r"root privileges|raw socket|Operation not permitted|dnet: Failed to open device")
_NO_WAY = re.compile(r"determine route|unreachable|No route to host", re.IGNORECASE)
_ERROR = re.compile(rb' errormsg="([^"]*)"')


class Sweeper:
    """Runs nmap for one scan."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def sweep(self, permits: Sequence[Permit], arguments: Sequence[str], *, seconds: float) -> bytes:
        """Runs nmap and returns its XML about the permits' addresses; `seconds` bound each address.

        Where raw packets are not allowed to us, connections are made instead.
        Raises NetFailure (not-permitted, unreachable, budget), NmapError, ValueError for a foreign argument.
        """
        words = checked(arguments)
        leave = self._leave(permits, _ports(words))
        if not privileged():
            words = _unprivileged(words)
        rate = self._door.options.sweep_rate
        output = await self._run(leave, words, rate=rate, seconds=seconds)
        if output.status and "-sT" not in words and _NO_PRIVILEGE.search(_complaint(output)):
            output = await self._run(leave, _unprivileged(words), rate=rate, seconds=seconds)
        return _sound(output)

    async def top_ports(self, count: int) -> str:
        """The TCP ports nmap's own statistics put first, in its port language. Sends nothing."""
        path = find_nmap(self._door.options)
        arguments = ("-n", "-oX", "-", "-sT", "--unprivileged", "--top-ports", str(count))
        output = await run(path, arguments, seconds=_GRACE)
        listed = ET.fromstring(_sound(output)).find("scaninfo")  # noqa: S314 - nmap's own output, no target in it
        if listed is None:
            raise NmapError("nmap did not list its usual ports")
        return listed.get("services", "")

    async def _run(
        self, leave: Mapping[str, Sequence[Permit]], words: Sequence[str], *, rate: float, seconds: float
    ) -> Output:
        path = find_nmap(self._door.options)
        ports = [port for one in _ports(words) for port in range(one.first, one.last + 1)]
        left = self._left(permit for permits in leave.values() for permit in permits)
        command = (*_fixed(leave, rate=rate, seconds=min(seconds, left)), *words, *leave)
        for target, permits in leave.items():
            self._note(target, permits[0], ports)
        needed = seconds * len(leave) + _GRACE
        try:
            return await run(path, command, seconds=min(needed, left))
        except NetFailure as failure:
            if failure.reason is Reason.BUDGET and left < needed:
                raise NetFailure(
                    Reason.NOT_PERMITTED, "expired: the consent ended in the middle of the sweep"
                ) from None
            raise

    def _left(self, permits: Iterable[Permit]) -> float:
        """Seconds that nmap may run. Raises NetFailure(not-permitted) when that is nothing."""
        left = min(self._door.left(permit) for permit in permits) - _EARLY
        if left <= 0:
            raise NetFailure(Reason.NOT_PERMITTED, "expired: the consent ends before a sweep could begin")
        return left

    def _note(self, target: str, permit: Permit, numbers: Sequence[int]) -> None:
        self._door.ledger.note(
            target,
            numbers,
            technique=permit.technique.value,
            why=permit.why,
            at=self._door.clock(),
            connections=len(numbers),
        )

    def _leave(self, permits: Sequence[Permit], asked: Sequence[PortRange]) -> Mapping[str, Sequence[Permit]]:
        """The permits by literal address, once the consent is seen to cover every port on each of them."""
        leave: dict[str, list[Permit]] = {}
        for permit in permits:
            if permit.technique is not Technique.PORTS or permit.depth is not Depth.FULL:
                raise NetFailure(Reason.NOT_PERMITTED, "the permit does not cover a sweep")
            leave.setdefault(str(address(permit.target.address or "")), []).append(permit)
        for target, given in leave.items():
            self._covered(target, given, asked)
        if not asked or len({address(target).version for target in leave}) != 1:
            raise ValueError("a sweep names ports, and addresses of one version")
        return leave

    def _covered(self, physical: str, permits: Sequence[Permit], asked: Sequence[PortRange]) -> None:
        granted = self._door.scope.consent.port_ranges()
        if granted is None:
            return
        logical = self._logical(physical, permits)
        for one in asked:
            for port in range(one.first, one.last + 1):
                if not covers_port(granted, logical.get(port, port), one.protocol):
                    raise NetFailure(Reason.NOT_PERMITTED, f"port {port} is not in the consent's ports")

    def _logical(self, physical: str, permits: Sequence[Permit]) -> Mapping[int, int]:
        """Ports that routes lead to at this address, each with the port of a permitted name it stands for."""
        names = {permit.target.name for permit in permits}
        routes = self._door.options.routes.routes
        return {r.to_port: r.port for r in routes if r.name in names and r.to_address == physical}


def _ports(words: Sequence[str]) -> tuple[PortRange, ...]:
    return port_ranges(words[words.index("-p") + 1]) if "-p" in words else ()


def _fixed(addresses: Iterable[str], *, rate: float, seconds: float) -> tuple[str, ...]:
    """What every sweep is told. The lower bound of the rate keeps a silent host from being waited for."""
    version = ("-6",) if any(":" in one for one in addresses) else ()
    pace = ("--min-rate", f"{rate:g}", "--max-rate", f"{rate:g}", "--max-retries", str(_RETRIES))
    return (
        *version,
        "-n",
        "-Pn",
        "-oX",
        "-",
        "--reason",
        *pace,
        "--host-timeout",
        f"{max(1, round(seconds * 1000))}ms",
    )


def _unprivileged(words: Sequence[str]) -> tuple[str, ...]:
    """The same sweep with ordinary connections."""
    tcp = ",".join(str(one) for one in _ports(words))
    return ("-sT", "--unprivileged", "-p", f"T:{tcp}")


def _sound(output: Output) -> bytes:
    """The XML of a run that worked."""
    complaint = _complaint(output)
    if output.status and _NO_WAY.search(complaint):
        raise NetFailure(Reason.UNREACHABLE, "nmap found no way to the host")
    if output.status:
        raise NmapError(f"nmap ended with status {output.status}: {complaint.strip()[-300:]}")
    return output.xml


def _complaint(output: Output) -> str:
    """All nmap says went wrong: on its error output, and in the XML of a run that failed."""
    found = _ERROR.search(output.xml)
    return output.talk + (found[1].decode("utf-8", "replace") if found else "")
