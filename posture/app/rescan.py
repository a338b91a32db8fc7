"""Asks one finding's question again under consent, and writes down what came of it.

An assessment is never changed: the ledger says what the rescan brought, and the file of evidence holds it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import posture
from posture.app.proof import prove
from posture.app.request import Request, open_for, owner_of, ready_to_sweep
from posture.checks import registry, runner
from posture.core import codec, document, ledger
from posture.core.assessment import Assessment
from posture.core.consent import Technique
from posture.core.decisions import Subjectivity
from posture.core.errors import PostureError
from posture.core.facts.ports_host import PortsHost
from posture.core.findings import Finding, Outcome, Severity
from posture.core.ledger import Event, Kind
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from posture.store import ledger as kept
from posture.store.database import Database
from reports import files
from scanners.context import Context

SCHEMA = "posture.rescan/1"
_KINDS = {Outcome.FAIL: Kind.AGAIN, Outcome.UNKNOWN: Kind.UNSEEN}
#: Not applicable because the answer does not show it any more: a version that is hidden mends nothing.
_HIDDEN = frozenset({"no_question", "not_stated", "tls_one_contact", "web_off_scope"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What asking again brought: the finding as it is now, and everything it rests on."""

    before: Finding
    now: Finding
    observations: tuple[Observation[Any], ...]
    contacted: tuple[Any, ...]
    at: datetime
    faults: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """What the ledger calls it: closed, as reported, or without an answer."""
        hidden = self.now.outcome is Outcome.NOT_APPLICABLE and self.now.message in _HIDDEN
        return Kind.UNSEEN if hidden else _KINDS.get(self.now.outcome, Kind.CLOSED)


async def ask(request: Request, before: Finding) -> Answer:
    """Ask the question of one finding, and no other. Raises PostureError before any packet."""
    from scanners import again
    from scanners.areas import Areas

    technique, kind = _question(before)
    request = _narrowed(request, before)
    context = open_for(request, _subject(before), technique)
    if technique is Technique.PORTS:
        ready_to_sweep(request)
    at = request.clock().replace(microsecond=0)
    try:
        await prove(context, request.consent, request.settings.trusted_keys)
        await context.resolver.confirm()
        area = Areas(context=context, subject=_subject(before))
        found = await area.run(technique, [kind], lambda: again.ask(context, kind, before.target))
    finally:
        context.gateway.close()
    judged = _judge(context, before, found)
    return Answer(
        before=before,
        now=_answering(before, found, judged.findings),
        observations=tuple(found),
        contacted=context.gateway.ledger.contacts(),
        at=at,
        faults=(*context.faults, *judged.faults),
    )


def _question(before: Finding) -> tuple[Technique, str]:
    """The technique and kind of observation that the finding's check reads."""
    from scanners import again

    card = registry.catalogue().cards.get(before.check)
    if card is None or card.reads not in again.KINDS:
        raise PostureError(
            f"The question of {before.id} ({before.check}) cannot be asked alone.",
            remedy="Assess the applicant again: posture assess.",
            code="not-alone",
        )
    return Technique(card.area), card.reads


def _narrowed(request: Request, before: Finding) -> Request:
    """A finding about one port asks that port only."""
    if before.target.port is None:
        return request
    return replace(request, options=replace(request.options, ports=str(before.target.port)))


def _subject(before: Finding) -> Target:
    """What the scope is asked about: a name without the address of that day, which may have changed."""
    target = before.target
    return Target(name=target.name, address=None if target.name else target.address, port=target.port)


def _judge(context: Context, before: Finding, found: Sequence[Observation[Any]]) -> runner.Judgement:
    area = registry.area_checks(before.check.partition("/")[0])
    return runner.judge(
        found,
        subject=before.target,
        owner_of=lambda target: owner_of(context.gateway.scope, target),
        checks=[check for check in area if check.card.check == before.check],
    )


def _answering(before: Finding, found: Sequence[Observation[Any]], findings: Sequence[Finding]) -> Finding:
    """The same finding, or its port seen shut; else the first that is unknown.

    The rest says that what was found is not there. A sweep of one port leaves its group unknown, which is
    no answer about the port.
    """
    same = [finding for finding in findings if finding.id == before.id]
    hidden = [finding for finding in findings if finding.outcome is Outcome.UNKNOWN]
    elsewhere = [finding for finding in findings if finding.outcome is not Outcome.FAIL]
    shut = [_shut(before, found)] if _is_shut(before.target.port, found) else []
    for candidates in (same, shut, hidden, elsewhere):
        if candidates:
            return candidates[0]
    return _as(before, Outcome.NOT_APPLICABLE, runner.NOTHING_TO_ASK)


def _is_shut(port: int | None, found: Sequence[Observation[Any]]) -> bool:
    """Whether a believable sweep saw the port on every address, and open on none."""
    hosts = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    return (
        port is not None
        and len(hosts) == len(found) > 0
        and all(isinstance(host, PortsHost) and _closed(host, port) for host in hosts)
    )


def _closed(host: PortsHost, port: int) -> bool:
    seen_open = any(one.port == port for one in host.open_ports())
    return host.suspicious is None and host.swept(port) and not seen_open


def _shut(before: Finding, found: Sequence[Observation[Any]]) -> Finding:
    shut = _as(before, Outcome.PASS, runner.PORT_SHUT, number=before.target.port or 0)
    return replace(shut, evidence=tuple(digest for obs in found for digest in obs.evidence))


def _as(before: Finding, outcome: Outcome, message: str, **arguments: int) -> Finding:
    """The finding with another result."""
    return replace(
        before,
        outcome=outcome,
        message=message,
        arguments=arguments,
        severity=Severity.INFO,
        reason=None,
        evidence=(),
    )


def write(item: Assessment, answer: Answer, request: Request, path: Path) -> str:
    """Write the evidence and return its SHA-256 (hex). Raises PostureError."""
    content = json.dumps(_evidence(item, answer, request), ensure_ascii=False, indent=2).encode()
    files.save(path.parent, {path.name: content})
    return hashlib.sha256(content).hexdigest()


def _evidence(item: Assessment, answer: Answer, request: Request) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "assessment": item.id,
        "domain": item.domain,
        "at": codec.encode(answer.at),
        "version": posture.__version__,
        "consent": request.consent.digest,
        "before": document.finding(answer.before),
        "now": document.finding(answer.now),
        "observations": [document.observation(one) for one in answer.observations],
        "contacted": codec.encode(answer.contacted),
    }


def note(
    database: Database, item: Assessment, answer: Answer, *, by: str, reason: str, evidence: str
) -> Event:
    """Add what came of it to the ledger. Raises PostureError."""
    draft = Event(
        id="",
        domain=item.domain,
        finding=answer.before.id,
        assessment=item.id,
        kind=answer.kind,
        by=by,
        at=answer.at,
        reason=reason,
        evidence=evidence,
    )
    return kept.add(database, draft, ledger.append)


def subjectivities(database: Database, item: Assessment, finding: str, at: datetime) -> dict[str, bool]:
    """The subjectivities that the finding belongs to, by id, and whether each is met by now."""
    histories = ledger.by_finding(kept.of_domain(database, item.domain))

    def met(one: Subjectivity) -> bool:
        return all(ledger.standing(histories.get(key, ()), at).closed for key in one.findings)

    return {one.id: met(one) for one in item.decision.subjectivities if finding in one.findings}
