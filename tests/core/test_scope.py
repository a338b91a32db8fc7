"""The only source of permits: who may be looked at, how deep, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core.consent import Authority, Basis, Consent, Technique
from posture.core.findings import Owner
from posture.core.scope import Depth, Permit, Provider, Refusal, RefusalReason, Scope
from posture.core.targets import Target, address, network
from tests.support.web import NOW, consent

CDN = Provider(
    name="Example CDN", kind="cdn", networks=(network("198.41.0.0/16"),), names=("cdn.example.net",)
)
CONSENT = consent("example.jp", networks=("8.8.4.0/24",), exclude=("old.example.jp",))
SCOPE = Scope(consent=CONSENT, providers=(CDN,))
WWW = Target(name="www.example.jp", address="8.8.8.8", port=443)

DISGUISES = st.sampled_from(["::ffff:{}", "64:ff9b::{}"])


def permit(target: Target, technique: Technique = Technique.WEB, scope: Scope = SCOPE) -> Permit:
    answer = scope.permit(target, technique, NOW)
    assert isinstance(answer, Permit), answer
    return answer


def refusal(target: Target, technique: Technique = Technique.WEB, scope: Scope = SCOPE) -> RefusalReason:
    answer = scope.permit(target, technique, NOW)
    assert isinstance(answer, Refusal), answer
    assert answer.detail
    assert (answer.target, answer.technique) == (target, technique)
    return answer.reason


def contact(target: Target, technique: Technique = Technique.TLS, scope: Scope = SCOPE) -> Permit | Refusal:
    return scope.permit_contact(target, technique, NOW, why="mx")


def scope_of(**changes: object) -> Scope:
    changed: Consent = replace(CONSENT, **changes)  # type: ignore[arg-type] # fields by name
    return Scope(consent=changed, providers=(CDN,))


def test_only_a_scope_makes_permits() -> None:
    made = permit(WWW)
    with pytest.raises(ValueError, match=r"comes from Scope\.permit"):
        Permit(
            target=made.target,
            technique=made.technique,
            depth=made.depth,
            owner=made.owner,
            why=made.why,
            valid_until=made.valid_until,
            consent=made.consent,
            seal=object(),
        )
    assert (made.depth, made.owner, made.why) == (Depth.FULL, Owner.SELF, "consented-name")
    assert made.valid_until == CONSENT.valid_until
    assert made.consent == CONSENT.digest


@pytest.mark.parametrize("technique", list(Technique))
def test_a_consented_name_on_its_own_address_may_be_looked_at_in_full(technique: Technique) -> None:
    assert permit(WWW, technique).depth is Depth.FULL


def test_the_period_includes_its_beginning_and_not_its_end() -> None:
    start, end = CONSENT.valid_from, CONSENT.valid_until
    tick = timedelta(microseconds=1)
    for at, reason in (
        (start - tick, RefusalReason.NOT_YET_VALID),
        (start, None),
        (end - tick, None),
        (end, RefusalReason.EXPIRED),
    ):
        for answer in (
            SCOPE.permit(WWW, Technique.WEB, at),
            SCOPE.permit_contact(
                Target(name="mx.example.net", address="9.9.9.9"), Technique.TLS, at, why="mx"
            ),
            SCOPE.permit_query(Target(address="9.9.9.9"), at, why="ns"),
        ):
            assert (answer.reason if isinstance(answer, Refusal) else None) is reason


@pytest.mark.parametrize("technique", list(Technique))
def test_a_technique_that_was_not_granted_is_used_on_nobody(technique: Technique) -> None:
    narrow = scope_of(techniques=frozenset(Technique) - {technique})
    assert refusal(WWW, technique, narrow) is RefusalReason.TECHNIQUE
    answer = contact(Target(name="mx.example.net", address="9.9.9.9", port=25), technique, narrow)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.TECHNIQUE


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Target(name="example.com", address="8.8.8.8"), RefusalReason.NOT_CONSENTED),
        (Target(name="badexample.jp", address="8.8.8.8"), RefusalReason.NOT_CONSENTED),
        (Target(address="8.8.8.8"), RefusalReason.NOT_CONSENTED),
        (Target(), RefusalReason.NOT_CONSENTED),
        (Target(name="old.example.jp", address="8.8.8.8"), RefusalReason.EXCLUDED),
        (Target(name="a.old.example.jp", address="8.8.4.4"), RefusalReason.EXCLUDED),
        (Target(name="www.example.jp", address="10.0.0.1"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="127.0.0.1"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="169.254.169.254"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="::ffff:127.0.0.1"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="64:ff9b::a00:1"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="fe80::5efe:8.8.8.8"), RefusalReason.NOT_PUBLIC),
        (Target(name="www.example.jp", address="ff02::1"), RefusalReason.NOT_PUBLIC),
    ],
)
def test_refusals(target: Target, reason: RefusalReason) -> None:
    assert refusal(target) is reason


def test_a_named_network_may_be_private() -> None:
    lab = scope_of(networks=(network("10.0.0.0/24"),))
    assert permit(Target(address="10.0.0.7"), Technique.PORTS, lab).owner is Owner.SELF
    assert refusal(Target(name="www.example.jp", address="10.0.1.7"), scope=lab) is RefusalReason.NOT_PUBLIC
    assert (
        refusal(Target(name="www.example.jp", address="::ffff:10.0.0.7"), scope=lab)
        is RefusalReason.NOT_PUBLIC
    )


@given(st.ip_addresses(v=4), DISGUISES)
def test_an_excluded_address_is_out_however_it_is_written(addr: object, form: str) -> None:
    narrow = scope_of(networks=(), excluded_networks=(network(f"{addr}/32"),))
    for text in (str(addr), form.format(addr)):
        target = Target(name="www.example.jp", address=str(address(text)))
        assert refusal(target, scope=narrow) is RefusalReason.EXCLUDED


@given(st.ip_addresses(), st.sampled_from(list(Technique)))
def test_no_full_permit_for_an_address_outside_the_networks_without_a_name(
    addr: object, technique: Technique
) -> None:
    answer = SCOPE.permit(Target(address=str(addr)), technique, NOW)
    assert isinstance(answer, Permit) == (address(str(addr)) in network("8.8.4.0/24"))


# Ports


def test_ports_named_in_the_consent_bound_every_technique_but_its_own_ports() -> None:
    narrow = scope_of(ports="22,U:161")

    def at(port: int) -> Target:
        return replace(WWW, port=port)

    permit(at(22), Technique.SERVICES, narrow)
    permit(at(443), Technique.TLS, narrow)
    permit(at(80), Technique.WEB, narrow)
    permit(at(25), Technique.MAIL, narrow)
    assert refusal(at(8443), Technique.TLS, narrow) is RefusalReason.PORT
    assert refusal(at(443), Technique.SERVICES, narrow) is RefusalReason.PORT
    permit(at(161), Technique.PORTS, narrow)
    assert refusal(at(161), Technique.SERVICES, narrow) is RefusalReason.PORT
    permit(at(8443), Technique.TLS)


# Whose is it?


@pytest.mark.parametrize("text", ["198.41.1.1", "::ffff:198.41.1.1", "64:ff9b::c629:101"])
def test_a_name_on_a_providers_address_is_hosted(text: str) -> None:
    target = Target(name="www.example.jp", address=str(address(text)), port=443)
    made = permit(target)
    assert (made.owner, made.depth, made.why) == (Owner.HOSTED, Depth.ORDINARY, "provider-list")
    for technique in (Technique.PORTS, Technique.SERVICES, Technique.AUTH_METHODS):
        assert refusal(target, technique) is RefusalReason.THIRD_PARTY
    assert refusal(replace(target, port=8443), Technique.TLS) is RefusalReason.PORT


def test_an_address_the_applicant_names_is_its_own_even_at_a_provider() -> None:
    scope = scope_of(networks=(network("198.41.1.1/32"),))
    assert (
        permit(Target(name="www.example.jp", address="198.41.1.1"), Technique.PORTS, scope).owner
        is Owner.SELF
    )


def test_what_is_declared_hosted_is_never_swept() -> None:
    hosted = Authority(domains=("shop.example.jp",), networks=(network("8.8.4.0/25"),), basis=Basis.HOSTED)
    rest = Authority(domains=("example.jp",), networks=(network("8.8.4.0/24"),), basis=Basis.OWN)
    for authority in ((hosted, rest), (rest, hosted)):
        scope = scope_of(authority=authority)
        for target in (
            Target(name="shop.example.jp", address="8.8.8.8"),
            Target(name="www.example.jp", address="8.8.4.4"),
            Target(address="8.8.4.4"),
        ):
            assert permit(target, scope=scope).owner is Owner.HOSTED
            assert refusal(target, Technique.PORTS, scope) is RefusalReason.THIRD_PARTY
        assert permit(Target(address="8.8.4.200"), Technique.PORTS, scope).owner is Owner.SELF


def test_without_authority_over_a_target_nothing_is_swept() -> None:
    scope = scope_of(authority=(Authority(domains=("other.jp",), networks=(), basis=Basis.OWN),))
    assert refusal(WWW, Technique.PORTS, scope) is RefusalReason.AUTHORITY
    permit(WWW, Technique.WEB, scope)


@pytest.mark.parametrize(
    ("name", "text", "owner"),
    [
        ("www.example.jp", "8.8.8.8", Owner.SELF),
        (None, "8.8.4.4", Owner.SELF),
        ("mx.example.net", "8.8.4.4", Owner.SELF),
        ("www.example.jp", "198.41.1.1", Owner.HOSTED),
        ("x.cdn.example.net", "9.9.9.9", Owner.PROVIDER),
        ("mx.example.net", "9.9.9.9", Owner.PROVIDER),
        ("mx.example.net", None, Owner.PROVIDER),
        (None, "9.9.9.9", Owner.UNKNOWN),
    ],
)
def test_attribution(name: str | None, text: str | None, owner: Owner) -> None:
    found = SCOPE.attribute(name, address(text) if text else None)
    assert found.owner is owner
    assert found.why in {"in-networks", "provider-list", "consented-name", "not-consented"}
    assert found.detail


def test_a_providers_name_tells_unless_the_applicant_consented_to_it() -> None:
    """Who rents `shop.cdn.example.net` may consent to it: then its address alone decides who runs it."""
    found = SCOPE.attribute("x.cdn.example.net", address("9.9.9.9"))
    assert (found.owner, found.why, found.detail) == (Owner.PROVIDER, "provider-list", "Example CDN")
    rented = scope_of(domains=("shop.cdn.example.net",))
    assert rented.attribute("shop.cdn.example.net", address("8.8.8.8")).owner is Owner.SELF
    assert rented.attribute("shop.cdn.example.net", address("198.41.1.1")).owner is Owner.HOSTED


# Third parties and name servers


def test_a_third_party_gets_one_ordinary_contact_and_no_sweep() -> None:
    mx = Target(name="mx.example.net", address="9.9.9.9", port=25)
    answer = contact(mx)
    assert isinstance(answer, Permit)
    assert (answer.depth, answer.owner, answer.why) == (Depth.ORDINARY, Owner.PROVIDER, "mx")
    for technique in (Technique.PORTS, Technique.SERVICES, Technique.AUTH_METHODS):
        swept = contact(mx, technique)
        assert isinstance(swept, Refusal)
        assert swept.reason is RefusalReason.NOT_CONSENTED


def test_a_contact_with_a_consented_name_follows_the_ordinary_rules() -> None:
    answer = contact(Target(name="mail.example.jp", address="8.8.8.8", port=25))
    assert isinstance(answer, Permit)
    assert answer.depth is Depth.FULL
    shared = contact(Target(name="mail.example.jp", address="198.41.1.1", port=25))
    assert isinstance(shared, Permit)
    assert shared.depth is Depth.ORDINARY


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"])
def test_strangers_names_do_not_lead_inside(text: str) -> None:
    for answer in (
        contact(Target(name="mx.example.net", address=text, port=25)),
        SCOPE.permit_query(Target(name="ns.example.net", address=text), NOW, why="ns"),
    ):
        assert isinstance(answer, Refusal)
        assert answer.reason is RefusalReason.NOT_PUBLIC


def test_a_third_party_is_permitted_by_its_name_alone_too() -> None:
    named = Target(name="mx.example.net")
    for answer in (contact(named), SCOPE.permit_query(named, NOW, why="ns")):
        assert isinstance(answer, Permit)
        assert answer.owner is Owner.PROVIDER


def test_an_excluded_third_party_is_left_alone() -> None:
    scope = scope_of(excluded_names=("example.net",), excluded_networks=(network("9.9.9.0/24"),))
    for target in (
        Target(name="mx.example.net", address="1.1.1.1"),
        Target(name="mx.example.org", address="9.9.9.9"),
    ):
        for answer in (contact(target, scope=scope), scope.permit_query(target, NOW, why="ns")):
            assert isinstance(answer, Refusal)
            assert answer.reason is RefusalReason.EXCLUDED


def test_the_operators_own_resolver_may_be_anywhere_and_gets_queries_only() -> None:
    answer = SCOPE.permit_query(Target(address="127.0.0.1"), NOW, why="resolver", configured=True)
    assert isinstance(answer, Permit)
    assert (answer.depth, answer.technique) == (Depth.QUERY, Technique.DNS)


# -- an address that only the operator's word connects with a name -------------------------------------------


@pytest.mark.parametrize(
    ("target", "resolved"),
    [
        (WWW, ("8.8.8.8",)),
        (WWW, ("2001:4860:4860::8888", "8.8.8.8")),
        (Target(name="www.example.jp", address="2001:4860:4860::8888"), ("2001:4860:4860:0:0::8888",)),
        (Target(name="www.example.jp", address="8.8.4.4"), ()),
        (Target(name="www.example.jp"), ()),
        (Target(address="8.8.4.4"), ()),
    ],
)
def test_what_dns_or_the_networks_say_is_believed(target: Target, resolved: tuple[str, ...]) -> None:
    assert SCOPE.unconfirmed(target, Technique.WEB, resolved) is None


@pytest.mark.parametrize("resolved", [(), ("8.8.8.9",), ("::ffff:8.8.8.8",)])
def test_the_operators_word_alone_is_not(resolved: tuple[str, ...]) -> None:
    answer = SCOPE.unconfirmed(WWW, Technique.WEB, resolved)
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.target, answer.technique) == (
        RefusalReason.UNCONFIRMED,
        WWW,
        Technique.WEB,
    )
    assert "www.example.jp does not resolve to 8.8.8.8" in answer.detail
