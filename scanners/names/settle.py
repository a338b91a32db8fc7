"""What became of the names once everything has been looked at, and which start pages told anything new."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from posture.core.facts.dns_names import DnsNames, NamedHost, PageState
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.names import Names

HTTPS = 443


def page(name: str) -> str:
    """The start page of a name."""
    return f"https://{name}/"


def reachable(context: Context, name: str, opened: Sequence[Target]) -> bool:
    """Whether HTTPS accepted a connection at one of the name's addresses: `opened` by a sweep, or to us."""
    route = context.options.routes.find(name, HTTPS)
    places = (
        [(route.to_address, route.to_port)] if route else [(p, HTTPS) for p in context.gateway.pinned(name)]
    )
    swept = {(target.address, target.port) for target in opened}
    return any(
        (address, port) in swept or port in context.gateway.ledger.accepted(address)
        for address, port in places
    )


def settled(
    context: Context, domain: str, names: Names, observations: Sequence[Observation[Any]]
) -> list[Observation[Any]]:
    """The observations with `dns.names`, without start pages that could not be read or were seen before.

    A name on somebody else's machine that has no page of its own, or none for us, hides nothing of the
    applicant's hosts; it is told in the fact.
    """
    urls = {page(name): name for name in names.pages}
    asked = {
        urls[o.target.url]: o for o in observations if o.target.url in urls and o.kind == WebResponse.KIND
    }
    others = [o for o in observations if not any(o is one for one in asked.values())]
    shown = {sign for o in others for sign in _signs(o)}
    states = {name: _state(obs, shown) for name, obs in asked.items()}
    kept = [o for name, o in asked.items() if states[name] is PageState.OWN]
    result = names.fact
    if isinstance(result, Seen):
        result = replace(result, value=_with_pages(result.value, states))
    fact = Observation(kind=DnsNames.KIND, target=Target(name=domain), at=context.clock(), result=result)
    return [*others, *kept, fact]


def _state(obs: Observation[Any], shown: set[str]) -> PageState:
    if not isinstance(obs.result, Seen):
        return PageState.UNREAD
    return PageState.OWN if shown.isdisjoint(_signs(obs)) else PageState.SEEN_BEFORE


def _signs(obs: Observation[Any]) -> Iterator[str]:
    """By what a page is known again: where it is in the end, and its text where it has one."""
    if isinstance(obs.result, Seen) and isinstance(obs.result.value, WebResponse):
        yield obs.result.value.url
        if obs.result.value.body_bytes:
            yield obs.result.value.body_sha256


def _with_pages(fact: DnsNames, states: dict[str, PageState]) -> DnsNames:
    return replace(fact, names=tuple(_with_page(host, states) for host in fact.names))


def _with_page(host: NamedHost, states: dict[str, PageState]) -> NamedHost:
    return replace(host, page=states.get(host.name))
