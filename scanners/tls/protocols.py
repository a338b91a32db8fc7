"""From answers to statements: which protocols are offered, and how sure we may be (DESIGN §3).

An alert, silence or a reset is a no only while another hello is accepted: `control` is the answer to an
accepted hello, sent once more after everything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from posture.core.facts.tls_endpoint import PROTOCOLS
from posture.core.observations import Gap, Reason
from scanners.tls.answers import Accepted, Answer, Failed, Refused
from scanners.tls.enumerate import Listing, Surveyed
from scanners.tls.registry import PROTOCOL_NAMES, SSL2, suite_name
from scanners.tls.ssl2 import Ssl2Hello

#: Ways of saying no without TLS, by the reason they are recorded as.
_SILENT_NO = {Reason.TIMEOUT: "silence", Reason.RESET: "reset"}


@dataclass(slots=True, kw_only=True)
class Offered:
    """The parts of the fact that the survey fills, with the gaps in them."""

    protocols: dict[str, bool | None] = field(default_factory=lambda: dict.fromkeys(PROTOCOLS))
    suites: dict[str, tuple[str, ...]] = field(default_factory=dict)
    preference: dict[str, bool | None] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def unseen(self, protocol: str, reason: Reason) -> None:
        """Leave the protocol null, with its reason."""
        self.protocols[protocol] = None
        self.gaps.append(Gap(path=f"protocols.{protocol}", reason=reason))

    def refused(self, protocol: str, how: str) -> None:
        """The protocol is not offered."""
        self.protocols[protocol] = False
        self.refusals[protocol] = how


def needs_control(surveyed: Surveyed) -> bool:
    """Whether something was answered with silence, a reset or garbage after the hello went out."""
    ends: Sequence[Answer | Ssl2Hello] = [each.end for each in surveyed.listings.values()]
    return any(isinstance(end, Failed) and end.asked for end in (*ends, surveyed.ssl2))


def conclude(first: Answer, surveyed: Surveyed, control: Answer | None, *, loaded: bool = False) -> Offered:
    """Statements about every protocol; `control` is None when none is needed, or none was ever accepted.

    From a host that was seen under load (`loaded`) neither silence nor a reset is a no.
    """
    if loaded:
        control = Failed(reason=Reason.RATE_LIMITED)
    offered = Offered()
    spoken = _spoken(first, surveyed)
    answered = bool(spoken) or (isinstance(surveyed.ssl2, Ssl2Hello) and bool(surveyed.ssl2.kinds))
    for version, listing in surveyed.listings.items():
        name = PROTOCOL_NAMES[version]
        if version in spoken:
            offered.protocols[name] = True
            _suites(offered, name, listing, control)
        else:
            _absent(offered, name, listing.end, control, answered=answered)
    _ssl2(offered, surveyed.ssl2, control, answered=answered)
    return offered


def _spoken(first: Answer, surveyed: Surveyed) -> set[int]:
    """Versions that some hello was accepted with."""
    spoken = {each.lower for each in surveyed.listings.values() if each.lower is not None}
    spoken |= {version for version, each in surveyed.listings.items() if each.suites}
    if isinstance(first, Accepted):
        spoken.add(first.hello.version)
    return spoken


def _suites(offered: Offered, name: str, listing: Listing, control: Answer | None) -> None:
    offered.suites[name] = tuple(suite_name(suite) for suite in listing.suites)
    offered.preference[name] = listing.server_decides
    end = listing.end
    whole = isinstance(end, Refused) or (isinstance(end, Failed) and _is_no(end, control))
    if not whole or not listing.suites:
        offered.partial.append(name)
        reason = end.reason if isinstance(end, Failed) else Reason.NO_DATA
        offered.gaps.append(Gap(path=f"cipher_suites.{name}", reason=reason))


def _absent(offered: Offered, name: str, end: Answer, control: Answer | None, *, answered: bool) -> None:
    if isinstance(end, Accepted):
        offered.refused(name, "other-version")
    elif isinstance(end, Refused):
        if answered:
            offered.refused(name, end.name)
        else:
            offered.unseen(name, Reason.NO_DATA)
    elif _is_no(end, control):
        offered.refused(name, _SILENT_NO[end.reason])
    else:
        offered.unseen(name, _why_unseen(end, control, answered=answered))


def _is_no(end: Failed, control: Answer | None) -> bool:
    return end.asked and end.reason in _SILENT_NO and isinstance(control, Accepted)


def _why_unseen(end: Failed, control: Answer | None, *, answered: bool) -> Reason:
    lost = answered and control is not None and not isinstance(control, Accepted)
    if not lost or end.reason not in _SILENT_NO:
        return end.reason
    loaded = isinstance(control, Failed) and control.reason is Reason.RATE_LIMITED
    return Reason.RATE_LIMITED if loaded else Reason.BLOCKED


def _ssl2(
    offered: Offered, answer: Ssl2Hello | Refused | Failed, control: Answer | None, *, answered: bool
) -> None:
    name = PROTOCOL_NAMES[SSL2]
    if not isinstance(answer, Ssl2Hello):
        _absent(offered, name, answer, control, answered=answered)
    elif answer.kinds:
        offered.protocols[name] = True
        offered.suites[name] = tuple(suite_name(kind) for kind in answer.kinds)
        offered.preference[name] = False
    else:
        offered.refused(name, "no-kinds")


def contact(first: Answer) -> Offered:
    """What one ordinary handshake tells, and that no more was allowed."""
    offered = Offered()
    if isinstance(first, Accepted):
        name = PROTOCOL_NAMES[first.hello.version]
        offered.protocols[name] = True
        offered.suites[name] = (suite_name(first.hello.suite),)
        offered.partial.append(name)
    offered.gaps += [Gap(path=path, reason=Reason.NOT_PERMITTED) for path in ("protocols", "cipher_suites")]
    return offered


def plain() -> Offered:
    """The service does not offer to start TLS: no protocol of it is there."""
    offered = Offered()
    for name in PROTOCOLS:
        offered.refused(name, "starttls-not-offered")
    return offered


def best(surveyed: Surveyed) -> Listing | None:
    """The newest version that has suites."""
    found = [listing for listing in surveyed.listings.values() if listing.suites]
    return max(found, key=lambda listing: listing.version, default=None)
