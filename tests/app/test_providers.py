"""The provider list: dated, sourced, and wide enough to keep sweeps off what many share, but no wider."""

import ipaddress
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import posture
from posture.app.providers import load_providers
from posture.core.consent import Technique
from posture.core.findings import Owner
from posture.core.scope import Provider, Refusal, RefusalReason, Scope
from posture.core.targets import Target, address, host_name, is_public
from tests.support.web import NOW, consent

DOCUMENT: dict[str, Any] = tomllib.loads(
    (Path(posture.__path__[0]) / "data" / "providers.toml").read_text(encoding="utf-8")
)
KINDS = {"cdn", "dns", "mail", "hosting", "cloud"}
SCOPE = Scope(consent=consent("example.jp", networks=()), providers=load_providers())

every_provider = pytest.mark.parametrize("provider", load_providers(), ids=lambda provider: provider.name)


def owner(text: str, name: str | None = "www.example.jp") -> tuple[Owner, str]:
    found = SCOPE.attribute(name, address(text))
    return found.owner, found.detail


def test_the_list_and_each_entry_carry_date_and_source() -> None:
    assert DOCUMENT["list"]["as_of"] < DOCUMENT["list"]["next_review"]
    for entry in DOCUMENT["provider"]:
        assert set(entry) - {"checked"} == {"name", "kind", "source", "names", "networks"}, entry["name"]
        assert entry.get("checked", date.min) <= DOCUMENT["list"]["as_of"]
        assert entry["source"].startswith("https://")
        assert entry["kind"] in KINDS


def test_no_provider_is_listed_twice() -> None:
    names = [provider.name for provider in load_providers()]
    assert len(names) == len(set(names)) > 20


@every_provider
def test_an_entry_says_something(provider: Provider) -> None:
    assert provider.names or provider.networks
    assert len(set(provider.names)) == len(provider.names)
    assert all(host_name(name) == name for name in provider.names)


@every_provider
def test_networks_are_public_disjoint_and_no_wider_than_any_company_has(provider: Provider) -> None:
    for number, one in enumerate(provider.networks):
        assert one.prefixlen >= (10 if one.version == 4 else 24), one
        assert is_public(one.network_address)
        assert is_public(one.broadcast_address)
        assert not any(one.overlaps(other) for other in provider.networks[number + 1 :]), one


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("104.16.132.229", "Cloudflare"),
        ("172.67.1.1", "Cloudflare"),
        ("2606:4700::6810:84e5", "Cloudflare"),
        ("151.101.1.140", "Fastly"),
        ("23.55.1.1", "Akamai"),
        ("13.224.1.1", "Amazon CloudFront"),
        ("2600:9000:2000::1", "Amazon CloudFront"),
        ("205.251.195.14", "Amazon Route 53"),
        ("45.60.1.1", "Imperva"),
        ("142.250.196.115", "Google"),
        ("52.101.1.1", "Microsoft 365"),
        ("104.47.1.1", "Microsoft 365"),
        ("185.199.108.153", "GitHub Pages"),
        ("23.227.38.65", "Shopify"),
    ],
)
def test_a_consented_name_on_shared_infrastructure_is_hosted_and_not_swept(text: str, name: str) -> None:
    assert owner(text) == (Owner.HOSTED, name)
    answer = SCOPE.permit(Target(name="www.example.jp", address=text), Technique.PORTS, NOW)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.THIRD_PARTY


@pytest.mark.parametrize(
    "text", ["54.150.1.1", "35.190.1.1", "20.40.1.1", "133.242.1.1", "160.16.1.1", "8.8.8.8"]
)
def test_a_rented_machine_is_the_applicants_own(text: str) -> None:
    """Virtual machines of AWS, Google Cloud, Azure and さくら: one customer has the address."""
    assert owner(text) == (Owner.SELF, "www.example.jp")


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("example-jp.mail.protection.outlook.com", "Microsoft 365"),
        ("aspmx.l.google.com", "Google"),
        ("mx1.xserver.jp", "エックスサーバー"),
        ("ns1.dns.ne.jp", "さくらインターネット"),
        ("ns-1.cloudflare.com", "Cloudflare"),
    ],
)
def test_exchangers_and_name_servers_are_named(name: str, provider: str) -> None:
    assert owner("9.9.9.9", name) == (Owner.PROVIDER, provider)


def test_a_lookalike_is_nobody() -> None:
    assert owner("9.9.9.9", "notgoogle.com") == (Owner.PROVIDER, "notgoogle.com")


def test_no_provider_claims_special_addresses() -> None:
    special = [ipaddress.ip_address(text) for text in ("127.0.0.1", "10.0.0.1", "192.0.2.1", "2001:db8::1")]
    for provider in load_providers():
        for net in provider.networks:
            assert not any(addr.version == net.version and addr in net for addr in special)
