"""TLS as its clients meet it: protocols, suites, certificates, behaviour, without a TLS library."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from posture.core.consent import Technique
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.observe import observe

KINDS: tuple[str, ...] = (TlsEndpoint.KIND,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTarget:
    """An endpoint to look at. `target` has an address and a port, and a name if clients would use one.

    `starttls` names the protocol spoken before TLS, None for TLS from the first byte. `contact_why` is set
    for a third party's host, of which one ordinary contact is asked.
    """

    target: Target
    starttls: str | None = None
    technique: Technique = Technique.TLS
    contact_why: str | None = None


async def scan(context: Context, endpoints: Sequence[TlsTarget]) -> list[Observation[TlsEndpoint]]:
    """One `tls.endpoint` observation for each endpoint, in their order.

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

    return list(await asyncio.gather(*(one(target) for target in endpoints)))
