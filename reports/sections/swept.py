"""What the port sweep asked, host by host: the statement of coverage of both reports."""

from collections.abc import Iterator
from typing import Any

from posture.core import risky_ports
from posture.core.facts.ports_host import WRAPPED, PortsHost, sign_of
from posture.core.observations import Observation, Seen, Unseen
from posture.core.targets import covers_port, port_ranges
from reports import convention
from reports.blocks import Cell, Table
from reports.say import Say
from reports.sections.parts import heads
from reports.view import View

#: Characters up to which the list of ports itself is shown.
_SHORT = 40


def table(view: View, say: Say) -> tuple[Table, ...]:
    """One row for each host that was to be swept; no table where none was."""
    rows = tuple(_row(obs, say) for obs in view.assessment.observations if obs.kind == PortsHost.KIND)
    if not rows:
        return ()
    columns = heads(
        say,
        ("host", "left", 5),
        ("swept_ports", "left", 6),
        ("swept_open", "right", 2),
        ("swept_note", "left", 6),
    )
    return (Table(caption=say("captions.swept"), columns=columns, rows=rows),)


def _row(obs: Observation[Any], say: Say) -> tuple[Cell, ...]:
    host = Cell(text=say.where(obs.target), mono=True)
    if not isinstance(obs.result, Seen):
        return host, Cell(text=say("swept.nothing")), Cell(text="–"), Cell(text=_why(obs.result, say))
    fact: PortsHost = obs.result.value
    opened = sum(port.service != WRAPPED for port in fact.open_ports())
    return (
        host,
        Cell(text=say.several(_asked(fact, say))),
        Cell(text=convention.number(opened)),
        Cell(text=say.several(_left_open(fact, say))),
    )


def _why(unseen: Unseen, say: Say) -> str:
    sign = sign_of(unseen.detail)
    reason = say.reason(unseen.reason.value)
    return reason if sign is None else say("labels.with_note", text=reason, note=say(f"sweep_signs.{sign}"))


def _asked(fact: PortsHost, say: Say) -> Iterator[str]:
    """The list where it is short, else its length, and whether it held our whole risk list."""
    ranges = port_ranges(fact.scanned)
    counts = {
        kind: sum(one.last - one.first + 1 for one in ranges if one.protocol == kind)
        for kind in ("tcp", "udp")
    }
    if len(fact.scanned) <= _SHORT:
        yield fact.scanned.replace("T:", "TCP ").replace(",U:", ", UDP ").replace("U:", "UDP ")
    elif counts["tcp"]:
        yield say("swept.tcp", count=convention.number(counts["tcp"]))
    if len(fact.scanned) > _SHORT and counts["udp"]:
        yield say("swept.udp", count=convention.number(counts["udp"]))
    missing = sum(not covers_port(ranges, number) for number in risky_ports.numbers())
    yield say("swept.some", count=convention.number(missing)) if missing else say("swept.whole")


def _left_open(fact: PortsHost, say: Say) -> Iterator[str]:
    """What stays unknown of a host that was seen."""
    wrapped = [str(port.port) for port in fact.open_ports() if port.service == WRAPPED]
    disputed = [str(one.port) for one in fact.disagreements if one.settled is None]
    if wrapped:
        yield say("swept.wrapped", ports=say.several(wrapped))
    if disputed:
        yield say("swept.disputed", ports=say.several(disputed))
