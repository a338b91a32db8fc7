"""Names, addresses and ports: one spelling, nothing private taken for public."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core.errors import PostureError
from posture.core.targets import (
    PortRange,
    Target,
    address,
    covers_port,
    embedded,
    host_name,
    inside,
    is_public,
    network,
    parents,
    port_ranges,
    under,
)

NAMES = st.from_regex(r"([a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\.){1,3}[a-z]{2,6}", fullmatch=True)
IPV4 = st.ip_addresses(v=4).map(lambda a: ipaddress.IPv4Address(int(a)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EXAMPLE.Co.Jp", "example.co.jp"),
        (" example.jp. ", "example.jp"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("日本。jp", "xn--wgv71a.jp"),
        ("example。co。jp。", "example.co.jp"),
        ("ﾆﾎﾝ.jp", "xn--idk6a7d.jp"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("XN--BCHER-KVA.de", "xn--bcher-kva.de"),
        ("a.123.jp", "a.123.jp"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert host_name(text) == name


def test_names_follow_idna_2008_not_pythons_codec() -> None:
    assert host_name("straße.de") == "xn--strae-oqa.de"
    assert "straße.de".encode("idna") == b"strasse.de"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "localhost",
        "-oN.example.jp",
        "--script.example.jp",
        "exa mple.jp",
        "example.jp\n-oN",
        "example.jp/",
        "https://example.jp",
        "example.jp:443",
        "user@example.jp",
        "*.example.jp",
        "_dmarc.example.jp",
        "a..jp",
        ".example.jp",
        "example.jp..",
        "a-.jp",
        "192.0.2.1",
        "example.123",
        "１９２.０.２.１",
        "127.0x1",
        "example.0x7f",
        "::1",
        "xn--a.com",
        "ex\u200dample.jp",
        "a" * 64 + ".jp",
        "a." * 130 + "jp",
    ],
)
def test_what_is_no_host_name_is_refused(text: str) -> None:
    with pytest.raises(PostureError) as caught:
        host_name(text)
    assert caught.value.code == "bad-domain"


@given(NAMES)
def test_spelling_is_stable(text: str) -> None:
    try:
        name = host_name(text)
    except PostureError:  # a label such as ab--cd is reserved
        return
    assert host_name(name) == name
    assert host_name(name.upper() + ".") == name


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    """Never another exception, and never a name that could be read as an option or an address."""
    try:
        name = host_name(text)
    except PostureError:
        return
    assert name.isascii()
    assert not name.startswith("-")
    assert not set(name) & set(" /:@%[]\n\t*_")
    assert "." in name


def test_subdomains_are_found_by_whole_labels() -> None:
    assert under("example.jp", "example.jp")
    assert under("www.example.jp", "example.jp")
    assert not under("badexample.jp", "example.jp")
    assert not under("jp", "example.jp")
    assert list(parents("a.b.jp")) == ["a.b.jp", "b.jp", "jp"]


@pytest.mark.parametrize("text", ["203.0.113.7", " 203.0.113.7 ", "2001:DB8::0:1"])
def test_addresses_are_parsed(text: str) -> None:
    assert str(address(text)) == text.strip().lower().replace("::0:1", "::1")


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "010.0.0.1", "1.2.3.4/32", "fe80::1%eth0", "0x7f000001", "2130706433"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(PostureError) as caught:
        address(text)
    assert caught.value.code == "bad-address"


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10/8", "x", "fe80::1%eth0", "fe80::%eth0/64", "1.2.3.4/33", ""]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(PostureError) as caught:
        network(text)
    assert caught.value.code == "bad-network"


def test_versions_do_not_mix() -> None:
    assert inside(address("10.1.2.3"), [network("10.0.0.0/8")])
    assert not inside(address("::a01:203"), [network("10.0.0.0/8"), network("0.0.0.0/0")])


# Public or not: the IANA special-purpose registries, and the ways to hide an address in another.

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "2400:cb00::1",
    "2620:4f:8000::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
DISGUISED = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:224.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2001:0:808:808::f7f7:f7f7",
    "2001:0:a00:1::f7f7:f7f7",
    "2400:cb00::5efe:10.0.0.1",
    "2400:cb00::200:5efe:127.0.0.1",
    "fe80::5efe:8.8.8.8",
    "fd00::5efe:8.8.8.8",
    "fe80::200:5efe:8.8.8.8",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_public(text: str) -> None:
    assert is_public(address(text))


@pytest.mark.parametrize("text", PRIVATE + DISGUISED)
def test_no_private_address_is_public_in_any_disguise(text: str) -> None:
    assert not is_public(address(text))


@given(IPV4)
def test_an_embedded_address_decides_with_the_one_around_it(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | int(inner))
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(inner))
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (int(inner) << 80) | 1)
    isatap = ipaddress.IPv6Address((0x2400CB00 << 96) | (0x5EFE << 32) | int(inner))
    for outer in (mapped, nat64, sixtofour, isatap):
        assert inner in embedded(outer)
        assert is_public(outer) == is_public(inner), outer
    hidden = ipaddress.IPv6Address((0xFD00 << 112) | (0x5EFE << 32) | int(inner))
    assert not is_public(hidden)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(
    addr: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not addr.is_global or addr.is_multicast or addr.is_loopback or addr.is_link_local:
        assert not is_public(addr) or embedded(addr)


def test_nothing_is_embedded_in_ipv4() -> None:
    assert embedded(address("127.0.0.1")) == ()
    assert embedded(address("2400:cb00::1")) == ()


# Ports


def test_port_lists_are_nmaps() -> None:
    assert port_ranges("22, 80-90 ,U:53,161,T:443") == (
        PortRange(protocol="tcp", first=22, last=22),
        PortRange(protocol="tcp", first=80, last=90),
        PortRange(protocol="udp", first=53, last=53),
        PortRange(protocol="udp", first=161, last=161),
        PortRange(protocol="tcp", first=443, last=443),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "22,",
        "0",
        "65536",
        "90-80",
        "80-",
        "-80",
        "2 2",
        "２２",
        "http",
        "22;id",
        "T:",
        "t:22",
        "22 -oN x",
        "*",
    ],
)
def test_what_is_no_port_list_is_refused(text: str) -> None:
    with pytest.raises(PostureError) as caught:
        port_ranges(text)
    assert caught.value.code == "bad-ports"


@given(
    st.lists(st.tuples(st.integers(1, 65535), st.integers(0, 20)), min_size=1, max_size=5),
    st.integers(1, 65535),
)
def test_a_port_is_covered_if_it_is_in_a_range(parts: list[tuple[int, int]], port: int) -> None:
    text = ",".join(f"{first}-{min(first + more, 65535)}" for first, more in parts)
    expected = any(first <= port <= first + more for first, more in parts)
    assert covers_port(port_ranges(text), port) == expected
    assert not covers_port(port_ranges(text), port, "udp")


@given(st.integers(1, 65535), st.integers(0, 100))
def test_a_range_is_written_as_it_is_read(first: int, more: int) -> None:
    (entry,) = port_ranges(f"{first}-{min(first + more, 65535)}")
    assert port_ranges(str(entry)) == (entry,)


@pytest.mark.parametrize(
    ("target", "label"),
    [
        (Target(name="a.jp"), "a.jp"),
        (Target(name="a.jp", address="203.0.113.1", port=25), "a.jp:25"),
        (Target(address="203.0.113.1", port=25), "203.0.113.1:25"),
        (Target(address="2001:db8::1", port=25), "[2001:db8::1]:25"),
        (Target(address="2001:db8::1"), "2001:db8::1"),
        (Target(name="a.jp", port=443, url="https://a.jp/x"), "https://a.jp/x"),
        (Target(), ""),
    ],
)
def test_labels(target: Target, label: str) -> None:
    assert target.label() == label
