"""Whose a host is and why: everything that speaks for it, and what the consent takes out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.checks.footprint import footprint
from posture.core import document
from posture.core.consent import Authority, Basis, Consent
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_names import DnsNames, NamedHost, NamedPlace, PlaceState
from posture.core.facts.dns_zone import DnsZone, NameServer
from posture.core.facts.footprint_host import FootprintHost, Sign
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers, Reverse
from posture.core.facts.mail_spf import MailSpf
from posture.core.facts.mail_starttls import MailStarttls, StarttlsHost
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.tls_endpoint import Trust
from posture.core.facts.web_response import Redirect, WebResponse
from posture.core.findings import Owner
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.scope import Provider, Scope
from posture.core.targets import Target, network
from tests.support.sample_assessment import certificate, tls
from tests.support.web import NOW, consent

CDN = Provider(name="Example CDN", kind="cdn", networks=(network("198.41.0.0/16"),), names=())
OWN = "8.8.4.10"
ELSEWHERE = "9.9.9.9"
DOMAIN = Target(name="example.jp")


def given_consent(**changes: Any) -> Consent:
    return replace(consent("example.jp", networks=("8.8.4.0/24",)), **changes)


def seen(fact: Any, target: Target = DOMAIN) -> Observation[Any]:
    return Observation(kind=fact.KIND, target=target, at=NOW, result=Seen(value=fact))


def unseen(kind: str, target: Target, reason: Reason) -> Observation[Any]:
    return Observation(kind=kind, target=target, at=NOW, result=Unseen(reason=reason))


def addresses(name: str, *ipv4: str, aliases: tuple[str, ...] = ()) -> Observation[Any]:
    fact = DnsAddresses(name=name, exists=True, ipv4=ipv4, ipv6=(), aliases=aliases)
    return seen(fact, Target(name=name))


def hosts(*observations: Observation[Any], under: Consent | None = None) -> tuple[FootprintHost, ...]:
    scope = Scope(consent=under or given_consent(), providers=(CDN,))
    return tuple(
        one.result.value for one in footprint(observations, scope, at=NOW) if isinstance(one.result, Seen)
    )


def host(*observations: Observation[Any], under: Consent | None = None) -> FootprintHost:
    (only,) = hosts(*observations, under=under)
    return only


def test_a_name_of_the_consent_on_an_address_of_nobody_known() -> None:
    assert host(addresses("www.example.jp", ELSEWHERE)) == FootprintHost(
        address=ELSEWHERE,
        names=("www.example.jp",),
        owner=Owner.SELF,
        why="consented-name",
        detail="www.example.jp",
        signs=(Sign(how="named", what="www.example.jp", via="example.jp"),),
        asked=(),
        excluded=False,
    )


def test_an_alias_onto_a_providers_address() -> None:
    found = host(addresses("www.example.jp", "198.41.0.7", aliases=("x.edge.example", "y.edge.example")))
    assert (found.owner, found.why, found.detail) == (Owner.HOSTED, "provider-list", "Example CDN")
    assert found.signs == (
        Sign(how="named", what="www.example.jp", via="example.jp"),
        Sign(how="alias", what="www.example.jp", via="y.edge.example"),
    )


def test_a_silent_gateway_that_only_its_name_shows() -> None:
    place = NamedPlace(address=OWN, owner=Owner.SELF, why="in-networks", detail=OWN, state=PlaceState.SILENT)
    gateway = NamedHost(
        name="vpn.example.jp",
        sources=("list",),
        purpose="remote_access",
        alias="gw.isp.example",
        places=(place,),
    )
    found = host(seen(DnsNames(asked=63, names=(gateway,), wildcard=())))
    assert (found.address, found.names, found.owner, found.asked) == (
        OWN,
        ("vpn.example.jp",),
        Owner.SELF,
        ("ports",),
    )
    assert Sign(how="named", what="vpn.example.jp", via="example.jp") in found.signs
    assert Sign(how="alias", what="vpn.example.jp", via="gw.isp.example") in found.signs


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        (PlaceState.OPEN, ("ports",)),
        (PlaceState.SHUT, ("ports",)),
        (PlaceState.SILENT, ("ports",)),
        (PlaceState.KNOWN, ()),
        (PlaceState.PROVIDER, ()),
        (PlaceState.WITHHELD, ()),
        (PlaceState.UNASKED, ()),
    ],
)
def test_a_host_found_by_its_name(state: PlaceState, asked: tuple[str, ...]) -> None:
    """How its name came up, and whether anything was sent to it."""
    name = "vpn.example.jp"
    place = NamedPlace(address=OWN, owner=Owner.SELF, why="in-networks", detail=OWN, state=state)
    named = NamedHost(
        name=name, sources=("application", "list"), purpose="remote_access", alias="gw.test", places=(place,)
    )
    found = host(seen(DnsNames(asked=9, names=(named,), wildcard=())))
    assert (found.names, found.owner, found.asked) == ((name,), Owner.SELF, asked)
    assert found.signs == (
        Sign(how="named", what=name, via="example.jp"),
        Sign(how="alias", what=name, via="gw.test"),
        Sign(how="from-application", what=name),
        Sign(how="from-list", what=name),
        Sign(how="network", what="8.8.4.0/24"),
    )


def test_an_address_that_only_a_network_of_the_consent_names() -> None:
    fact = PortsHost(address=OWN, names=(), ports=(), scanned="T:1", control=True)
    found = host(seen(fact, Target(address=OWN)))
    assert (found.names, found.owner, found.why, found.asked) == ((), Owner.SELF, "in-networks", ("ports",))
    assert found.signs == (Sign(how="network", what="8.8.4.0/24"),)


def test_what_the_consent_calls_hosted() -> None:
    hosted = Authority(domains=("example.jp",), networks=(), basis=Basis.HOSTED)
    found = host(addresses("example.jp", ELSEWHERE), under=given_consent(authority=(hosted,)))
    assert (found.owner, found.why) == (Owner.HOSTED, "consented-name")


@pytest.mark.parametrize(
    ("names", "trusted", "sign"),
    [
        (("www.example.jp", "*.example.jp", "x.test"), True, ("certificate", "www.example.jp, *.example.jp")),
        (("WWW.example.jp",), False, ("certificate-unproved", "WWW.example.jp")),
        (("nas.local",), True, ("certificate-of-others", "nas.local")),
    ],
)
def test_the_names_of_a_certificate(names: tuple[str, ...], *, trusted: bool, sign: tuple[str, str]) -> None:
    leaf = replace(certificate("www.example.jp", 9), names=names)
    fact = replace(
        tls("www.example.jp", OWN, old=False, days_left=9),
        certificates=(leaf, certificate("ca.test", 9)),
        trust=Trust(trusted=trusted, reason="ok"),
    )
    found = host(seen(fact, Target(name="www.example.jp", address=OWN, port=443)))
    assert found.asked == ("tls",)
    assert Sign(how=sign[0], what=sign[1], via=leaf.sha256) in found.signs
    assert len(found.signs) == 3


def test_a_mail_provider_is_no_host_of_the_applicants() -> None:
    """One row for its address; its certificate for its own names is nothing to tell."""
    mx = Exchanger(preference=10, name="mx.mailhost.example", addresses=(ELSEWHERE,))
    fact = tls("mx.mailhost.example", ELSEWHERE, old=False, days_left=9)
    greeted = StarttlsHost(name="mx.mailhost.example", address=ELSEWHERE, offered=True)
    found = host(
        seen(MailExchangers(null_mx=False, hosts=(mx,))),
        seen(MailStarttls(hosts=(greeted,))),
        seen(fact, Target(name="mx.mailhost.example", address=ELSEWHERE, port=25)),
    )
    assert (found.owner, found.why, found.asked) == (Owner.PROVIDER, "not-consented", ("mail",))
    assert found.signs == (Sign(how="exchanger", what="mx.mailhost.example", via="example.jp"),)


@pytest.mark.parametrize("confirmed", [True, False, None])
def test_a_reverse_name_counts_only_where_it_leads_back(*, confirmed: bool | None) -> None:
    reverse = Reverse(address=OWN, names=("mx.example.jp", "other.test"), confirmed=confirmed)
    mx = Exchanger(preference=10, name="mx.example.jp", addresses=(OWN,), reverse=(reverse,))
    found = host(seen(MailExchangers(null_mx=False, hosts=(mx,))))
    assert [sign.how for sign in found.signs] == [
        "named",
        "network",
        *(["reverse"] if confirmed else []),
        "exchanger",
    ]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ("v=spf1 ip4:9.9.9.9 -all", ["ip4:9.9.9.9"]),
        ("v=spf1 +ip4:9.9.9.0/24 -all", ["+ip4:9.9.9.0/24"]),
        ("v=spf1 ip4:9.9.0.0/16 ip4:0.0.0.0/0 -all", []),
        ("v=spf1 -ip4:9.9.9.9 ip4:9.9.9.9/24 ip4:x ip4: ip6:2001:db8::/32 a mx -all", []),
    ],
)
def test_a_sender_named_in_the_spf_record(record: str, told: list[str]) -> None:
    spf = MailSpf(status="valid", records=(record,), lookups=0, void_lookups=0, all="-", problems=())
    found = host(addresses("example.jp", ELSEWHERE), seen(spf))
    assert [sign.what for sign in found.signs if sign.how == "sender"] == told
    void = host(addresses("example.jp", ELSEWHERE), seen(replace(spf, status="permerror")))
    assert [sign.how for sign in void.signs] == ["named"]


def test_name_servers_of_the_applicants_and_of_others() -> None:
    zone = DnsZone(
        zone="example.jp",
        nameservers=(
            NameServer(name="ns1.example.jp", address=OWN, udp=True),
            NameServer(name="ns.provider.example", address=ELSEWHERE),
        ),
        parent_ns=None,
        child_ns=(),
        soa=None,
    )
    own, other = hosts(seen(zone))
    assert (own.owner, own.asked, [sign.how for sign in own.signs]) == (
        Owner.SELF,
        ("dns",),
        ["named", "network", "name-server"],
    )
    assert (other.owner, other.asked, [sign.how for sign in other.signs]) == (
        Owner.PROVIDER,
        (),
        ["name-server"],
    )


def test_where_a_site_pointed_to() -> None:
    """A name that is not consented is told of without an address; garbage is no name."""
    page = WebResponse(
        asked="http://www.example.jp/",
        url="https://www.example.jp/",
        status=302,
        redirects=(Redirect(url="http://www.example.jp/", status=301, location="https://www.example.jp/"),),
        headers=(),
        cookies=(),
        left_scope="https://shop.example.net/x",
        title=None,
        body_bytes=0,
        body_sha256="",
    )
    target = Target(name="www.example.jp", port=443, url="https://www.example.jp/")
    site, pointed = hosts(addresses("www.example.jp", OWN), seen(page, target))
    assert site.asked == ("web",)
    assert pointed == FootprintHost(
        address=None,
        names=("shop.example.net",),
        owner=Owner.PROVIDER,
        why="not-consented",
        detail="shop.example.net",
        signs=(Sign(how="redirect", what="https://shop.example.net/x", via="http://www.example.jp/"),),
        asked=(),
        excluded=False,
    )
    for garbage in ("https://[", "http://127.0.0.1/", "javascript:alert(1)", "\x1b[2J", ""):
        assert hosts(addresses("www.example.jp", OWN), seen(replace(page, left_scope=garbage), target)) == (
            site,
        )


def test_what_the_consent_excludes_is_told_and_was_not_asked() -> None:
    out = given_consent(excluded_names=("old.example.jp",), excluded_networks=(network("8.8.4.9/32"),))
    by_name, by_address = hosts(
        addresses("old.example.jp", ELSEWHERE),
        unseen(
            "tls.endpoint", Target(name="old.example.jp", address=ELSEWHERE, port=443), Reason.NOT_PERMITTED
        ),
        addresses("vpn.example.jp", "8.8.4.9"),
        under=out,
    )
    assert (by_name.names, by_name.excluded, by_name.asked) == (("old.example.jp",), True, ())
    assert (by_address.names, by_address.excluded, by_address.asked) == (("vpn.example.jp",), True, ())


def test_an_address_with_one_name_excluded_and_one_not_is_still_looked_at() -> None:
    out = given_consent(excluded_names=("old.example.jp",))
    found = host(addresses("old.example.jp", OWN), addresses("www.example.jp", OWN), under=out)
    assert (found.names, found.excluded) == (("old.example.jp", "www.example.jp"), False)


def test_an_excluded_name_that_was_never_resolved() -> None:
    out = given_consent(excluded_names=("www.example.jp",))
    place = Target(name="www.example.jp")
    found = host(
        addresses("example.jp", OWN), unseen("ports.host", place, Reason.NOT_PERMITTED), under=given_consent()
    )
    assert found.names == ("example.jp",)
    _, blind = hosts(
        addresses("example.jp", OWN), unseen("ports.host", place, Reason.NOT_PERMITTED), under=out
    )
    assert (blind.address, blind.names, blind.excluded) == (None, ("www.example.jp",), True)


@pytest.mark.parametrize("reason", list(Reason))
def test_asked_and_not_answered_is_asked(reason: Reason) -> None:
    found = host(unseen("ports.host", Target(name="example.jp", address=OWN), reason))
    unsent = {Reason.NOT_PERMITTED, Reason.BUDGET, Reason.CANCELLED, Reason.BUG}
    assert found.asked == (() if reason in unsent else ("ports",))


def test_the_nearest_owner_of_several_names_decides() -> None:
    """An address of a provider that a consented name leads to as well: hosted, not the provider's alone."""
    mx = Exchanger(preference=10, name="mx.mailhost.example", addresses=(ELSEWHERE,))
    found = host(seen(MailExchangers(null_mx=False, hosts=(mx,))), addresses("www.example.jp", ELSEWHERE))
    assert (found.owner, found.names) == (Owner.SELF, ("mx.mailhost.example", "www.example.jp"))


def test_it_is_written_and_read_back() -> None:
    observed = footprint(
        [addresses("www.example.jp", OWN)], Scope(consent=given_consent(), providers=()), at=NOW
    )
    (one,) = observed
    assert one.target == Target(name="www.example.jp", address=OWN)
    assert document.read_observation(document.observation(one)) == one


@given(st.permutations(range(4)))
def test_the_order_of_the_observations_is_nothing(order: list[int]) -> None:
    mx = Exchanger(preference=10, name="mx.example.jp", addresses=(OWN, ELSEWHERE))
    every = [
        addresses("example.jp", OWN, "8.8.4.11"),
        addresses("www.example.jp", ELSEWHERE, aliases=("edge.test",)),
        seen(MailExchangers(null_mx=False, hosts=(mx,))),
        unseen("ports.host", Target(address=OWN), Reason.TIMEOUT),
    ]
    assert hosts(*(every[number] for number in order)) == hosts(*every)
