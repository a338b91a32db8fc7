"""`ports/named_hosts_seen`: every state a found name can be in."""

from posture.checks.ports.named_hosts_seen import judge
from posture.core.facts.dns_names import DnsNames, NamedHost, NamedPlace, PageState, PlaceState
from posture.core.findings import Owner, Verdict, passed, unknown


def host(name: str, *states: PlaceState, purpose: str = "remote_access", **more: object) -> NamedHost:
    places = tuple(
        NamedPlace(address=f"192.0.2.{n}", owner=Owner.SELF, why="consented-name", detail=name, state=state)
        for n, state in enumerate(states, 1)
    )
    given = {"sources": ("list",), "alias": None, **more}
    return NamedHost(name=name, purpose=purpose, places=places, **given)  # type: ignore[arg-type]  # by name


def verdicts(
    *hosts: NamedHost, asked: int = 63, outside: tuple[str, ...] = ()
) -> list[tuple[str, str, object]]:
    fact = DnsNames(asked=asked, names=hosts, wildcard=(), outside=outside)
    return [(v.outcome.value, v.message, v.arguments.get("names")) for v in judge(fact)]


def test_hosts_that_were_seen_or_are_shut_pass() -> None:
    hosts = [
        host("vpn.example.jp", PlaceState.OPEN, page=PageState.OWN),
        host("gw.example.jp", PlaceState.SHUT),
        host("portal.example.jp", PlaceState.KNOWN, page=PageState.SEEN_BEFORE),
        host("ra.example.jp", PlaceState.PROVIDER),
    ]
    fact = DnsNames(asked=63, names=tuple(hosts), wildcard=())
    assert list(judge(fact)) == [passed("seen", asked=63, count=4)]
    assert list(judge(DnsNames(asked=63, names=(), wildcard=()))) == [passed("seen", asked=63, count=0)]


def test_a_silent_gateway_is_a_question() -> None:
    silent = host("vpn.example.jp", PlaceState.SILENT)
    assert verdicts(silent) == [("unknown", "silent", ("vpn.example.jp",))]
    assert verdicts(host("vpn.example.jp", PlaceState.SILENT, PlaceState.OPEN))[0][1] == "seen"
    assert verdicts(host("vpn.example.jp", PlaceState.UNASKED))[0][1] == "silent"


def test_what_the_consent_withholds_is_not_called_seen() -> None:
    kept = host("vpn.example.jp", PlaceState.WITHHELD)
    assert verdicts(kept) == [("unknown", "withheld", ("vpn.example.jp",))]
    assert verdicts(host("ftp.example.jp", PlaceState.WITHHELD, purpose="files"))[0][1] == "seen"
    assert verdicts(host("vpn.example.jp", PlaceState.WITHHELD, PlaceState.SHUT))[0][1] == "seen"
    silent = host("gw.example.jp", PlaceState.WITHHELD, PlaceState.SILENT)
    assert verdicts(silent) == [("unknown", "silent", ("gw.example.jp",))]


def test_silence_matters_only_where_people_log_in_from_outside() -> None:
    quiet = host("ftp.example.jp", PlaceState.SILENT, purpose="files")
    assert verdicts(quiet)[0][1] == "seen"
    named = host("a.example.jp", PlaceState.SILENT, purpose="other", sources=("application",))
    assert verdicts(named) == [("unknown", "silent", ("a.example.jp",))]


def test_pages_that_cannot_be_read_and_hosts_outside_are_questions_of_their_own() -> None:
    unread = host("vpn.example.jp", PlaceState.OPEN, page=PageState.UNREAD)
    silent = host("gw.example.jp", PlaceState.SILENT)
    assert verdicts(unread, silent, outside=("vpn.example.com",)) == [
        ("unknown", "silent", ("gw.example.jp",)),
        ("unknown", "unread", ("vpn.example.jp",)),
        ("unknown", "outside", ("vpn.example.com",)),
    ]
    found: list[Verdict] = list(judge(DnsNames(asked=9, names=(unread, silent), wildcard=())))
    assert [verdict.discriminator for verdict in found] == ["silent", "unread"]


def test_without_an_answer_nothing_is_known() -> None:
    assert list(judge(DnsNames(asked=0, names=(), wildcard=None))) == [unknown("unseen", path="asked")]
