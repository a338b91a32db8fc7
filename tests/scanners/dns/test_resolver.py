"""The resolver: answers are facts, failures are failures, and nothing is shared."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from posture.core.errors import PostureError, RefusedError
from posture.core.observations import Reason
from scanners.context import Context, Options
from scanners.dns import resolver as resolving
from scanners.dns.resolver import Answer, Resolver
from scanners.net.failure import NetFailure
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, lab_consent, lab_context, patience
from tests.support.dns_server import DnsServer

ZONE = """
@ A 127.0.0.1
@ AAAA ::1
@ TXT "one" "two"
www CNAME web
web A 127.0.0.2
away CNAME gone.example.com.
lost CNAME nothing
a CNAME b
b CNAME a
deep.under A 127.0.0.3
*.wild A 127.0.0.4
"""


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE)
        yield server


def query(context: Context, name: str, rdtype: str = "A") -> Answer:
    return ask(context, lambda c: c.resolver.query(name, rdtype))


def failure(context: Context, name: str, rdtype: str = "A") -> Reason:
    with pytest.raises(NetFailure) as caught:
        query(context, name, rdtype)
    return caught.value.reason


def texts(answer: Answer) -> list[str]:
    return [record.to_text() for record in answer.records]


def test_records_are_an_answer(server: DnsServer) -> None:
    answer = query(lab_context(server), "example.jp")
    assert (answer.exists, texts(answer), answer.aliases, answer.canonical) == (
        True,
        ["127.0.0.1"],
        (),
        "example.jp",
    )


def test_nodata_is_not_nxdomain(server: DnsServer) -> None:
    nodata = query(lab_context(server), "example.jp", "CAA")
    nxdomain = query(lab_context(server), "nowhere.example.jp", "CAA")
    assert (nodata.exists, nodata.records) == (True, ())
    assert (nxdomain.exists, nxdomain.records) == (False, ())


def test_a_name_with_only_names_below_it_exists(server: DnsServer) -> None:
    assert query(lab_context(server), "under.example.jp").exists


def test_aliases_are_followed_and_kept(server: DnsServer) -> None:
    answer = query(lab_context(server), "www.example.jp")
    assert (texts(answer), answer.aliases, answer.canonical) == (
        ["127.0.0.2"],
        ("web.example.jp",),
        "web.example.jp",
    )


def test_an_alias_into_nothing_does_not_exist(server: DnsServer) -> None:
    answer = query(lab_context(server), "away.example.jp")
    assert (answer.exists, answer.records, answer.aliases) == (False, (), ("gone.example.com",))


def test_an_alias_loop_is_a_failure(server: DnsServer) -> None:
    assert failure(lab_context(server), "a.example.jp") is Reason.DNS_FAILURE


def test_an_alias_chain_has_an_end(server: DnsServer) -> None:
    chain = "\n".join(f"n{i} CNAME n{i + 1}" for i in range(20))
    server.zone("long.jp", f"{chain}\nn20 A 127.0.0.1")
    assert failure(lab_context(server), "n0.long.jp") is Reason.DNS_FAILURE
    assert texts(query(lab_context(server), "n12.long.jp")) == ["127.0.0.1"]


def test_an_answer_that_ends_with_an_alias_is_completed() -> None:
    """An authoritative server used as resolver does not look outside its zone; the next question does."""
    with DnsServer() as server:
        server.zone("example.jp", "www CNAME host.example.net.")
        server.zone("example.net", "host A 127.0.0.9")
        server.behave(_only_first_alias, "www.example.jp")
        answer = query(lab_context(server), "www.example.jp")
    assert (texts(answer), answer.aliases) == (["127.0.0.9"], ("host.example.net",))


def _only_first_alias(asked: misbehave.Asked) -> misbehave.Reply:
    response = asked.answer()
    del response.answer[1:]
    return response


def test_a_wildcard_answers(server: DnsServer) -> None:
    assert texts(query(lab_context(server), "any.wild.example.jp")) == ["127.0.0.4"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (misbehave.SERVFAIL, Reason.DNS_FAILURE),
        (misbehave.REFUSED, Reason.DNS_FAILURE),
        (misbehave.SILENT, Reason.TIMEOUT),
        (misbehave.GARBAGE, Reason.PROTOCOL_GARBAGE),
        (misbehave.CUT, Reason.RESET),
    ],
)
def test_failures_are_never_answers(
    server: DnsServer, behaviour: misbehave.Behaviour, reason: Reason
) -> None:
    server.behave(behaviour, "example.jp", "A")
    context = lab_context(server, timeout=patience(reason.value))
    assert failure(context, "example.jp", "A") is reason


def test_a_failing_type_leaves_the_others_alone(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL, "example.jp", "CAA")
    context = lab_context(server)

    async def both(context: Context) -> tuple[Answer | NetFailure, Answer | NetFailure]:
        return await asyncio.gather(
            context.resolver.attempt("example.jp", "CAA"), context.resolver.attempt("example.jp", "A")
        )

    caa, a = ask(context, both)
    assert isinstance(caa, NetFailure)
    assert isinstance(a, Answer)


def test_a_dead_port_is_refused() -> None:
    with DnsServer(recursive=True) as server:
        pass
    assert failure(lab_context(server), "example.jp") is Reason.REFUSED


def test_a_referral_is_no_negative_answer() -> None:
    with DnsServer() as server:
        server.zone("jp", "example NS ns.example")
        assert failure(lab_context(server), "example.jp", "CAA") is Reason.DNS_FAILURE


def test_a_second_resolver_is_asked_when_the_first_fails(server: DnsServer) -> None:
    with DnsServer(recursive=True) as broken:
        broken.behave(misbehave.SERVFAIL)
        answer = query(lab_context(broken, server), "example.jp")
        assert texts(answer) == ["127.0.0.1"]
        assert broken.asked("example.jp") == 1


def test_a_resolver_that_failed_is_asked_last(server: DnsServer) -> None:
    with DnsServer(recursive=True) as silent:
        silent.behave(misbehave.SILENT)
        context = lab_context(silent, server, timeout=2.0)

        async def two(context: Context) -> None:
            await context.resolver.query("example.jp", "A")
            await context.resolver.query("example.jp", "TXT")

        ask(context, two)
        assert (silent.asked(), server.asked()) == (1, 2)


def test_what_is_cut_short_comes_whole_over_tcp(server: DnsServer) -> None:
    server.zone("big.jp", "\n".join(f'@ TXT "{"x" * 200}{i}"' for i in range(280)))
    answer = query(lab_context(server), "big.jp", "TXT")
    assert len(answer.records) == 280
    assert server.asked("big.jp", "TXT", "tcp") == 1


def test_a_server_without_edns_is_understood(server: DnsServer) -> None:
    server.behave(misbehave.NO_EDNS)
    assert texts(query(lab_context(server), "example.jp")) == ["127.0.0.1"]


def test_a_forged_answer_is_ignored(server: DnsServer) -> None:
    server.behave(misbehave.SPOOFED)
    assert texts(query(lab_context(server), "example.jp")) == ["127.0.0.1"]


def test_one_question_is_asked_once(server: DnsServer) -> None:
    context = lab_context(server)

    async def many(context: Context) -> None:
        await asyncio.gather(*(context.resolver.query("EXAMPLE.jp", "A") for _ in range(20)))
        await context.resolver.query("example.jp.", "A")

    ask(context, many)
    assert server.asked() == 1


def test_a_failure_is_remembered_too(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL)
    context = lab_context(server)

    async def twice(context: Context) -> None:
        for _ in range(2):
            assert isinstance(await context.resolver.attempt("example.jp", "A"), NetFailure)

    ask(context, twice)
    assert server.asked() == len(resolving.ROUNDS)


def test_the_budget_of_one_observer_takes_nothing_from_another(server: DnsServer) -> None:
    context = lab_context(server)

    async def race(context: Context) -> Answer:
        impatient = asyncio.create_task(context.resolver.query("example.jp", "A"))
        patient = asyncio.create_task(context.resolver.query("example.jp", "A"))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    assert texts(ask(context, race)) == ["127.0.0.1"]


def test_two_assessments_never_share_answers(server: DnsServer) -> None:
    with DnsServer(recursive=True) as other:
        other.zone("example.jp", "@ A 127.0.0.99")
        first, second = lab_context(server), lab_context(other)

        async def both(_: Context) -> tuple[Answer, Answer]:
            return await asyncio.gather(
                first.resolver.query("example.jp", "A"), second.resolver.query("example.jp", "A")
            )

        one, two = ask(first, both)
    assert (texts(one), texts(two)) == (["127.0.0.1"], ["127.0.0.99"])


def test_the_number_of_questions_is_bounded(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "MAX_QUERIES", 3)
    context = lab_context(server)

    async def flood(context: Context) -> list[Answer | NetFailure]:
        return [await context.resolver.attempt(f"n{i}.example.jp", "A") for i in range(5)]

    reasons = [item.reason for item in ask(context, flood) if isinstance(item, NetFailure)]
    assert reasons == [Reason.BUDGET, Reason.BUDGET]
    assert server.asked() == 3


def test_nobody_waits_for_ever_for_a_dead_resolver(server: DnsServer) -> None:
    server.behave(misbehave.SILENT)
    context = lab_context(server, timeout=0.2)

    async def many(context: Context) -> list[Answer | NetFailure]:
        names = [f"n{i}.example.jp" for i in range(200)]
        return await asyncio.gather(*(context.resolver.attempt(name, "A") for name in names))

    found = ask(context, many)
    assert {item.reason for item in found if isinstance(item, NetFailure)} == {Reason.TIMEOUT}
    assert len(found) == 200
    assert server.asked() <= (resolving.MAX_IN_FLIGHT + resolving.GIVE_UP) * len(resolving.ROUNDS)


def test_a_resolver_that_answered_once_is_waited_for(server: DnsServer) -> None:
    server.behave(misbehave.SILENT)
    server.behave(misbehave.SERVFAIL, "example.jp", "A")
    context = lab_context(server, timeout=0.2)

    async def many(context: Context) -> None:
        await context.resolver.attempt("example.jp", "A")
        for batch in range(2):
            names = [f"n{batch}-{i}.example.jp" for i in range(resolving.GIVE_UP)]
            await asyncio.gather(*(context.resolver.attempt(name, "A") for name in names))

    ask(context, many)
    assert server.asked() == (1 + 2 * resolving.GIVE_UP) * len(resolving.ROUNDS)


def test_addresses_are_pinned(server: DnsServer) -> None:
    context = lab_context(server)
    fact = ask(context, lambda c: c.resolver.addresses("example.jp"))
    assert (fact.ipv4, fact.ipv6, fact.exists) == (("127.0.0.1",), ("::1",), True)
    assert context.gateway.pinned("example.jp") == ("127.0.0.1", "::1")


def test_one_family_may_fail_alone(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL, "example.jp", "AAAA")
    fact = ask(lab_context(server), lambda c: c.resolver.addresses("example.jp"))
    assert (fact.ipv4, fact.ipv6) == (("127.0.0.1",), None)


def test_a_given_address_stands_for_the_target_only(server: DnsServer) -> None:
    context = lab_context(server, address="127.0.0.77")
    own = ask(context, lambda c: c.resolver.addresses("example.jp"))
    other = ask(context, lambda c: c.resolver.addresses("www.example.jp"))
    assert (own.all, other.all) == (("127.0.0.77",), ("127.0.0.2",))


def test_a_route_gives_an_address_to_a_name_that_has_none(server: DnsServer) -> None:
    context = lab_context(server, routes=["mx.example.jp:25=127.0.0.5:2525"])
    assert ask(context, lambda c: c.resolver.reach("mx.example.jp", 25)).all == ("127.0.0.5",)
    assert ask(context, lambda c: c.resolver.reach("www.example.jp", 25)).all == ("127.0.0.2",)


#: The names' own addresses are public here, and the consent's network is somewhere else on loopback.
PUBLIC = """
@ A 8.8.8.8
@ AAAA 2001:4860:4860::8888
www A 8.8.4.4
"""


def _outside(server: DnsServer, *, routes: tuple[str, ...] = (), address: str | None = None) -> Context:
    server.zone("example.jp", PUBLIC)
    return lab_context(
        server, routes=routes, address=address, consent=lab_consent(networks=("127.0.0.64/26",))
    )


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "127.0.0.77"])
def test_a_given_address_that_is_the_names(address: str, server: DnsServer) -> None:
    context = _outside(server, address=address)
    ask(context, lambda c: c.resolver.confirm())
    assert ask(context, lambda c: c.resolver.addresses("example.jp")).all == (address,)
    assert context.gateway.pinned("example.jp") == (address,)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("address", ["9.9.9.9", "8.8.4.4", "127.0.0.2"])
def test_a_given_address_that_is_a_strangers(address: str, broken: bool, server: DnsServer) -> None:  # noqa: FBT001
    context = _outside(server, address=address)
    if broken:
        server.behave(misbehave.SERVFAIL)
    with pytest.raises(NetFailure) as failed:
        ask(context, lambda c: c.resolver.addresses("example.jp"))
    assert failed.value.reason is (Reason.DNS_FAILURE if broken else Reason.NOT_PERMITTED)
    assert context.gateway.pinned("example.jp") == ()
    with pytest.raises(RefusedError) as refused:
        ask(_outside(server, address=address), lambda c: c.resolver.confirm())
    assert refused.value.code == "address-unconfirmed"
    assert address in refused.value.message


@pytest.mark.parametrize("route", ["www.example.jp:443=8.8.4.4:8443", "gone.example.jp:443=127.0.0.77:443"])
def test_a_route_to_a_place_of_the_names(route: str, server: DnsServer) -> None:
    ask(_outside(server, routes=(route,)), lambda c: c.resolver.confirm())


@pytest.mark.parametrize("name", ["www.example.jp", "gone.example.jp", "mx.example.net"])
def test_a_route_to_a_stranger(name: str, server: DnsServer) -> None:
    route = f"{name}:443=9.9.9.9:443"
    with pytest.raises(RefusedError) as refused:
        ask(_outside(server, routes=(route,)), lambda c: c.resolver.confirm())
    assert refused.value.code == "address-unconfirmed"
    if name != "www.example.jp":
        with pytest.raises(NetFailure) as failed:
            ask(_outside(server, routes=(route,)), lambda c: c.resolver.reach(name, 443))
        assert failed.value.reason is Reason.NOT_PERMITTED


def test_places_in_the_consents_networks_need_no_question(server: DnsServer) -> None:
    context = lab_context(server, address="127.0.0.77", routes=["www.example.jp:443=127.0.0.5:8443"])
    ask(context, lambda c: c.resolver.confirm())
    assert server.asked() == 0


def test_without_consent_no_question_is_asked(server: DnsServer) -> None:
    later = datetime.fromisoformat("2028-01-01T00:00:00+00:00")
    assert failure(lab_context(server, at=later), "example.jp") is Reason.NOT_PERMITTED
    assert server.asked() == 0


def test_a_system_without_resolver_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "resolv.conf"
    empty.write_text("search example.jp\n", encoding="utf-8")
    monkeypatch.setattr(resolving, "_SYSTEM", str(empty))
    with pytest.raises(PostureError) as caught:
        Resolver(lab_context(DnsServer()).gateway, Options())
    assert caught.value.code == "no-resolver"


def test_the_systems_resolvers_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "resolv.conf"
    lines = "".join(f"nameserver 127.0.0.{i}\n" for i in range(1, 6))
    others = (
        "# nameserver 192.0.2.1\n;nameserver 192.0.2.2\nnameserver\nnameserver localhost\noptions edns0\n"
    )
    system.write_text(others + lines, encoding="utf-8")
    monkeypatch.setattr(resolving, "_SYSTEM", str(system))
    resolver = Resolver(lab_context(DnsServer()).gateway, Options())
    assert [server.address for server in resolver._servers] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


def test_a_resolver_behind_an_interface_that_is_gone_is_not_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What router advertisements write into resolv.conf names an interface (RFC 4007 §11)."""
    system = tmp_path / "resolv.conf"
    system.write_text("nameserver ::1%gone0\n", encoding="utf-8")
    monkeypatch.setattr(resolving, "_SYSTEM", str(system))
    assert failure(lab_context(), "example.jp") is Reason.UNREACHABLE
