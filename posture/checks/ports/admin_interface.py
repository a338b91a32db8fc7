"""`ports/admin_interface`: nobody outside can reach what this host is administered through."""

from collections.abc import Iterator

from posture.checks.exposure import judge_group
from posture.core.facts.ports_host import PortsHost
from posture.core.findings import Verdict
from posture.core.risky_ports import Group


def judge(fact: PortsHost) -> Iterator[Verdict]:
    """One finding per reachable port, or one pass; unknown where nobody looked."""
    yield from judge_group(fact, Group.ADMIN_INTERFACE)
