"""A scan's context against DNS servers on loopback."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from posture.core.consent import Consent, Granter, Technique
from posture.core.observations import Observation, Seen, Unseen
from posture.core.scope import Scope
from posture.core.targets import network
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from scanners.net.routes import parse_routes
from tests.support.dns_server import DnsServer

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DOMAIN = "example.jp"

T = TypeVar("T")


def lab_consent(
    domains: Iterable[str] = (DOMAIN,),
    networks: Iterable[str] = ("127.0.0.0/8",),
    until: datetime = datetime(2027, 1, 1, tzinfo=UTC),
) -> Consent:
    """Everything allowed for the domains and for loopback."""
    return Consent(
        applicant="Example K.K.",
        domains=tuple(domains),
        networks=tuple(network(item) for item in networks),
        excluded_names=(),
        excluded_networks=(),
        techniques=frozenset(Technique),
        ports="default",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=until,
        granted_by=Granter(name="Taro", title="CEO", email="taro@example.jp"),
    )


def lab_context(
    *resolvers: DnsServer,
    routes: Iterable[str] = (),
    timeout: float = 10.0,
    at: datetime = NOW,
    consent: Consent | None = None,
    **options: object,
) -> Context:
    """A context whose resolvers are the given servers. Silence costs a test up to `timeout` seconds."""
    settings = Options(
        resolvers=tuple(server.endpoint for server in resolvers),
        routes=parse_routes(routes),
        timeout=timeout,
        host_rate=5000,
        host_connections=64,
        **options,  # type: ignore[arg-type]  # tests name real options
    )
    gateway = Gateway(Scope(consent=consent or lab_consent()), settings, lambda: at)
    resolver = Resolver(gateway, settings, target=DOMAIN)
    return Context(gateway=gateway, resolver=resolver, options=settings, clock=lambda: at)


def ask(context: Context, question: Callable[[Context], Awaitable[T]]) -> T:
    """Run one question to its end; whatever is left over is cancelled."""

    async def run() -> T:
        return await question(context)

    return asyncio.run(run())


def patience(expected: str) -> float:
    """Seconds: little where silence is expected, much where a busy machine would be taken for it."""
    return 1.0 if expected in {"timeout", "protocol-garbage"} else 10.0


def seen(observation: Observation[T]) -> T:
    """The value of an observation that must have one."""
    assert isinstance(observation.result, Seen), observation.result
    return observation.result.value


def gaps(observation: Observation[T]) -> dict[str, str]:
    """Paths and reasons of what was not seen."""
    assert isinstance(observation.result, Seen), observation.result
    return {gap.path: gap.reason.value for gap in observation.result.gaps}


def reason(observation: Observation[T]) -> str:
    """Why an observation brought nothing."""
    assert isinstance(observation.result, Unseen), observation.result
    return observation.result.reason.value
