"""Hosts found by their names: real DNS, real nmap, real listeners on loopback."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from posture.app.clock import utc_now
from posture.core.consent import Consent
from posture.core.facts.dns_names import DnsNames, PageState, PlaceState
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.scope import Scope
from posture.core.targets import Target
from scanners import names
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.names.exist import likely
from scanners.names.settle import settled
from scanners.net.gateway import Gateway
from scanners.net.routes import parse_routes
from scanners.places import find
from scanners.survey import survey
from tests.support.dns_server import SERVFAIL, DnsServer
from tests.support.net_servers import Server, answer, close, deaf
from tests.support.papers import NOW, consent
from tests.support.tools import require_tool

#: Tests run side by side: each that listens has addresses of its own (127.0.73.x).
DOMAIN = "example.co.jp"
START = f"@ NS ns1.{DOMAIN}.\nns1 A 127.0.0.1\n@ A 127.0.73.1\n"
PORTS = "8443,3389"
PAGE = answer(
    b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\nContent-Type: text/html\r\n\r\n<title>Sign in</title> one"
)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    require_tool("nmap")
    with DnsServer(recursive=True) as running:
        yield running


def context(server: DnsServer, item: Consent, *routes: str) -> Context:
    options = Options(
        resolvers=(server.endpoint,), timeout=5, budget=60, ports=PORTS, routes=parse_routes(routes)
    )
    gateway = Gateway(Scope(consent=item), options, utc_now)
    resolver = Resolver(gateway, options, target=DOMAIN)
    return Context(gateway=gateway, resolver=resolver, options=options, clock=utc_now)


def paper(**parts: str) -> Consent:
    return consent(**{"techniques": '["dns", "web", "ports"]', "ports": f"{PORTS},443", **parts})


def sought(made: Context, *declared: str) -> names.Names:
    async def run() -> names.Names:
        places = asyncio.create_task(find(made, DOMAIN))
        return await names.find(made, DOMAIN, places, declared)

    found = asyncio.run(run())
    assert made.faults == []
    return found


def fact(found: names.Names) -> DnsNames:
    assert isinstance(found.fact, Seen), found.fact
    return found.fact.value


def states(found: names.Names) -> dict[str, list[PlaceState]]:
    return {host.name: [place.state for place in host.places] for host in fact(found).names}


def test_only_a_host_with_something_open_is_swept(server: DnsServer) -> None:
    server.zone(
        DOMAIN, START + "vpn A 127.0.73.12\nremote A 127.0.73.13\ngw A 127.0.73.4\nportal A 127.0.73.1\n"
    )
    with Server(close, address="127.0.73.12", port=8443), ExitStack() as stack:
        for port in (8443, 3389):
            stack.enter_context(deaf("127.0.73.13", port))
        made = context(server, paper())
        found = sought(made)
    assert states(found) == {
        f"vpn.{DOMAIN}": [PlaceState.OPEN],
        f"remote.{DOMAIN}": [PlaceState.SILENT],
        f"gw.{DOMAIN}": [PlaceState.SHUT],
        f"portal.{DOMAIN}": [PlaceState.KNOWN],
    }
    assert found.hosts == (Target(name=f"vpn.{DOMAIN}", address="127.0.73.12"),)
    assert found.pages == (f"portal.{DOMAIN}",)
    assert [place.open for host in fact(found).names for place in host.places] == [(8443,), (), (), ()]
    assert {(p.owner.value, p.why) for h in fact(found).names for p in h.places} == {("self", "in-networks")}


def test_a_wildcard_is_no_evidence_but_what_leads_elsewhere_is(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "* A 127.0.73.9\nvpn A 127.0.73.2\nportal CNAME owa\nowa A 127.0.73.9\n")
    found = sought(context(server, paper()))
    assert fact(found).wildcard == ("127.0.73.9",)
    assert [host.name for host in fact(found).names] == [f"vpn.{DOMAIN}"]
    assert fact(found).asked == len(likely())


def test_an_alias_of_everybody_is_no_evidence_either(server: DnsServer) -> None:
    """A content network gives each name other addresses; where they lead is the same."""
    server.zone(DOMAIN, START + "* CNAME edge.cdn.example.\n")
    server.zone("cdn.example", "edge A 127.0.73.9\n")
    found = sought(context(server, paper()))
    assert fact(found).wildcard == ("127.0.73.9", "edge.cdn.example")
    assert fact(found).names == ()


def test_names_are_asked_for_once_and_not_below_what_is_excluded(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.2\nowa A 127.0.73.3\n")
    found = sought(context(server, paper(exclude=f'["vpn.{DOMAIN}"]')))
    assert [host.name for host in fact(found).names] == [f"owa.{DOMAIN}"]
    assert server.asked(f"vpn.{DOMAIN}") == 0
    assert server.asked(f"owa.{DOMAIN}", "A") == 1
    assert server.asked(f"sslvpn.{DOMAIN}", "AAAA") == 0  # it does not exist: nothing more to ask
    assert fact(found).asked == len(likely()) - 1


def test_names_of_the_application_are_visited_and_those_outside_are_told(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "* A 127.0.73.9\nki-jou A 127.0.73.5\n")
    made = context(server, paper())
    found = sought(made, f"ki-jou.{DOMAIN}", f"vpn.{DOMAIN}", "vpn.example.com", f"www.{DOMAIN}", "no name")
    assert fact(found).outside == ("vpn.example.com",)
    assert [(h.name, h.sources, h.purpose) for h in fact(found).names] == [
        (f"vpn.{DOMAIN}", ("application",), "remote_access"),
        (f"ki-jou.{DOMAIN}", ("application",), "other"),
    ]


def test_a_host_that_is_not_the_applicants_own_gets_one_connection(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.2\n")
    shared = f'authority = [{{ covers = ["vpn.{DOMAIN}"], basis = "hosted" }}, '
    own = f'{{ covers = ["{DOMAIN}", "127.0.0.0/8"], basis = "own" }}]'
    proof = 'document = { sha256 = "' + "a" * 64 + '" }\nproof = { method = "document" }\n'
    with Server(PAGE, address="127.0.73.7") as there:
        route = f"vpn.{DOMAIN}:443=127.0.73.7:{there.port}"
        made = context(server, paper(proof=proof + shared + own), route)
        found = sought(made)
    assert states(found) == {f"vpn.{DOMAIN}": [PlaceState.OPEN]}
    assert (found.hosts, found.pages) == ((), (f"vpn.{DOMAIN}",))
    sent = [c for c in made.gateway.ledger.contacts() if c.technique != "dns"]
    assert [(c.address, c.ports, c.technique, c.connections) for c in sent] == [
        ("127.0.73.7", (there.port,), "web", 1)
    ]


def test_where_ports_are_withheld_nothing_but_the_start_page_is_asked(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.2\n")
    made = context(server, paper(techniques='["dns", "web"]'))
    found = sought(made)
    assert states(found) == {f"vpn.{DOMAIN}": [PlaceState.SHUT]}
    sent = [(c.address, c.ports, c.technique) for c in made.gateway.ledger.contacts() if c.technique != "dns"]
    assert sent == [("127.0.73.2", (443,), "web")]


def test_an_address_that_is_not_public_is_not_touched(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 10.0.0.5\n")
    made = context(server, paper())
    ((host,), found) = fact(sought(made)).names, made.gateway.ledger.contacts()
    assert [(p.state, p.reason) for p in host.places] == [(PlaceState.WITHHELD, "address-not-public")]
    assert "10.0.0.5" not in {contact.address for contact in found}


def test_without_dns_nothing_is_known_and_without_a_wildcard_nothing_is_believed(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.2\nki-jou A 127.0.73.5\n")
    for kind in ("A", "AAAA"):
        server.behave(SERVFAIL, f"posture-no-such-name.{DOMAIN}", kind)
    found = sought(context(server, paper()), f"ki-jou.{DOMAIN}")
    assert fact(found).wildcard is None
    assert [host.name for host in fact(found).names] == [f"ki-jou.{DOMAIN}"]
    server.behave(SERVFAIL)
    blind = sought(context(server, paper()), f"ki-jou.{DOMAIN}")
    assert isinstance(blind.fact, Unseen)
    assert (blind.fact.reason, blind.hosts, blind.pages) == (Reason.DNS_FAILURE, (), ())


def test_more_hosts_than_are_swept_are_not_forgotten(server: DnsServer) -> None:
    labels = list(likely())[:10]
    server.zone(DOMAIN, START + "".join(f"{label} A 127.0.74.{n}\n" for n, label in enumerate(labels, 1)))
    with ExitStack() as stack:
        for number in range(1, 11):
            stack.enter_context(Server(close, address=f"127.0.74.{number}", port=8443))
        found = sought(context(server, paper()))
    assert [target.address for target in found.hosts] == [f"127.0.74.{n}" for n in range(1, 9)]
    assert [target.address for target in found.beyond] == ["127.0.74.9", "127.0.74.10"]


def surveyed(made: Context) -> list[Observation[Any]]:
    found = asyncio.run(survey(made, DOMAIN))
    assert made.faults == []
    return found


def test_a_survey_sweeps_the_gateway_and_a_silent_name_leaves_nothing_unseen(server: DnsServer) -> None:
    start = START.replace("127.0.73.1", "127.0.73.31")
    server.zone(DOMAIN, start + "vpn A 127.0.73.32\nremote A 127.0.73.33\n")
    with (
        Server(close, address="127.0.73.31", port=8443),
        Server(close, address="127.0.73.32", port=3389),
        ExitStack() as stack,
    ):
        for port in (8443, 3389):
            stack.enter_context(deaf("127.0.73.33", port))
        seen = surveyed(context(server, paper(networks='["127.0.73.31/32", "127.0.73.32/31"]')))
    hosts = {obs.target.name: obs.result for obs in seen if obs.kind == PortsHost.KIND}
    assert set(hosts) == {DOMAIN, f"vpn.{DOMAIN}"}
    swept = hosts[f"vpn.{DOMAIN}"]
    assert isinstance(swept, Seen)
    assert [port.port for port in swept.value.open_ports()] == [3389]
    (told,) = [obs for obs in seen if obs.kind == DnsNames.KIND]
    assert isinstance(told.result, Seen)
    assert [(h.name, h.places[0].state) for h in told.result.value.names] == [
        (f"vpn.{DOMAIN}", PlaceState.OPEN),
        (f"remote.{DOMAIN}", PlaceState.SILENT),
    ]


def test_a_survey_without_dns_asks_for_no_names(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.2\n")
    seen = surveyed(context(server, paper(techniques='["ports"]')))
    (told,) = [obs.result for obs in seen if obs.kind == DnsNames.KIND]
    assert isinstance(told, Unseen)
    assert told.reason is Reason.NOT_PERMITTED
    assert server.asked(f"vpn.{DOMAIN}") == 0


# What the start pages told.


def response(
    url: str, *, final: str | None = None, digest: str = "", size: int = 9, status: int = 200
) -> Observation[Any]:
    value = WebResponse(
        asked=url,
        url=final or url,
        status=status,
        redirects=(),
        headers=(),
        cookies=(),
        left_scope=None,
        title=None,
        body_bytes=size,
        body_sha256=digest or url,
    )
    target = Target(name=url.split("/")[2], port=443, url=url)
    return Observation(kind=WebResponse.KIND, target=target, at=NOW, result=Seen(value=value))


def test_only_pages_of_their_own_are_kept(server: DnsServer) -> None:
    start = f"www.{DOMAIN}"
    labels = ("vpn", "portal", "gw", "ra", "ras")
    server.zone(DOMAIN, START + "".join(f"{one} A 127.0.73.1\n" for one in labels))
    made = context(server, paper())
    found = sought(made)
    home = response(f"https://{start}/", digest="home")
    own = response(f"https://vpn.{DOMAIN}/", digest="sign in")
    moved = response(f"https://portal.{DOMAIN}/", final=f"https://{start}/", digest="later")
    same = response(f"https://gw.{DOMAIN}/", digest="home")
    broken: Observation[Any] = Observation(
        kind=WebResponse.KIND,
        target=response(f"https://ra.{DOMAIN}/").target,
        at=NOW,
        result=Unseen(reason=Reason.RESET),
    )
    error = response(f"https://ras.{DOMAIN}/", status=404)
    kept = settled(made, DOMAIN, found, [home, own, moved, same, broken, error])
    assert kept[:-1] == [home, own]
    assert isinstance(kept[-1].result, Seen)
    assert {host.name.partition(".")[0]: host.page for host in kept[-1].result.value.names} == {
        "vpn": PageState.OWN,
        "portal": PageState.SEEN_BEFORE,
        "gw": PageState.SEEN_BEFORE,
        "ra": PageState.UNREAD,
        "ras": PageState.UNREAD,
    }


@pytest.mark.parametrize(("label", "stays"), [("vpn", True), ("ftp", False)])
def test_a_gateway_that_accepts_and_cannot_be_read_stays_unseen(
    server: DnsServer, label: str, *, stays: bool
) -> None:
    address = "127.0.73.22" if stays else "127.0.73.23"
    server.zone(DOMAIN, START + f"{label} A {address}\n")
    made = context(server, paper())
    with Server(close, address=address, port=8443):
        found = sought(made)
    place = Target(name=f"{label}.{DOMAIN}", port=443, url=f"https://{label}.{DOMAIN}/")
    why = Unseen(reason=Reason.PROTOCOL_GARBAGE)
    page: Observation[Any] = Observation(kind=WebResponse.KIND, target=place, at=NOW, result=why)
    files: Observation[Any] = Observation(kind=WebExposure.KIND, target=place, at=NOW, result=why)
    kept = settled(made, DOMAIN, found, [page, files])
    assert kept[:-1] == ([files, page] if stays else [])


def test_pages_without_a_text_are_not_taken_for_each_other(server: DnsServer) -> None:
    server.zone(DOMAIN, START + "vpn A 127.0.73.1\n")
    made = context(server, paper())
    found = sought(made)
    home = response(f"https://www.{DOMAIN}/", digest="empty", size=0)
    own = response(f"https://vpn.{DOMAIN}/", digest="empty", size=0)
    assert settled(made, DOMAIN, found, [home, own])[:-1] == [home, own]


def test_the_table_is_one_of_labels() -> None:
    assert 40 < len(likely()) <= 64
    assert set(likely().values()) == {"remote_access", "mail", "files", "admin"}
    assert all(label == label.lower() and label.replace("-", "").isalnum() for label in likely())
