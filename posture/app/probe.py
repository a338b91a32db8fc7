"""One area of one target: what `posture probe` does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import SplitResult, urlsplit

from posture.app.options import split_host_port
from posture.app.proof import prove
from posture.app.request import Request, open_for, operator_of, owner_of, ready_to_sweep
from posture.checks import registry, runner
from posture.core.consent import Technique
from posture.core.errors import PostureError
from posture.core.findings import Finding
from posture.core.observations import Observation
from posture.core.targets import Target, host_name
from scanners.context import Context

Observations = list[Observation[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """Observations and findings of one area; `faults` are our own."""

    observations: tuple[Observation[Any], ...]
    findings: tuple[Finding, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A probe's target as written, taken apart: a name or an address, perhaps a port or a URL."""

    technique: Technique
    name: str | None
    address: str | None
    port: int | None
    url: str | None

    @property
    def host(self) -> str:
        """The name, or the address of a nameless target."""
        return self.name or self.address or ""

    @property
    def target(self) -> Target:
        """What the scope is asked about first."""
        return Target(name=self.name, address=self.address, port=self.port)


def read_subject(technique: Technique, text: str) -> Subject:
    """Read TARGET: a domain (dns, mail), HOST[:PORT] (tls, ports) or a URL (web). Raises PostureError."""
    if technique in (Technique.DNS, Technique.MAIL):
        return Subject(technique=technique, name=host_name(text), address=None, port=None, url=None)
    if technique is Technique.WEB:
        return _url(text)
    host, port = split_host_port(text, 443 if technique is Technique.TLS else None)
    name, addr = _named(host)
    return Subject(technique=technique, name=name, address=addr, port=port, url=None)


def _url(text: str) -> Subject:
    parts = _split(text)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
    ):
        raise PostureError(
            f"“{text}” is not a web address.",
            remedy="Give a URL such as https://example.co.jp/.",
            code="bad-url",
        )
    host, port = split_host_port(parts.netloc, 443 if parts.scheme == "https" else 80)
    standard = port == (443 if parts.scheme == "https" else 80)
    shown = f"[{host}]" if ":" in host else host
    place = shown if standard else f"{shown}:{port}"
    url = f"{parts.scheme}://{place}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    name, addr = _named(host)
    return Subject(technique=Technique.WEB, name=name, address=addr, port=port, url=url)


def _named(host: str) -> tuple[str | None, str | None]:
    """Name and address of what `split_host_port` read: one of them."""
    is_address = ":" in host or host.replace(".", "").isdecimal()
    return (None, host) if is_address else (host, None)


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text if "://" in text else f"https://{text}/")
    except ValueError:  # a bracket that is never closed, as in http://[::1
        return None


async def probe(request: Request, subject: Subject) -> ProbeResult:
    """Ask one area under proved consent and judge what came back. Raises PostureError before any packet."""
    from scanners.areas import Areas

    context = _context(request, subject)
    if subject.technique is Technique.PORTS:
        ready_to_sweep(request)
    try:
        await prove(context, request.consent, request.settings.trusted_keys)
        await context.resolver.confirm()
        cards = asyncio.create_task(asyncio.to_thread(registry.area_checks, subject.technique.value))
        area = Areas(context=context, subject=subject.target)
        observations = await area.run(subject.technique, _kinds(subject), _attempt(context, subject))
        checks = await cards  # read while the answers were on their way
    finally:
        context.gateway.close()
    judged = runner.judge(
        observations,
        subject=subject.target,
        owner_of=lambda target: owner_of(context.gateway.scope, target),
        operator_of=lambda target: operator_of(context.gateway.scope, target),
        checks=checks,
    )
    return ProbeResult(
        observations=tuple(observations),
        findings=judged.findings,
        faults=(*context.faults, *judged.faults),
    )


def _context(request: Request, subject: Subject) -> Context:
    """The scan's context. Raises RefusedError when the technique is not allowed on this very target."""
    return open_for(request, subject.target, subject.technique)


def _kinds(subject: Subject) -> tuple[str, ...]:
    """What the area's scanner brings. Only that scanner is loaded."""
    kinds: tuple[str, ...] = import_module(f"scanners.{subject.technique.value}").KINDS
    return kinds


def _attempt(context: Context, subject: Subject) -> Callable[[], Awaitable[Observations]]:
    match subject.technique:
        case Technique.DNS:
            return lambda: _dns(context, subject)
        case Technique.MAIL:
            return lambda: _mail(context, subject)
        case Technique.WEB:
            return lambda: _web(context, subject)
        case Technique.TLS:
            return lambda: _tls(context, subject)
        case _:
            return lambda: _ports(context, subject)


async def _dns(context: Context, subject: Subject) -> Observations:
    from scanners import dns

    return await dns.scan(context, subject.host)


async def _mail(context: Context, subject: Subject) -> Observations:
    from scanners import mail

    return await mail.probe(context, subject.host)


async def _web(context: Context, subject: Subject) -> Observations:
    from scanners import web

    return await web.scan(context, [subject.url or ""])


async def _tls(context: Context, subject: Subject) -> Observations:
    from scanners import tls

    targets = await _targets(context, subject)
    return await tls.scan(
        context, [tls.TlsTarget(target=t, starttls=context.options.starttls) for t in targets]
    )


async def _ports(context: Context, subject: Subject) -> Observations:
    from scanners import ports

    return await ports.scan(context, await _targets(context, subject))


async def _targets(context: Context, subject: Subject) -> Sequence[Target]:
    """The subject at each of its addresses."""
    if subject.name is None:
        return [subject.target]
    fact = await context.resolver.reach(subject.name, subject.port or 443)
    return [Target(name=subject.name, address=text, port=subject.port) for text in fact.all]
