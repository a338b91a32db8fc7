"""`ports/named_hosts_seen`: what answers at remote-access names is known."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.dns_names import DnsNames, NamedHost, PageState, PlaceState
from posture.core.findings import Verdict, passed, unknown

#: States of a place of which something more was, or will have been, seen.
_ANSWERED = frozenset({PlaceState.OPEN, PlaceState.SHUT, PlaceState.KNOWN, PlaceState.PROVIDER})
_WANTED = "remote_access"


def judge(fact: DnsNames) -> Iterator[Verdict]:
    """A silent gateway may answer the applicant's people alone, or not us: a question, no state."""
    wanted = [host for host in fact.names if host.purpose == _WANTED or "application" in host.sources]
    silent = tuple(host.name for host in wanted if _silent(host))
    withheld = tuple(host.name for host in wanted if _states(host) == {PlaceState.WITHHELD})
    unread = tuple(host.name for host in wanted if host.page is PageState.UNREAD)
    if silent:
        yield replace(unknown("silent", path="silent", names=silent), discriminator="silent")
    if withheld:
        yield replace(unknown("withheld", path="withheld", names=withheld), discriminator="withheld")
    if unread:
        yield replace(unknown("unread", path="unread", names=unread), discriminator="unread")
    if fact.outside:
        yield replace(unknown("outside", path="outside", names=fact.outside), discriminator="outside")
    if not fact.asked:
        yield unknown("unseen", path="asked")
    elif not (silent or withheld or unread or fact.outside):
        yield passed("seen", asked=fact.asked, count=len(fact.names))


def _silent(host: NamedHost) -> bool:
    """Nothing answered at any of its addresses, or nobody asked."""
    states = _states(host)
    return bool(states) and states.isdisjoint(_ANSWERED) and states != {PlaceState.WITHHELD}


def _states(host: NamedHost) -> set[PlaceState]:
    return {place.state for place in host.places}
