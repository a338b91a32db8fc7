"""`--connect-to`: read strictly, found exactly."""

import pytest

from posture.core.errors import PostureError
from scanners.net.routes import Route, parse_routes


def test_routes_are_found_by_name_and_port() -> None:
    routes = parse_routes(
        ["WWW.Example.co.jp:443=127.0.0.1:8443", "例え.jp:25=[::1]:2525", "a.example:53=127.0.0.1:53"]
    )
    assert routes.find("www.example.co.jp", 443) == Route(
        name="www.example.co.jp", port=443, to_address="127.0.0.1", to_port=8443
    )
    (mail,) = routes.of("xn--r8jz45g.jp")
    assert (mail.to_address, mail.to_port) == ("::1", 2525)
    assert routes.find("www.example.co.jp", 80) is None
    assert routes.find("example.co.jp", 443) is None
    assert routes.find(None, 443) is None
    assert routes.of("example.co.jp") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "www.example.jp",
        "www.example.jp:443",
        "www.example.jp=127.0.0.1:8443",
        "www.example.jp:443=127.0.0.1",
        "www.example.jp:443=localhost:8443",
        "www.example.jp:0=127.0.0.1:8443",
        "www.example.jp:443=127.0.0.1:65536",
        "www.example.jp:443=127.0.0.1:٤٤٣",
        "127.0.0.1:443=127.0.0.1:8443",
        "-oN:443=127.0.0.1:8443",
        "www.example.jp:443=[::1%lo]:8443",
    ],
)
def test_anything_else_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(PostureError) as caught:
        parse_routes([text])
    assert caught.value.remedy
