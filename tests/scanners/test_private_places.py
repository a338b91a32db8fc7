"""Public names and redirects that lead inside: nobody is contacted there, and that is recorded and said."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from posture.checks import runner
from posture.checks.registry import catalogue
from posture.core.catalogue import Language
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Finding, Outcome, Owner
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target, network
from scanners import web
from scanners.survey import survey
from tests.scanners.test_survey import DOMAIN, NAMES, context
from tests.support.dns_server import DnsServer
from tests.support.net_servers import witnessed
from tests.support.papers import consent
from tests.support.tools import require_tool
from tests.support.web import LOOPBACK, Server, page, redirect, route, saying
from tests.support.web import consent as web_consent
from tests.support.web import context as web_context

ZONE = f"""{NAMES}
@ A 169.254.169.254
@ A 10.0.0.1
@ AAAA ::1
@ AAAA fc00::7
@ AAAA 64:ff9b::a00:1
www CNAME inside.other.example.
@ MX 10 mail
@ MX 20 mx.other.example.
mail A 192.168.1.25
mail AAAA ::ffff:10.0.0.25
mta-sts A 127.0.0.1
_mta-sts TXT "v=STSv1; id=1"
"""
#: What is asked in the DNS alone, by resolvers of the operator's.
DNS_ONLY = ("dns.", "dnssec.", "mail.")
INSIDE = "address-not-public"

Surveyed = tuple[list[Observation[Any]], set[object], tuple[str, int]]


@pytest.fixture(scope="module")
def surveyed() -> Surveyed:
    """Everything that was observed, every address and port that this process went to, and the resolver."""
    require_tool("nmap")
    with DnsServer(recursive=True) as server, witnessed() as events:
        server.zone(DOMAIN, ZONE)
        server.zone("other.example", "inside A 172.16.0.9\nmx A 10.9.9.9")

        async def run() -> list[Observation[Any]]:
            made = context(server, replace(consent(), networks=()))
            found = await survey(made, DOMAIN)
            assert made.faults == []
            return found

        found = asyncio.run(run())
    went = {args[1][:2] for event, args in events if event == "socket.connect"}
    return found, went, server.endpoint


def test_nobody_but_the_resolver_hears_of_it(surveyed: Surveyed) -> None:
    observations, went, resolver = surveyed
    assert went == {resolver}
    assert {(obs.kind, obs.result.reason) for obs in observations if isinstance(obs.result, Unseen)} == {
        (kind, Reason.NOT_PERMITTED)
        for kind in (
            "ports.host",
            "service.product",
            "ssh.endpoint",
            "tls.endpoint",
            "web.exposure",
            "web.response",
        )
    }
    told = [obs.result.detail for obs in observations if isinstance(obs.result, Unseen)]
    assert [detail for detail in told if not detail.startswith(INSIDE)] == []
    seen = {obs.kind for obs in observations if isinstance(obs.result, Seen)}
    assert [kind for kind in seen if not kind.startswith(DNS_ONLY)] == []


def test_every_such_place_is_named(surveyed: Surveyed) -> None:
    observations, _, _ = surveyed
    swept = {(obs.target.name, obs.target.address) for obs in observations if obs.kind == "ports.host"}
    assert swept == {
        (DOMAIN, "169.254.169.254"),
        (DOMAIN, "10.0.0.1"),
        (DOMAIN, "::1"),
        (DOMAIN, "fc00::7"),
        (DOMAIN, "64:ff9b::a00:1"),
        (f"www.{DOMAIN}", "172.16.0.9"),
        (f"mail.{DOMAIN}", "192.168.1.25"),
        (f"mail.{DOMAIN}", "::ffff:a00:19"),
    }


def judged(observations: list[Observation[Any]]) -> list[Finding]:
    found = runner.judge(observations, subject=Target(name=DOMAIN), owner_of=lambda _: Owner.SELF)
    assert found.faults == ()
    return [one for one in found.findings if one.outcome is Outcome.FAIL]


def test_it_is_said(surveyed: Surveyed) -> None:
    found = {
        (one.check, one.target.name): (
            one.message,
            one.arguments.get("addresses", one.arguments.get("hosts")),
        )
        for one in judged(surveyed[0])
        if one.message == "private" and one.check != "dns/name_servers_public"
    }
    assert found == {
        ("dns/addresses_public", DOMAIN): (
            "private",
            ("10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:1", "fc00::7"),
        ),
        ("dns/addresses_public", f"www.{DOMAIN}"): ("private", ("172.16.0.9",)),
        ("mail/exchangers_resolve", DOMAIN): (
            "private",
            (
                f"mail.{DOMAIN} [192.168.1.25]",
                f"mail.{DOMAIN} [::ffff:a00:19]",
                "mx.other.example [10.9.9.9]",
            ),
        ),
    }
    for one in (one for one in judged(surveyed[0]) if one.check == "dns/addresses_public"):
        assert "not contacted" in catalogue().sentence(one, Language("en"))
        assert "接続していません" in catalogue().sentence(one, Language("ja"))


def test_a_network_of_the_consent_may_be_looked_at() -> None:
    """The same address is nobody's secret where the consent names it."""
    with DnsServer(recursive=True) as server:
        server.zone(DOMAIN, NAMES + "@ A 127.0.9.1")
        item = replace(consent(ports="22"), networks=(network("127.0.9.0/24"),))

        async def run() -> list[Observation[Any]]:
            require_tool("nmap")
            return await survey(context(server, item), DOMAIN)

        observations = asyncio.run(run())
    (swept,) = [obs for obs in observations if obs.kind == "ports.host"]
    assert isinstance(swept.result, Seen), swept.result
    assert [one for one in judged(observations) if one.check == "dns/addresses_public"] == []


LOCATIONS = {
    "http://10.0.0.1/": "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/": "http://169.254.169.254/latest/meta-data/",
    "https://[::1]/": "https://[::1]/",
    "http://[fc00::7]:8080/x": "http://[fc00::7]:8080/x",
    "http://[::ffff:10.0.0.1]/": "http://[::ffff:a00:1]/",
    "//192.168.0.1/router": "http://192.168.0.1/router",
    "http://127.0.0.2:6379/": "http://127.0.0.2:6379/",
    "http://2130706433/": "http://2130706433/",
    "http://0x7f000002/": "http://0x7f000002/",
    "http://0177.0.0.2/": "http://0177.0.0.2/",
    "http://127.2/": "http://127.2/",
    "http://localhost/": "http://localhost/",
    "http://www.example.jp@10.0.0.1/": "http://10.0.0.1/",
}


@pytest.mark.parametrize(("location", "recorded"), LOCATIONS.items(), ids=list(LOCATIONS))
def test_a_redirect_inside_is_recorded_and_not_followed(location: str, recorded: str) -> None:
    start = "http://www.example.jp/"
    with Server(saying(redirect(location), page())) as server, witnessed() as events:
        made = web_context(
            web_consent("example.jp", networks=(f"{LOOPBACK}/32",)), route("www.example.jp", 80, server)
        )
        observations = asyncio.run(web.scan(made, (start,)))
        made.gateway.close()
    assert made.faults == []
    (fact,) = [
        obs.result.value
        for obs in observations
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, WebResponse)
    ]
    assert (fact.url, fact.left_scope, fact.status) == (start, recorded, 301)
    went = {args[1][:2] for event, args in events if event == "socket.connect"}
    assert {place for place in went if place[0] != LOOPBACK} == set()
    assert (LOOPBACK, server.port) in went
