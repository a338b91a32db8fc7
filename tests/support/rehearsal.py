"""Whole assessments of the demo's applicants, with parts of their network replaced."""

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.query

from posture.app.assess import assess
from posture.app.request import Request, open_context
from posture.app.run import RunRequest
from posture.core.assessment import Assessment
from posture.core.consent import Proof, ProofMethod
from posture.core.findings import Finding
from posture.demo.stage import Scene
from scanners.net.routes import Routes, parse_routes
from tests.support.dns_server import Asked, Behaviour, Reply

#: Short enough for silent servers, and no waiting for a pace that spares real hosts.
HASTE: dict[str, Any] = {
    "timeout": 2.5,
    "budget": 30.0,
    "host_rate": 2000.0,
    "host_connections": 32,
    "sweep_rate": 5000.0,
}


def request_of(scene: Scene, key: str, folder: Path) -> Request:
    """The request that `posture assess` would make for an applicant, in haste."""
    (applicant,) = [one for one in scene.applicants if one.key == key]
    papers = {"consent": applicant.consent, "application": applicant.application}
    for name, text in papers.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    raw: dict[str, Any] = {f"{name}_file": folder / f"{name}.toml" for name in papers}
    raw |= {
        "out": folder / "out",
        "resolvers": [f"{host}:{port}" for host, port in scene.resolvers],
        "trust_store": scene.trust_store,
        "trust_anchor": scene.trust_anchor,
        "connect_to": scene.routes,
    }
    read = RunRequest.read(domain=applicant.domain, raw=raw)
    return Request(
        domain=read.domain,
        consent=read.consent,
        application=read.application,
        options=replace(read.options, **HASTE),
        settings=read.settings,
    )


def assessed(request: Request) -> Assessment:
    """Assess it now."""
    return asyncio.run(assess(request, open_context(request)))


def on_paper(request: Request, **changes: Any) -> Request:
    """The same under a consent that needs no DNS to be proved, with `changes` to it."""
    given: dict[str, Any] = {
        "document_sha256": "a" * 64,
        "proof": Proof(method=ProofMethod.DOCUMENT),
    } | changes
    return replace(request, consent=replace(request.consent, **given))


def rerouted(request: Request, places: Mapping[str, tuple[str, int]]) -> Request:
    """The same with `NAME:PORT` found somewhere else."""
    kept = [route for route in request.options.routes.routes if f"{route.name}:{route.port}" not in places]
    moved = parse_routes(f"{left}={address}:{port}" for left, (address, port) in places.items())
    return with_options(request, routes=Routes(routes=(*moved.routes, *kept)))


def with_options(request: Request, **changes: Any) -> Request:
    """The same with other options."""
    return replace(request, options=replace(request.options, **changes))


def forward_to(resolver: tuple[str, int]) -> Behaviour:
    """A resolver that knows nothing itself and asks another."""

    def forward(asked: Asked) -> Reply:
        client = dns.query.udp if asked.protocol == "udp" else dns.query.tcp
        return client(asked.query, resolver[0], port=resolver[1], timeout=10).to_wire()

    return forward


def plain(finding: Finding) -> dict[str, Any]:
    """A finding without the digests of the raw answers, which carry times and random numbers."""
    fields = {field.name: getattr(finding, field.name) for field in dataclasses.fields(finding)}
    return {name: value for name, value in fields.items() if name != "evidence"}
