"""`ports/network_known`: in the applicant's networks only hosts answer that a name of theirs leads to."""

from collections.abc import Iterator

from posture.core.facts.ports_network import PortsNetwork
from posture.core.findings import Verdict, failed, passed

#: Addresses that a sentence names; the count says how many there are.
_SHOWN = 8


def judge(fact: PortsNetwork) -> Iterator[Verdict]:
    """Hosts without a name are not bad in themselves, but they are those that nobody remembers to mend."""
    unnamed = [place for place in fact.open if place not in fact.named]
    if unnamed:
        yield failed(
            "unnamed",
            network=fact.network,
            count=len(unnamed),
            hosts=tuple(unnamed[:_SHOWN]),
            answering=len(fact.open),
            asked=fact.asked,
        )
    else:
        yield passed("known", network=fact.network, answering=len(fact.open), asked=fact.asked)
