"""What a sweep's open ports are worth, once it is known what answers on them (pure: observations in and out).

A honeypot answers everything, and the edge of a delivery network or a firewall in the cloud answers for
others: what is open there says nothing of the applicant, neither good nor bad. Such hosts become unseen
(blocked) with the reason, in everything that was found through their ports; a host's own web and mail service
(25, 80, 443) was asked for by name and stays. Where a port told its protocol itself, the sweep's guess by the
number is replaced.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from posture.core.facts.ports_host import WRAPPED, Port, PortsHost
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Network, address, inside

#: Services that wait for people of the house, by their protocol. A host with a few of them has a bad day;
#: with this many kinds on one address it is a collection (our threshold: T-Pot and the like show a dozen,
#: whole suites of one maker up to five).
_INDOOR: Final = frozenset(
    {"amqp", "cassandra", "consul", "couchdb", "docker", "elasticsearch", "etcd", "influxdb", "kafka"}
    | {"kubelet", "memcached", "mongodb", "mssql", "mysql", "nats", "postgresql", "rdp", "redis", "telnet"}
    | {"vnc", "zookeeper"}
)
_COLLECTION: Final = 8
#: Ports that answer in the very same words: one service on several ports does, but not on as many.
_SAME_WORDS: Final = 5
#: What a visitor asks for by the host's name; the rest was found by the sweep.
_ASKED_FOR: Final = frozenset({25, 80, 443})
_SURE: Final = 10
#: nmap's names of the protocols that greet or answer, where they differ from ours. Products on HTTP that nmap
#: has no name for are HTTP to it.
_NMAP: Final = {"mssql": "ms-sql-s", "rdp": "ms-wbt-server", "consul": "http", "kubelet": "http"}

Observations = Sequence[Observation[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """A sign of an edge: a header (lower case) whose value begins with `value`."""

    name: str
    header: str
    value: re.Pattern[str]


def concluded(observations: Observations, networks: Sequence[Network]) -> list[Observation[Any]]:
    """The observations, as far as they may be believed. In `networks` of the applicant's there is no edge."""
    doubts = _doubts(observations, networks)
    names = {
        name: doubts[fact.address]
        for fact in _hosts(observations)
        for name in fact.names
        if fact.address in doubts
    }
    met = _met(observations)
    return [_believed(obs, {**names, **doubts}, met) for obs in observations]


def _hosts(observations: Observations) -> Iterator[PortsHost]:
    for obs in observations:
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, PortsHost):
            yield obs.result.value


def _met(observations: Observations) -> dict[str, dict[int, ServiceProduct]]:
    """What was met, by address and port."""
    found: dict[str, dict[int, ServiceProduct]] = {}
    for obs in observations:
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, ServiceProduct):
            found.setdefault(obs.target.address or "", {})[obs.target.port or 0] = obs.result.value
    return found


def _doubts(observations: Observations, networks: Sequence[Network]) -> dict[str, str]:
    """Why a swept address is not believed."""
    met, edges = _met(observations), dict(_edge_answers(observations))
    found: dict[str, str] = {}
    for fact in _hosts(observations):
        own = inside(address(fact.address), networks)
        edge = next((edges[name] for name in (*fact.names, fact.address) if name in edges and not own), None)
        why = _decoy(met.get(fact.address, {})) or edge
        if why is not None:
            found[fact.address] = why
    return found


def _decoy(met: Mapping[int, ServiceProduct]) -> str | None:
    """The sign of a honeypot, or None."""
    for port, fact in sorted(met.items()):
        if fact.also:
            return f"honeypot: port {port} answers as {fact.protocol} and as {' and '.join(fact.also)}"
    kinds = {fact.protocol for fact in met.values()} & _INDOOR
    if len(kinds) >= _COLLECTION:
        return f"honeypot: {len(kinds)} kinds of inner services on one address"
    said = [fact.banner for fact in met.values() if fact.banner and fact.protocol != "http"]
    most = max(map(said.count, said), default=0)
    return f"honeypot: {most} ports answer in the same words" if most >= _SAME_WORDS else None


def _edge_answers(observations: Observations) -> Iterator[tuple[str, str]]:
    """Names (addresses) that were answered for by an edge, with the sentence that says so."""
    for obs in observations:
        if not isinstance(obs.result, Seen) or not isinstance(obs.result.value, WebResponse):
            continue
        fact = obs.result.value
        for url, headers in [(hop.url, hop.headers) for hop in fact.redirects] + [(fact.url, fact.headers)]:
            edge = _edge(headers)
            if edge is not None:
                host = (urlsplit(url).hostname or "").lower()
                yield host, f"edge: {edge.name} answers here for many ({edge.header})"


def _edge(headers: tuple[tuple[str, str], ...]) -> _Edge | None:
    return next(
        (
            edge
            for edge in _edges()
            for name, value in headers
            if name.lower() == edge.header and edge.value.match(value)
        ),
        None,
    )


@cache
def _edges() -> tuple[_Edge, ...]:
    data = tomllib.loads(Path(__file__).with_name("edges.toml").read_text(encoding="utf-8"))
    return tuple(
        _Edge(
            name=entry["name"],
            header=entry["header"],
            value=re.compile(entry.get("value", ""), re.IGNORECASE),
        )
        for entry in data["edge"]
    )


def _believed(
    obs: Observation[Any], doubts: Mapping[str, str], met: Mapping[str, Mapping[int, ServiceProduct]]
) -> Observation[Any]:
    if not isinstance(obs.result, Seen):
        return obs
    why = doubts.get(obs.target.address or obs.target.name or "")
    if why is not None and _found_by_ports(obs):
        return replace(obs, result=Unseen(reason=Reason.BLOCKED, detail=why))
    fact = obs.result.value
    if isinstance(fact, PortsHost):
        ports = tuple(_told(port, met.get(fact.address, {})) for port in fact.ports)
        return replace(obs, result=replace(obs.result, value=replace(fact, ports=ports)))
    return obs


def _found_by_ports(obs: Observation[Any]) -> bool:
    if obs.kind in (PortsHost.KIND, ServiceProduct.KIND, SshEndpoint.KIND):
        return True
    pages = obs.kind in (TlsEndpoint.KIND, WebResponse.KIND, WebExposure.KIND)
    return pages and obs.target.port not in _ASKED_FOR


def _told(port: Port, met: Mapping[int, ServiceProduct]) -> Port:
    """The port under the protocol it told itself, where it did so for certain."""
    fact = met.get(port.port)
    if fact is None or port.protocol != "tcp" or port.state != "open" or port.service == WRAPPED:
        return port
    if fact.confidence < _SURE or fact.protocol == "unknown":
        return port
    return replace(port, service=_NMAP.get(fact.protocol, fact.protocol), confidence=_SURE)
