"""Fetching from a real server on loopback that is well behaved, slow, lying or endless."""

from collections.abc import Iterator

import pytest

from posture.core.errors import PostureError
from posture.outbound.fetch import Fetched, Limits, Source, fetch
from tests.support.feeds import Shelf, feed_server

LIMITS = Limits(most=1_000_000, quiet=2.0, total=10.0)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with feed_server() as served:
        yield served


def source(shelf: Shelf, path: str = "/kev") -> Source:
    return Source(url=shelf.base + path, headers={"User-Agent": "posture-test"})


def refused(shelf: Shelf, path: str = "/kev", limits: Limits = LIMITS) -> str:
    with pytest.raises(PostureError) as caught:
        fetch(source(shelf, path), limits)
    assert caught.value.code == "feed-unreachable"
    return caught.value.message


def test_a_document_comes_with_its_tag_and_only_once(shelf: Shelf) -> None:
    shelf.tags["/kev"] = '"one"'
    assert fetch(source(shelf), LIMITS) == Fetched(body=shelf.bodies["/kev"], etag='"one"')
    assert fetch(source(shelf), LIMITS, etag='"one"') == Fetched(body=None, etag='"one"')
    shelf.tags["/kev"] = '"two"'
    assert fetch(source(shelf), LIMITS, etag='"one"').body == shelf.bodies["/kev"]
    assert [headers.get("If-None-Match") for _, headers in shelf.asked] == [None, '"one"', '"one"']
    assert {headers["User-Agent"] for _, headers in shelf.asked} == {"posture-test"}


def test_too_much_is_not_read(shelf: Shelf) -> None:
    shelf.bodies["/kev"] = b"x" * 2_000_000
    assert "larger than 1000000 bytes" in refused(shelf)


def test_a_document_that_breaks_off_is_no_document(shelf: Shelf) -> None:
    shelf.promised["/kev"] = len(shelf.bodies["/kev"]) + 10
    assert "could not be read" in refused(shelf)


def test_a_server_that_drips_is_cut_off(shelf: Shelf) -> None:
    shelf.drip["/kev"] = 0.02
    assert "took longer than 0.3 s" in refused(shelf, limits=Limits(most=1_000, quiet=2.0, total=0.3))


def test_a_silent_server_is_given_up(shelf: Shelf) -> None:
    shelf.drip["/kev"] = 1.0
    assert "no answer in time" in refused(shelf, limits=Limits(most=1_000, quiet=0.2, total=10.0))


@pytest.mark.parametrize("status", [301, 403, 404, 429, 500])
def test_anything_but_the_document_is_refused(shelf: Shelf, status: int) -> None:
    shelf.statuses["/kev"] = status
    assert f"status {status}" in refused(shelf)


def test_a_redirect_is_not_followed(shelf: Shelf) -> None:
    """What is configured is what is asked: a feed cannot send us to a target."""
    shelf.statuses["/kev"], shelf.moved["/kev"] = 302, shelf.base + "/eol"
    assert "redirects are not followed" in refused(shelf)
    assert [path for path, _ in shelf.asked] == ["/kev"]


def test_nobody_there(shelf: Shelf) -> None:
    gone = Source(url="http://127.0.0.1:9/kev", headers={})
    with pytest.raises(PostureError, match=r"http://127\.0\.0\.1:9/kev could not be read: no connection\."):
        fetch(gone, LIMITS)


def test_the_cause_is_said_in_words(shelf: Shelf) -> None:
    """Plain HTTP where TLS should be, a proxy that is not there, and what is no HTTP."""
    encrypted = shelf.base.replace("http:", "https:") + "/kev"
    for source, words in (
        (Source(url=encrypted, headers={}), "no TLS that we speak"),
        (Source(url="https://feeds.example/kev", headers={}, proxy="http://127.0.0.1:9"), "the proxy cannot"),
    ):
        with pytest.raises(PostureError, match=words):
            fetch(source, LIMITS)


@pytest.mark.parametrize("url", ["http://feeds.example/kev", "ftp://127.0.0.1/kev", "file:///etc/x", "kev"])
def test_only_https_or_loopback_is_asked(url: str) -> None:
    with pytest.raises(PostureError, match="not HTTPS"):
        fetch(Source(url=url, headers={}), LIMITS)


def test_a_key_is_never_shown(shelf: Shelf) -> None:
    shelf.statuses["/kev"] = 403
    with pytest.raises(PostureError) as caught:
        fetch(Source(url=shelf.base + "/kev", headers={"apiKey": "geheim"}), LIMITS)
    assert "geheim" not in caught.value.message + caught.value.remedy
    assert shelf.asked[0][1]["apiKey"] == "geheim"
