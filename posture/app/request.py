"""What is asked under which consent: common to a whole assessment and to a probe of one area.

Nothing here loads models, reports or the store, so that a probe starts quickly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posture.app.clock import utc_now
from posture.app.files import read_consent
from posture.app.options import RawOptions, build_options
from posture.app.providers import load_providers
from posture.app.settings import Settings, load_settings
from posture.core.application import Application
from posture.core.consent import Consent, Technique
from posture.core.errors import RefusedError
from posture.core.feeds import FeedRows
from posture.core.findings import Owner
from posture.core.observations import Observation
from posture.core.scope import Attribution, Permit, Scope
from posture.core.targets import Target, address
from scanners.context import Context, Options

if TYPE_CHECKING:
    from models.artefact import Artefact

Progress = Callable[[str], None]
FeedSource = Callable[[Sequence[Observation[Any]]], FeedRows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one assessment is made from. `feeds` gives the stored rows that bear on what was observed.

    `model` prices; None for the shipped one.
    """

    domain: str
    consent: Consent
    application: Application | None
    options: Options
    settings: Settings
    clock: Callable[[], datetime] = utc_now
    progress: Progress = field(default=lambda _step: None)
    feeds: FeedSource = field(default=lambda _observations: FeedRows())
    model: "Artefact | None" = None

    def declared_hosts(self) -> tuple[str, ...]:
        """Hosts that the application names; none without one."""
        return self.application.hosts if self.application else ()


def scope_of(request: Request) -> Scope:
    """What the consent allows, with whose addresses are whose."""
    return Scope(consent=request.consent, providers=load_providers())


def open_context(request: Request, subject: Target | None = None) -> Context:
    """Make the scan's context. Raises RefusedError when the consent does not cover the subject now."""
    scope = scope_of(request)
    refuse_outside(scope, subject or Target(name=request.domain), request.clock())
    from posture.checks.fingerprints import known
    from scanners.dns.resolver import Resolver
    from scanners.net.gateway import Gateway

    options = _with_names(request)
    gateway = Gateway(scope=scope, options=options, clock=request.clock)
    resolver = Resolver(gateway, options, target=request.domain)
    return Context(
        gateway=gateway,
        resolver=resolver,
        options=options,
        clock=request.clock,
        known=known,
        progress=request.progress,
    )


def _with_names(request: Request) -> Options:
    """The options, with the names of the hosts that the application declares."""
    return replace(request.options, known_names=request.declared_hosts())


def open_for(request: Request, subject: Target, technique: Technique) -> Context:
    """As `open_context`, and RefusedError too when this very technique is not allowed on the subject."""
    context = open_context(request, subject)
    answer = context.gateway.scope.permit(subject, technique, request.clock())
    if not isinstance(answer, Permit):
        raise RefusedError(
            f"The consent does not allow this: {answer.detail}.",
            remedy="Obtain a consent for it; `posture consent show FILE` prints what this one allows.",
            code=answer.reason.value,
        )
    return context


def refuse_outside(scope: Scope, subject: Target, at: datetime) -> None:
    """Raise RefusedError when no granted technique may touch the subject at all."""
    refusals = []
    for technique in sorted(scope.consent.techniques):
        answer = scope.permit(subject, technique, at)
        if isinstance(answer, Permit):
            return
        refusals.append(answer)
    first = refusals[0]
    raise RefusedError(
        f"The consent does not allow this: {first.detail}.",
        remedy="Obtain a consent for this target and date; `posture consent show FILE` prints this one.",
        code=first.reason.value,
    )


def ready_to_sweep(request: Request) -> None:
    """Find out before any packet whether a sweep is possible. Raises PostureError."""
    from scanners.net.nmap import find_nmap
    from scanners.ports import named_ports

    find_nmap(request.options)
    named_ports(request.consent, request.options)


def owner_of(scope: Scope, target: Target) -> Owner:
    """Who runs what a finding is about; a URL counts by its host."""
    return _attribution(scope, target).owner


def operator_of(scope: Scope, target: Target) -> str:
    """Whom to ask about a machine: the provider by its name where the list knows it, else the machine."""
    found = _attribution(scope, target)
    name = target.name or target.label()
    return f"{found.detail} ({name})" if found.why == "provider-list" else name


def _attribution(scope: Scope, target: Target) -> Attribution:
    name = target.name
    if name is None and target.url is not None:
        name = target.url.split("/")[2].partition(":")[0]
    addr = address(target.address) if target.address else None
    return scope.attribute(name, addr)


def read_request(subject: str, raw: Mapping[str, Any]) -> Request:
    """A request without application; the consent is read and the options are checked. Raises PostureError."""
    settings = load_settings()
    return Request(
        domain=subject,
        consent=read_consent(raw["consent_file"]),
        application=None,
        options=build_options(RawOptions.of(raw), settings),
        settings=settings,
    )
