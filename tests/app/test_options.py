from pathlib import Path

import pytest

from posture.app.options import RawOptions, build_options, split_host_port
from posture.app.settings import Settings
from posture.core.errors import PostureError


def test_resolvers_are_addresses_with_an_optional_port() -> None:
    options = build_options(
        RawOptions(resolvers=("127.0.0.1", "127.0.0.1:5353", "[::1]:54", "::1")), Settings()
    )
    assert options.resolvers == (("127.0.0.1", 53), ("127.0.0.1", 5353), ("::1", 54), ("::1", 53))


@pytest.mark.parametrize(
    "text", ["dns.example", "127.0.0.1:0", "127.0.0.1:x", "", "1.2.3", "127.0.0.1:70000"]
)
def test_a_bad_resolver_is_named(text: str) -> None:
    with pytest.raises(PostureError, match="--resolver") as caught:
        build_options(RawOptions(resolvers=(text,)), Settings())
    assert caught.value.code == "bad-resolver"


@pytest.mark.parametrize(
    "text", ["a.example:443", "a.example:443=127.0.0.1", "a:443=x:1", "a.example:443=127.0.0.1:0"]
)
def test_a_bad_route_is_named(text: str) -> None:
    with pytest.raises(PostureError):
        build_options(RawOptions(connect_to=(text,)), Settings())


def test_routes_are_read() -> None:
    routes = build_options(RawOptions(connect_to=("A.example:443=[::1]:8443",)), Settings()).routes
    route = routes.find("a.example", 443)
    assert route is not None
    assert (route.to_address, route.to_port) == ("::1", 8443)


@pytest.mark.parametrize("text", ["", "22,", "x", "-oN", "1-70000", "9-1", "U:", "²"])
def test_a_bad_port_list_is_named(text: str) -> None:
    with pytest.raises(PostureError, match="port"):
        build_options(RawOptions(ports=text), Settings())


def test_an_empty_port_list_is_not_taken_for_none() -> None:
    assert RawOptions.of({"ports": ""}).ports == ""
    assert RawOptions.of({"ports": None}).ports is None
    assert RawOptions.of({}).ports is None


def test_a_trust_store_must_hold_certificates(tmp_path: Path) -> None:
    path = tmp_path / "store.pem"
    with pytest.raises(PostureError, match="cannot be read"):
        build_options(RawOptions(trust_store=path), Settings())
    path.write_text("nothing of the kind")
    with pytest.raises(PostureError, match=r"store\.pem cannot be read"):
        build_options(RawOptions(trust_store=path), Settings())


def test_the_user_agent_says_who_asks_and_whom_to_ask() -> None:
    options = build_options(RawOptions(), Settings(contact="scan@insurer.example"))
    assert options.user_agent.startswith("posture-underwriting/")
    assert options.user_agent.endswith("(scan@insurer.example)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.co.jp", ("example.co.jp", 443)),
        ("Example.co.jp:8443", ("example.co.jp", 8443)),
        ("127.0.0.1", ("127.0.0.1", 443)),
        ("127.0.0.1:25", ("127.0.0.1", 25)),
        ("::1", ("::1", 443)),
        ("[::1]:8443", ("::1", 8443)),
        ("[::1]", ("::1", 443)),
    ],
)
def test_host_and_port_are_told_apart(text: str, expected: tuple[str, int]) -> None:
    assert split_host_port(text, 443) == expected


@pytest.mark.parametrize(
    "text", ["", "a b", "s1._domainkey.example.jp.", "a..b", ".a", "-a", "a-", "選択", "s1;", "a" * 64, "s=1"]
)
def test_a_bad_selector_is_named(text: str) -> None:
    with pytest.raises(PostureError, match="--dkim-selector") as caught:
        build_options(RawOptions(dkim_selectors=(text,)), Settings())
    assert caught.value.code == "bad-selector"


def test_selectors_are_read() -> None:
    options = build_options(RawOptions(dkim_selectors=("S1", "2024.mail", "my_key-1")), Settings())
    assert options.dkim_selectors == ("s1", "2024.mail", "my_key-1")
