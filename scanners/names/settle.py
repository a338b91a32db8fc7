"""What became of the names once everything has been looked at, and which start pages told anything new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from posture.core.facts.dns_names import DnsNames, NamedHost, PageState
from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Seen, Unseen
from posture.core.targets import Target
from scanners.context import Context
from scanners.names import Names

HTTPS = 443
_GATEWAY = "remote_access"
#: From this status on an answer is an error (RFC 9110 §15.5) and no page of the product.
_ERROR = 400


def page(name: str) -> str:
    """The start page of a name."""
    return f"https://{name}/"


def reachable(context: Context, name: str, opened: Sequence[Target]) -> bool:
    """Whether HTTPS accepted a connection at one of the name's addresses: `opened` by a sweep, or to us."""
    route = context.options.routes.find(name, HTTPS)
    if route is not None:
        return route.to_port in context.gateway.ledger.accepted(route.to_address)
    swept = {target.address for target in opened if target.port == HTTPS}
    return any(
        place in swept or HTTPS in context.gateway.ledger.accepted(place)
        for place in context.gateway.pinned(name)
    )


def settled(
    context: Context, domain: str, names: Names, observations: Sequence[Observation[Any]]
) -> list[Observation[Any]]:
    """The observations with `dns.names`, without start pages of names that told nothing new.

    A page seen before, an error, or none for us hides nothing of the applicant's hosts; it is told in the
    fact. One thing stays unseen: what a gateway of the applicant's own that takes connections really is.
    """
    asked = {name: obs for name in _visited(names) if (obs := _page(name, observations))}
    others = [obs for obs in observations if not any(obs is one for one in asked.values())]
    shown = {sign for obs in others for sign in _signs(obs)}
    states = {name: _state(obs, shown) for name, obs in asked.items()}
    kept = {name for name, state in states.items() if state is PageState.OWN or _matters(name, asked, names)}
    spared = [obs for obs in others if obs.target.name not in states.keys() - kept or not _of_no_page(obs)]
    result = names.fact
    if isinstance(result, Seen):
        result = replace(result, value=_with_pages(result.value, states))
    fact = Observation(kind=DnsNames.KIND, target=Target(name=domain), at=context.clock(), result=result)
    return [*spared, *(obs for name, obs in asked.items() if name in kept), fact]


def _visited(names: Names) -> Iterator[str]:
    yield from dict.fromkeys([*names.pages, *(host.name for host in names.hosts if host.name)])


def _page(name: str, observations: Sequence[Observation[Any]]) -> Observation[Any] | None:
    found = (o for o in observations if o.kind == WebResponse.KIND and o.target.url == page(name))
    return next(found, None)


def _state(obs: Observation[Any], shown: set[str]) -> PageState:
    if not isinstance(obs.result, Seen) or obs.result.value.status >= _ERROR:
        return PageState.UNREAD
    return PageState.OWN if shown.isdisjoint(_signs(obs)) else PageState.SEEN_BEFORE


def _matters(name: str, asked: Mapping[str, Observation[Any]], names: Names) -> bool:
    """A host of the applicant's that people log in to from outside accepts, and says nothing we can read."""
    told = names.fact.value.names if isinstance(names.fact, Seen) else ()
    gateway = any(host.name == name and host.purpose == _GATEWAY for host in told)
    swept = any(host.name == name for host in names.hosts)
    return gateway and swept and isinstance(asked[name].result, Unseen)


def _of_no_page(obs: Observation[Any]) -> bool:
    return obs.kind == WebExposure.KIND and isinstance(obs.result, Unseen)


def _signs(obs: Observation[Any]) -> Iterator[str]:
    """By what a page is known again: where it is in the end, and its text where it has one."""
    if isinstance(obs.result, Seen) and isinstance(obs.result.value, WebResponse):
        yield obs.result.value.url
        if obs.result.value.body_bytes:
            yield obs.result.value.body_sha256


def _with_pages(fact: DnsNames, states: Mapping[str, PageState]) -> DnsNames:
    return replace(fact, names=tuple(_with_page(host, states) for host in fact.names))


def _with_page(host: NamedHost, states: Mapping[str, PageState]) -> NamedHost:
    return replace(host, page=states.get(host.name))
