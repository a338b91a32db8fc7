"""Which hosts an assessment came upon, whose each is, and why: a pure function of consent and observations.

Who runs a host is decided by `Scope.attribute`, as it was when the permits were given; the signs beside it
are what a person needs to agree or to contest (DESIGN §6). Nothing is sent for them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from posture.checks.signs import Trace, traces
from posture.core.errors import PostureError
from posture.core.facts.footprint_host import SIGNS, FootprintHost, Sign
from posture.core.facts.mail_spf import MailSpf
from posture.core.findings import Owner
from posture.core.observations import Observation, Seen
from posture.core.scope import Attribution, Scope
from posture.core.targets import Network, Target, address, inside, network

#: Of several names of one address the first of these decides, as for findings (`posture.checks.runner`).
_NEAREST: Final = (Owner.SELF, Owner.HOSTED, Owner.UNKNOWN, Owner.PROVIDER)
#: The widest network of an SPF term that says anything about one host.
_TELLING: Final = {4: 24, 6: 64}


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What is known of one host so far; the keys keep their order."""

    names: dict[str, None] = field(default_factory=dict)
    signs: dict[Sign, None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


def footprint(
    observations: Sequence[Observation[Any]], scope: Scope, *, at: datetime
) -> tuple[Observation[FootprintHost], ...]:
    """One observation per host: the applicant's own first, then what others run for it."""
    drafts = _gathered(traces(observations, scope.consent))
    senders = tuple(_senders(observations))
    hosts = [_host(place, draft, scope, senders) for place, draft in drafts.items()]
    return tuple(
        Observation(
            kind=FootprintHost.KIND,
            target=Target(name=host.names[0] if host.names else None, address=host.address),
            at=at,
            result=Seen(value=host),
        )
        for host in sorted(hosts, key=_order)
    )


def _gathered(found: Iterable[Trace]) -> dict[str, _Draft]:
    """Drafts by address; by name for those that no address is known of."""
    drafts: dict[str, _Draft] = {}
    nameless: list[Trace] = []
    for trace in found:
        if trace.address is None:
            nameless.append(trace)
        else:
            _add(drafts.setdefault(str(address(trace.address)), _Draft()), trace)
    for trace in nameless:
        known = [draft for draft in drafts.values() if trace.name in draft.names]
        if not known and trace.name and trace.alone:
            known = [drafts.setdefault(trace.name, _Draft())]
        for draft in known:
            _add(draft, trace)
    return drafts


def _add(draft: _Draft, trace: Trace) -> None:
    if trace.name:
        draft.names.setdefault(trace.name)
    if trace.sign is not None:
        draft.signs.setdefault(trace.sign)
    if trace.asked:
        draft.asked.add(trace.asked)


def _host(place: str, draft: _Draft, scope: Scope, senders: Sequence[tuple[Network, Sign]]) -> FootprintHost:
    addr = None if place in draft.names else address(place)
    names = tuple(sorted(draft.names))
    whose = min(
        (scope.attribute(name, addr) for name in names or (None,)),
        key=lambda one: _NEAREST.index(one.owner),
    )
    signs = dict(draft.signs)
    if addr is not None:
        within = [net for net in scope.consent.networks if inside(addr, (net,))]
        signs |= dict.fromkeys(Sign(how="network", what=str(net)) for net in within)
        signs |= dict.fromkeys(sign for net, sign in senders if inside(addr, (net,)))
    return FootprintHost(
        address=None if addr is None else str(addr),
        names=names,
        owner=whose.owner,
        why=whose.why,
        detail=whose.detail,
        signs=_telling(signs, whose),
        asked=tuple(sorted(draft.asked)),
        excluded=_excluded(names, place if addr is not None else None, scope),
    )


def _telling(signs: Iterable[Sign], whose: Attribution) -> tuple[Sign, ...]:
    """The signs in order of strength; a certificate of others is told only of what passes for its own."""
    claimed = whose.owner in (Owner.SELF, Owner.HOSTED)
    kept = [sign for sign in signs if claimed or sign.how != "certificate-of-others"]
    return tuple(sorted(kept, key=lambda sign: (SIGNS.index(sign.how), sign.what, sign.via)))


def _excluded(names: Sequence[str], place: str | None, scope: Scope) -> bool:
    """Whether no permit can be had: the address is out, or every name that leads to it."""
    addr = None if place is None else address(place)
    return all(scope.consent.excludes(name, addr) for name in names or (None,))


def _senders(observations: Iterable[Observation[Any]]) -> Iterator[tuple[Network, Sign]]:
    """Terms of valid SPF records that name few enough addresses to say something of one (RFC 7208 §5.6)."""
    for obs in observations:
        fact = obs.result.value if isinstance(obs.result, Seen) else None
        if not isinstance(fact, MailSpf) or fact.status != "valid":
            continue
        for term in " ".join(fact.records).split():
            net = _named_by(term)
            if net is not None and net.prefixlen >= _TELLING[net.version]:
                yield net, Sign(how="sender", what=term, via=obs.target.name or "")


def _named_by(term: str) -> Network | None:
    how, _, where = term.lstrip("+").partition(":")
    if how.lower() not in ("ip4", "ip6"):
        return None
    try:
        return network(where)
    except PostureError:  # host bits, or no address at all: the checks of SPF speak of it
        return None


def _order(host: FootprintHost) -> tuple[int, bool, tuple[str, ...], str]:
    return _NEAREST.index(host.owner), not host.names, host.names, host.address or ""
