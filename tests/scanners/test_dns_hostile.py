"""DNS and mail areas against what the network does at its worst: right outcome, bounded questions.

The limits are constants of the code: the resolver's `MAX_QUERIES`, `MAX_IN_FLIGHT`, `GIVE_UP`, `MAX_ALIASES`,
each question sent at most `len(ROUNDS)` times to each resolver; SPF's `MAX_TERMS`. Time follows from them: a
question takes at most `options.timeout`, and an observation `options.budget`.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from posture.core.observations import Observation, Seen, Unseen
from scanners import dns, mail
from scanners.context import Context
from scanners.dns.resolver import GIVE_UP, MAX_ALIASES, MAX_IN_FLIGHT, ROUNDS
from scanners.mail.spf import MAX_TERMS
from tests.support import dns_server as misbehave
from tests.support.dns_chaos import Chaos
from tests.support.dns_lab import ask, lab_context
from tests.support.dns_server import DnsServer

NS = "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.2\n"
MAIL = '@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1\\; p=reject"\n'
ZONE = NS + "@ A 127.0.0.9\n" + MAIL
#: Datagrams by which both areas ask about a plain domain, each sent anew in each round where the machine is
#: too busy to answer at once; more is not asked of one however it answers.
PLAIN = 220 * len(ROUNDS)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE)
        yield server


def scan(context: Context) -> dict[str, Observation[Any]]:
    """Both areas; the first observation of each kind."""

    async def both(c: Context) -> list[Observation[Any]]:
        return [*await dns.scan(c, "example.jp"), *await mail.probe(c, "example.jp")]

    found: dict[str, Observation[Any]] = {}
    for observation in ask(context, both):
        found.setdefault(observation.kind, observation)
    assert context.faults == []
    assert found.keys() >= {*dns.KINDS, *mail.KINDS}
    return found


def lab(*resolvers: DnsServer, **options: Any) -> Context:
    server = resolvers[-1]
    routes = [f"ns{i}.example.jp:53=127.0.0.1:{server.port}" for i in (1, 2)]
    return lab_context(*resolvers, routes=routes, **{"timeout": 1.0} | options)


def value(found: dict[str, Observation[Any]], kind: str) -> Any:
    result = found[kind].result
    assert isinstance(result, Seen), (kind, result)
    return result.value


def unseen(found: dict[str, Observation[Any]]) -> dict[str, str]:
    return {kind: obs.result.reason.value for kind, obs in found.items() if isinstance(obs.result, Unseen)}


def test_a_plain_domain(server: DnsServer) -> None:
    found = scan(lab(server))
    assert unseen(found) == {}
    assert server.asked() <= PLAIN


def test_a_resolver_that_is_down(server: DnsServer) -> None:
    server.behave(misbehave.SILENT)
    found = scan(lab(server, timeout=0.3))
    told = {kind: obs.result.value.status for kind, obs in found.items() if isinstance(obs.result, Seen)}
    assert set(told.values()) == {"indeterminate", "temperror"}
    assert set(unseen(found).values()) == {"timeout"}
    assert server.asked() <= (GIVE_UP + MAX_IN_FLIGHT) * len(ROUNDS)


def test_half_of_the_resolvers_down(server: DnsServer) -> None:
    with DnsServer(recursive=True) as dead:
        dead.behave(misbehave.SILENT)
        found = scan(lab(dead, server, timeout=2.0))
        # Asked first until it has failed, by everybody who was in flight then; afterwards only the other one.
        assert dead.asked() <= MAX_IN_FLIGHT
    assert unseen(found) == {}
    assert value(found, "mail.spf").status == "valid"


def test_half_of_the_name_servers_down(server: DnsServer) -> None:
    with DnsServer(address="127.0.0.2") as dead:
        dead.behave(misbehave.SILENT)
        routes = [
            f"ns1.example.jp:53=127.0.0.1:{server.port}",
            f"ns2.example.jp:53=127.0.0.2:{dead.port}",
        ]
        found = scan(lab_context(server, routes=routes, timeout=0.6))
    first, second = value(found, "dns.zone").nameservers
    assert (first.udp, first.tcp, second.udp, second.tcp) == (True, True, False, False)
    assert (second.serial, second.transfer, second.recursion, second.mx) == (None, None, None, None)
    assert unseen(found) == {}


@pytest.mark.parametrize(
    ("rdtype", "lost", "open_status"),
    [
        ("CAA", {"dns.caa": "dns-failure"}, {}),
        ("SOA", {"dns.zone": "dns-failure"}, {}),
        ("MX", dict.fromkeys(("mail.exchangers", "mail.tlsa", "mail.starttls"), "dns-failure"), {}),
        ("DNSKEY", {}, {"dnssec.chain": "indeterminate"}),
        ("TXT", {"mail.dkim": "dns-failure"},
         dict.fromkeys(("mail.spf", "mail.dmarc", "mail.mta_sts", "mail.tls_rpt", "mail.bimi"), "temperror")),
    ],
)  # fmt: skip
def test_servfail_on_one_type_alone(
    server: DnsServer, rdtype: str, lost: dict[str, str], open_status: dict[str, str]
) -> None:
    server.behave(misbehave.SERVFAIL, rdtype=rdtype)
    found = scan(lab(server))
    assert unseen(found) == lost
    for kind, status in open_status.items():
        assert value(found, kind).status == status
    assert server.asked() <= PLAIN


def test_every_answer_cut_short(server: DnsServer) -> None:
    server.behave(misbehave.TRUNCATED)
    found = scan(lab(server, timeout=3.0))
    assert unseen(found) == {}
    assert value(found, "mail.spf").records == ("v=spf1 -all",)


def test_texts_cut_short_and_no_way_to_get_the_rest(server: DnsServer) -> None:
    server.behave(misbehave.CUT, rdtype="TXT")
    found = scan(lab(server))
    assert value(found, "mail.spf").status == "temperror"
    assert value(found, "mail.dmarc").status == "temperror"
    assert unseen(found) == {"mail.dkim": "reset"}


def test_sixty_kilobytes_of_text(server: DnsServer) -> None:
    noise = "".join(f'@ TXT "{number:03}{"x" * 240}"\n' for number in range(240))
    server.zone("example.jp", ZONE + noise)
    found = scan(lab(server, timeout=3.0))
    assert (value(found, "mail.spf").status, value(found, "mail.spf").all) == ("valid", "-")
    assert server.asked() <= PLAIN + 20  # what did not fit is asked once more over TCP


def test_aliases_that_lead_round(server: DnsServer) -> None:
    loops = "www CNAME mail\nmail CNAME www\n_dmarc.loop CNAME _dmarc.loop\n@ MX 10 www\n"
    server.zone("example.jp", NS + "@ A 127.0.0.9\n" + loops + '@ TXT "v=spf1 a:www.example.jp mx -all"\n')
    found = scan(lab(server))
    assert value(found, "mail.spf").status == "temperror"
    assert [host.addresses for host in value(found, "mail.exchangers").hosts] == [None]
    assert server.asked() <= PLAIN


def test_a_long_chain_of_aliases_has_an_end(server: DnsServer) -> None:
    chain = "".join(f"c{i} CNAME c{i + 1}\n" for i in range(40)) + "c40 A 127.0.0.9\n@ MX 10 c0\n"
    server.zone("example.jp", NS + chain)
    assert MAX_ALIASES < 40
    assert [host.addresses for host in value(scan(lab(server)), "mail.exchangers").hosts] == [None]


def test_a_bomb_of_includes(server: DnsServer) -> None:
    """Ten includes in each of a thousand records: ten thousand lookups for whoever follows them all."""
    terms = " ".join(f"include:b%d{i}.example.jp".replace("%d", "{n}") for i in range(10))
    records = ["@ TXT " + _strings("v=spf1 " + terms.format(n="") + " -all")]
    for first in [*range(10), *range(100)]:
        text = "v=spf1 " + terms.format(n=f"{first}x") + " -all"
        records += [f"b{first} TXT {_strings(text)}", f"b{first}x TXT {_strings(text)}"]
    records += [
        f"b{a}x{b} TXT {_strings('v=spf1 include:b5.example.jp -all')}" for a in range(10) for b in range(10)
    ]
    server.zone("example.jp", NS + "\n".join(dict.fromkeys(records)) + "\n")
    found = scan(lab(server))
    fact = value(found, "mail.spf")
    assert (fact.status, fact.lookups) == ("permerror", MAX_TERMS)
    assert "too-many-lookups" in fact.problems
    assert server.asked() <= PLAIN + MAX_TERMS


def _strings(text: str) -> str:
    return '"' + '" "'.join(text[i : i + 200] for i in range(0, len(text), 200)) + '"'


def test_everything_exists(server: DnsServer) -> None:
    wild = '* A 127.0.0.77\n* MX 10 trap\n* TXT "v=DMARC1\\; p=none" "hello"\n@ MX 10 mx\nmx A 127.0.0.9\n'
    server.zone("example.jp", NS + "@ A 127.0.0.9\n" + wild)
    found = scan(lab(server))
    names = value(found, "dns.dangling")
    assert (names.wildcard, names.wildcard_mx, names.pointers) == (
        ("127.0.0.77",),
        ("trap.example.jp",),
        names.pointers,
    )
    dkim = value(found, "mail.dkim")
    assert (dkim.selectors, dkim.wildcard) == ((), True)
    assert value(found, "mail.tls_rpt").status == "none"
    assert value(found, "mail.mta_sts").status == "none"
    assert value(found, "mail.bimi").status == "none"
    assert server.asked() <= PLAIN + 20


#: Names that no resolver can be asked for once something stands before them, and names that look like none.
LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 44, "example", "net"])
ODD = r"a\.b\032\000\255\;%{i}.[::1].example.net."


@pytest.mark.parametrize("name", [f"{LONG}.", ODD, r"\\.", r"*.*.example.jp.", "127.0.0.1."])
def test_names_that_break_whoever_takes_them_as_they_are(server: DnsServer, name: str) -> None:
    """In MX, NS, CNAME and SOA: unseen or odd, never our own fault (`scan` looks)."""
    soa = f"@ SOA {name} {name} 1 1 1 1 1\n"
    records = f"@ NS {name}\n@ MX 10 {name}\nwww CNAME {name}\n_dmarc CNAME {name}\n@ A 127.0.0.9\n"
    server.zone("example.jp", soa + records, soa=None)
    scan(lab(server))


@pytest.mark.parametrize(
    ("owner", "text"),
    [
        ("@", f"v=spf1 include:{'a' * 64}.jp a:{LONG}.{LONG} exists:%{{l}}.{LONG} -all"),
        ("@", "v=spf1 redirect=" + "a." * 130 + "jp"),
        ("@", "v=spf1 include:selector.%{d}.%{d}.%{d}.example.jp mx:" + "b" * 64 + ".jp/33//129 -all"),
        ("_dmarc", f"v=DMARC1; p=reject; rua=mailto:a@{LONG},mailto:b@{'x' * 64}.jp,mailto:c@..jp"),
        ("_dmarc", r"v=DMARC1; p=reject; rua=mailto:\000@\255.jp, https://[::1"),
        ("_smtp._tls", f"v=TLSRPTv1; rua=mailto:t@{LONG},https://[::1"),
        ("default._bimi", "v=BIMI1; l=https://[::1; a=https://\\000/"),
        ("default._domainkey", "v=DKIM1; k=rsa; p=" + "A" * 4000),
        ("default._domainkey", "v=DKIM1; k=rsa; p=MIIB"),
    ],
)
def test_texts_that_lead_to_such_names(server: DnsServer, owner: str, text: str) -> None:
    quoted = _strings(text.replace("\\", "\\\\"))
    server.zone("example.jp", f"{NS}@ A 127.0.0.9\n{owner} TXT {quoted}\n")
    scan(lab(server))


def test_exchangers_named_to_make_selectors_too_long(server: DnsServer) -> None:
    """A tenant's name of 63 octets in the exchanger makes a selector that is none."""
    tenant = "t" * 63
    server.zone("example.jp", f"{NS}@ A 127.0.0.9\n@ MX 10 {tenant}.mail.protection.outlook.com.\n")
    fact = value(scan(lab(server)), "mail.dkim")
    assert not any(tenant in name and len(name) > 63 for name in fact.selectors_checked)


@pytest.mark.parametrize("seed", [0, 3, 6, 24, 26, 35])
def test_a_server_that_says_anything(seed: int) -> None:
    """Records of the wrong kind, names of any octets, broken messages; four of these worlds once broke us."""
    with DnsServer(recursive=True) as chaotic:
        chaotic.behave(Chaos(seed=seed).answer)
        scan(lab(chaotic, timeout=0.3))
