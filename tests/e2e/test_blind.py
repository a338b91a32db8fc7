"""The network pulled from under each scanner: what was not seen is unknown, never clean and never bad.

The well-kept applicant is looked at, for whom every question has a good answer; then again with one part of
its network silent, resetting, or talking nonsense. What hung on it must be unknown; all else must stay.
"""

import socket
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from posture.app.request import Request
from posture.core.assessment import Assessment
from posture.core.decisions import Action
from posture.core.errors import RefusedError
from posture.core.findings import Finding, Outcome
from posture.core.observations import Reason
from posture.demo.stage import Scene
from scanners.net.routes import Routes
from tests.support.dns_server import GARBAGE, REFUSED, SERVFAIL, SILENT, DnsServer
from tests.support.dns_server import Behaviour as DnsBehaviour
from tests.support.net_servers import Behaviour, Server, answer, deaf, reset, silent
from tests.support.rehearsal import assessed, forward_to, on_paper, request_of, rerouted, with_options
from tests.support.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DOMAIN = "akatsuki.example"
WEB = (DOMAIN, f"www.{DOMAIN}")
MAIL = f"mail.{DOMAIN}"
NAME_SERVERS = (f"ns1.{DOMAIN}", f"ns2.{DOMAIN}")
#: An address of the applicant with nothing on it.
SPARE = "127.0.101.9"
NONSENSE = answer(b"\x00\xff no protocol that anybody speaks \xfe\r\n" * 8)


def hang_up(conn: socket.socket) -> None:
    """Accept, think, and reset: a host that resets at once has no open port at all."""
    time.sleep(0.2)
    reset(conn)


@pytest.fixture(scope="module")
def normal(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[Request, Assessment]:
    """The request, and what it brings when nothing is in the way."""
    require_tool("nmap")
    request = on_paper(request_of(scene, "akatsuki", tmp_path_factory.mktemp("normal")))
    found = assessed(request)
    assert Outcome.FAIL not in {f.outcome for f in found.findings}, _lines(found.findings)
    assert found.coverage.overall == 1
    return request, found


Normal = tuple[Request, Assessment]
Hit = Callable[[Finding], bool]


def _compare(
    before: Assessment, after: Assessment, hit: Hit, reasons: set[Reason], *, needs: Iterable[str] = ()
) -> None:
    """What is hit is unknown for one of the reasons; nothing is lost; the rest is as it was.

    Checks named in `needs` put what is hit together with something else, and become unknown with it.
    """
    assert after.complete, after.faults
    struck = [finding for finding in after.findings if hit(finding)]
    assert {f.outcome for f in struck} == {Outcome.UNKNOWN}, _lines(struck)
    assert {f.reason for f in struck} <= reasons, _lines(struck)
    assert {f.check for f in struck} == {f.check for f in before.findings if hit(f)}
    with_it = [finding for finding in after.findings if finding.check in needs]
    assert all(finding.outcome is Outcome.UNKNOWN for finding in with_it), _lines(with_it)
    spared = {f.id: f.outcome for f in before.findings if not hit(f)}
    spared |= {finding.id: finding.outcome for finding in with_it}
    changed = [f for f in after.findings if not hit(f) and spared.pop(f.id, None) != f.outcome]
    assert not changed, _lines(changed)
    assert not spared


def _lines(findings: Iterable[Finding]) -> str:
    return "\n".join(f"{f.check} {f.target.label()} {f.outcome} {f.reason} {f.message}" for f in findings)


def _without(hit: Hit, assessment: Assessment) -> tuple[Finding, ...]:
    return tuple(finding for finding in assessment.findings if not hit(finding))


def _below(names: Iterable[str], *checks: str) -> Hit:
    """Findings of some checks (`tls/`: all of an area) about some names."""
    wanted = frozenset(names)

    def hit(finding: Finding) -> bool:
        name = finding.target.name or (finding.target.url or "//").split("/")[2]
        return finding.check.startswith(checks) and name in wanted

    return hit


@pytest.mark.parametrize(
    ("behaviour", "reasons"),
    [
        (silent, {Reason.TIMEOUT}),
        (hang_up, {Reason.RESET}),
        (NONSENSE, {Reason.PROTOCOL_GARBAGE}),
    ],
    ids=["silent", "reset", "nonsense"],
)
def test_web_and_tls(normal: Normal, behaviour: Behaviour, reasons: set[Reason]) -> None:
    request, before = normal
    with Server(behaviour, address=SPARE) as server:
        places = {f"{name}:{port}": (server.address, server.port) for name in WEB for port in (80, 443)}
        after = assessed(rerouted(request, places))
        assert server.connections > 0
    _compare(before, after, _below(WEB, "web/", "tls/", "products/"), reasons)
    assert after.coverage.overall < before.coverage.overall


@pytest.mark.parametrize(
    ("behaviour", "reasons"),
    [
        (silent, {Reason.TIMEOUT}),
        (hang_up, {Reason.RESET}),
        (NONSENSE, {Reason.PROTOCOL_GARBAGE, Reason.TIMEOUT}),
    ],
    ids=["silent", "reset", "nonsense"],
)
def test_mail_servers(normal: Normal, behaviour: Behaviour, reasons: set[Reason]) -> None:
    request, before = normal
    with Server(behaviour, address=SPARE) as server:
        after = assessed(rerouted(request, {f"{MAIL}:25": (server.address, server.port)}))
        assert server.connections > 0
    # Whether the greeting came in time decides between “no version stated” and unknown; both are right.
    services, products = _below([MAIL], "services/"), _below([MAIL, DOMAIN], "products/")

    def greeting(finding: Finding) -> bool:
        return services(finding) or products(finding)

    before, after = (replace(a, findings=_without(greeting, a)) for a in (before, after))
    _compare(before, after, _below([MAIL], "tls/"), reasons, needs=["mail/dane", "mail/starttls"])


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [(SILENT, Reason.TIMEOUT), (GARBAGE, Reason.PROTOCOL_GARBAGE)],
    ids=["silent", "garbage"],
)
def test_name_servers(normal: Normal, behaviour: DnsBehaviour, reason: Reason) -> None:
    request, before = normal
    with DnsServer(address=SPARE) as server:
        server.behave(behaviour)
        after = assessed(rerouted(request, {f"{name}:53": server.endpoint for name in NAME_SERVERS}))
        assert server.asked() > 0
    asked = ["dns/name_servers_answer", "dns/name_servers_consistent", "dns/no_open_recursion"]
    asked += ["dns/software_version_hidden", "dns/zone_transfer_refused"]
    _compare(before, after, _below([DOMAIN], *asked), {reason})


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (SILENT, Reason.TIMEOUT),
        (GARBAGE, Reason.PROTOCOL_GARBAGE),
        (SERVFAIL, Reason.DNS_FAILURE),
        (REFUSED, Reason.DNS_FAILURE),
    ],
    ids=["silent", "garbage", "servfail", "refused"],
)
def test_the_records_of_mail(normal: Normal, behaviour: DnsBehaviour, reason: Reason) -> None:
    request, before = normal
    with _between(request) as server:
        server.behave(behaviour, rdtype="TXT")
        after = assessed(with_options(request, resolvers=(server.endpoint,)))
    # MX, PTR, TLSA, and no question of DNS's at all.
    other_types = ("mail/exchangers_resolve", "mail/exchangers_confirmed", "mail/dane", "mail/starttls")

    def hit(finding: Finding) -> bool:
        return finding.check.startswith("mail/") and finding.check not in other_types

    _compare(before, after, hit, {reason}, needs=["dns/no_dangling_names"])  # SPF points to names
    assert after.coverage.by_peril["email"] < before.coverage.by_peril["email"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (SILENT, Reason.TIMEOUT),
        (GARBAGE, Reason.PROTOCOL_GARBAGE),
        (SERVFAIL, Reason.DNS_FAILURE),
        (REFUSED, Reason.DNS_FAILURE),
    ],
    ids=["silent", "garbage", "servfail", "refused"],
)
def test_the_resolver(normal: Normal, behaviour: DnsBehaviour, reason: Reason) -> None:
    request, _ = normal
    with DnsServer(address=SPARE) as server:
        server.behave(behaviour)
        # Without routes, for a route is a place that needs no resolver.
        after = assessed(with_options(request, resolvers=(server.endpoint,), routes=Routes()))
    assert after.complete, after.faults
    assert {(f.outcome, f.reason) for f in after.findings} == {(Outcome.UNKNOWN, reason)}, _lines(
        after.findings
    )
    assert after.coverage.overall == 0
    assert after.decision.action is Action.REFER
    assert after.decision.premium.total is None


