"""TLS as its clients meet it: protocols, suites, certificates, behaviour, without a TLS library."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from posture.core.consent import Technique
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.observe import observe

KINDS: tuple[str, ...] = (TlsEndpoint.KIND,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTarget:
    """An endpoint to look at. `target` has an address and a port, and a name if clients would use one.

    `starttls` names the protocol spoken before TLS, None for TLS from the first byte. `contact_why` is set
    for a third party's host, of which one ordinary contact is asked; `ordinary` asks no more of any host.
    `tried` marks a port where TLS is only possible: where an ordinary hello is not answered in TLS, nothing
    is said.
    """

    target: Target
    starttls: str | None = None
    technique: Technique = Technique.TLS
    contact_why: str | None = None
    ordinary: bool = False
    tried: bool = False


async def scan(context: Context, endpoints: Sequence[TlsTarget]) -> list[Observation[TlsEndpoint]]:
    """One `tls.endpoint` observation for each endpoint that speaks TLS or should, in their order.

    Raises PostureError for a trust store that cannot be read.
    """
    from scanners.tls import endpoint, trust  # cryptography is loaded when there is something to look at

    anchors = await asyncio.to_thread(trust.load, context.options.trust_store)

    async def one(target: TlsTarget) -> Observation[TlsEndpoint]:
        digests: list[str] = []

        async def attempt() -> Seen[TlsEndpoint]:
            look = endpoint.begin(context, target, anchors)
            seen = await endpoint.examine(look)
            digests.append(look.line.evidence.hexdigest())
            return seen

        seen = await observe(context, TlsEndpoint.KIND, target.target, attempt())
        return replace(seen, evidence=tuple(digests))

    found = await asyncio.gather(*(one(target) for target in endpoints))
    asked = zip(endpoints, found, strict=True)
    return compared([seen for target, seen in asked if not target.tried or _speaks(seen)])


def _speaks(seen: Observation[TlsEndpoint]) -> bool:
    """Whether a port that was only tried is worth telling of; a fault of our own always is."""
    return isinstance(seen.result, Seen) or seen.result.reason is Reason.BUG


def compared(observations: Sequence[Observation[TlsEndpoint]]) -> list[Observation[TlsEndpoint]]:
    """Note in each fact in which parts other addresses of the same name and port differ from it."""
    return [_compared(each, observations) for each in observations]


def _compared(
    own: Observation[TlsEndpoint], observations: Sequence[Observation[TlsEndpoint]]
) -> Observation[TlsEndpoint]:
    if not isinstance(own.result, Seen) or own.result.value.server_name is None:
        return own
    value = own.result.value
    others = [
        other.result.value
        for other in observations
        if isinstance(other.result, Seen) and _same_service(value, other.result.value)
    ]
    if not others:
        return own
    parts = sorted({part for other in others for part in _differences(value, other)})
    result = replace(own.result, value=replace(value, differences=tuple(parts)))
    return replace(own, result=result)


def _same_service(one: TlsEndpoint, other: TlsEndpoint) -> bool:
    same = (one.server_name, one.port, one.starttls) == (other.server_name, other.port, other.starttls)
    return same and one.address != other.address


def _differences(one: TlsEndpoint, other: TlsEndpoint) -> Iterator[str]:
    """Parts that were seen of both and are not alike."""
    shared = one.protocols.keys() & other.protocols.keys()
    states = [(one.protocols[name], other.protocols[name]) for name in shared]
    if any(a is not b for a, b in states if a is not None and b is not None):
        yield "protocols"
    if not one.partial and not other.partial and one.cipher_suites != other.cipher_suites:
        yield "cipher_suites"
    if one.certificates and other.certificates and one.certificates[0].der != other.certificates[0].der:
        yield "certificate"