def test_a_proof_that_cannot_be_read_is_no_proof(scene: Scene, tmp_path: Path) -> None:
    request = request_of(scene, "akatsuki", tmp_path)
    with _between(request) as server:
        server.behave(SERVFAIL, rdtype="TXT")
        with pytest.raises(RefusedError, match="dns-failure"):
            assessed(with_options(request, resolvers=(server.endpoint,)))
        assert server.asked() == server.asked(rdtype="TXT") > 0


def test_ports_that_all_stay_silent(normal: Normal) -> None:
    request, before = normal
    with ExitStack() as stack:
        places = {f"{name}:443": stack.enter_context(deaf(SPARE)) for name in (*WEB, MAIL)}
        numbers = sorted({443, *(port for _, port in places.values())})
        narrow = on_paper(rerouted(request, places), ports=",".join(map(str, numbers)))
        after = assessed(narrow)
    # Which addresses of its networks answer is another question: those that refuse do.
    swept = [f for f in after.findings if _swept(f)]
    assert {f.outcome for f in swept} == {Outcome.UNKNOWN}, _lines(swept)
    assert {f.check for f in swept} == {f.check for f in before.findings if _swept(f)}
    assert after.decision.action is Action.REFER
    assert after.decision.premium.total is None


def _swept(finding: Finding) -> bool:
    asked_elsewhere = {"ports/network_known", "ports/named_hosts_seen"}
    return finding.check.startswith("ports/") and finding.check not in asked_elsewhere


def _between(request: Request) -> DnsServer:
    """A resolver in front of the demo's, to be told what not to answer."""
    server = DnsServer(address=SPARE)
    server.behave(forward_to(request.options.resolvers[0]))
    return server
