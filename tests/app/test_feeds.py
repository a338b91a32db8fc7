"""`posture feeds` against a real server on loopback, and `sweep` over a stored book."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

import reports
from models.artefact import shipped
from posture.app import feeds as work
from posture.app.assess import judge_and_price, replay
from posture.app.cli import cli
from posture.app.feeds import Desk, Updated, named_product, rows_of, seen_products, update
from posture.app.settings import Feeds, Settings
from posture.app.sweep import Answer, sweep
from posture.checks.intelligence import look_up
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.document import assessment as to_document
from posture.core.errors import PostureError
from posture.core.feeds import FeedName
from posture.core.findings import Outcome
from posture.core.observations import Observation
from posture.store import assessments
from posture.store import feeds as kept
from posture.store.database import Database, open_database
from tests.support import feeds
from tests.support.feeds import APACHE, EXPLOITED, RANSOM, Shelf, feed_server
from tests.support.intelligence import NOW, greeting, server
from tests.support.sample_assessment import sample

ALL = list(FeedName)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with feed_server() as served:
        yield served


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'posture.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


def desk(store: Database, shelf: Shelf, pauses: list[float] | None = None) -> Desk:
    addresses = Feeds(
        kev=f"{shelf.base}/kev",
        epss=f"{shelf.base}/epss",
        nvd=f"{shelf.base}/nvd",
        endoflife=f"{shelf.base}/eol",
        nvd_key="geheim",
    )
    noted = [] if pauses is None else pauses
    return Desk(
        database=store,
        settings=Settings(feeds=addresses),
        clock=lambda: NOW,
        user_agent="posture-test",
        pause=noted.append,
    )


def applicant(name: str, *observations: Observation[Any]) -> Assessment:
    return replace(sample(), id=name, domain=f"{name}.example", observations=observations)


def test_an_update_fetches_everything_once_and_then_only_what_changed(store: Database, shelf: Shelf) -> None:
    shelf.tags |= {"/kev": '"1"', "/epss": '"1"', "/eol": '"1"'}
    pauses: list[float] = []
    assert list(update(desk(store, shelf, pauses), ALL, [named_product("nginx")])) == [
        Updated(label="kev", outcome="updated", rows=3),
        Updated(label="epss", outcome="updated", rows=4),
        Updated(label="endoflife", outcome="updated", rows=3),
        Updated(label="nvd:f5:nginx", outcome="updated", rows=1),
        Updated(label="nvd:nginx:nginx", outcome="updated", rows=1),
    ]
    assert pauses == [6.0]
    again = list(update(desk(store, shelf), [FeedName.KEV, FeedName.EPSS], []))
    assert [(one.label, one.outcome, one.rows) for one in again] == [
        ("kev", "unchanged", 3),
        ("epss", "unchanged", 4),
    ]
    asked = {path.partition("?")[0]: headers for path, headers in shelf.asked}
    assert asked["/nvd"]["apiKey"] == "geheim"
    assert "apiKey" not in asked["/kev"]


def test_nvd_is_read_page_by_page(store: Database, shelf: Shelf) -> None:
    records = [feeds.record(f"CVE-2099-{number}", "HIGH", 8.0) for number in range(90001, 90006)]

    def page(query: str) -> bytes:
        start = int(query.rpartition("=")[2])
        return feeds.nvd(*records[start : start + 2], total=5, start=start)

    shelf.pages["/nvd"] = page
    (result,) = update(desk(store, shelf), [FeedName.NVD], [named_product("Apache HTTP Server")])
    assert (result.outcome, result.rows) == ("updated", 5)
    assert [path.rpartition("=")[2] for path, _ in shelf.asked] == ["0", "2", "4"]
    assert "virtualMatchString=cpe%3A2.3%3Aa%3Aapache%3Ahttp_server" in shelf.asked[0][0]


def test_nvd_is_asked_under_every_name_of_a_product_with_its_part(store: Database, shelf: Shelf) -> None:
    """NVD keeps ASA's flaws under an operating system and FTD's under an application (CVE-2025-20362)."""
    list(update(desk(store, shelf), [FeedName.NVD], [named_product("Cisco ASA / Firepower")]))
    asked = [parse_qs(urlsplit(path).query)["virtualMatchString"][0] for path, _ in shelf.asked]
    assert asked == [
        "cpe:2.3:o:cisco:adaptive_security_appliance_software",
        "cpe:2.3:a:cisco:firepower_threat_defense",
    ]


def test_pages_that_never_add_up_are_refused(store: Database, shelf: Shelf) -> None:
    shelf.pages["/nvd"] = lambda query: feeds.nvd(total=1_000_000) if query.endswith("=0") else feeds.nvd()
    (result,) = update(desk(store, shelf), [FeedName.NVD], [named_product(APACHE)])
    assert result.outcome == "failed"
    assert "no count of what came" in result.detail or "do not add up" in result.detail
    assert kept.states(store) == ()


def test_one_feed_that_fails_spoils_no_other_and_loses_nothing(store: Database, shelf: Shelf) -> None:
    list(update(desk(store, shelf), ALL, []))
    before = kept.states(store)
    shelf.bodies["/kev"] = b"<html>maintenance</html>"
    shelf.statuses["/epss"] = 503
    results = list(update(desk(store, shelf), ALL, []))
    assert [(one.label, one.outcome) for one in results] == [
        ("kev", "failed"),
        ("epss", "failed"),
        ("endoflife", "updated"),
    ]
    assert kept.states(store) == before


def test_products_seen_are_those_of_the_newest_assessments(store: Database) -> None:
    assessments.save(store, applicant("one", server("Apache/2.4.49")))
    assessments.save(store, applicant("two", greeting("OpenSSH", "9.2p1"), server("nginx")))
    assert [product.name for product in seen_products(store)] == ["Apache HTTP Server", "OpenSSH", "nginx"]


def test_a_judgement_replays_to_the_same_bytes_when_the_feeds_have_moved_on(
    store: Database, shelf: Shelf
) -> None:
    list(update(desk(store, shelf), ALL, [named_product(APACHE)]))
    seen = (server("Apache/2.4.49"),)
    known = (*seen, *look_up(seen, rows_of(store, seen), at=NOW))
    judged = replay(applicant("one", *known), shipped())
    assessments.save(store, judged)
    shelf.bodies["/kev"] = feeds.kev(feeds.kev_line("CVE-2099-99999"))
    list(update(desk(store, shelf), [FeedName.KEV], []))
    again = replay(assessments.load(store, "one"), shipped())
    assert json.dumps(to_document(again)) == json.dumps(to_document(judged))
    failed = [(f.check, f.message) for f in again.findings if f.outcome is Outcome.FAIL]
    assert ("products/no_known_exploited", "ransomware") in failed


def test_reports_say_it_in_both_languages(store: Database, shelf: Shelf, tmp_path: Path) -> None:
    list(update(desk(store, shelf), ALL, [named_product(APACHE)]))
    seen = (*sample().observations, server("Apache/2.4.49"))
    known = (*seen, *look_up(seen, rows_of(store, seen), at=NOW))
    judged = replay(replace(sample(), observations=known), shipped())
    reports.write(judged, catalogue(), tmp_path, formats=("html", "csv"))
    for audience in ("underwriter", "applicant"):
        for language, words in (
            ("en", "with use in ransomware attacks"),
            ("ja", "ランサムウェア攻撃での使用"),
        ):
            text = (tmp_path / f"{audience}.{language}.html").read_text(encoding="utf-8")
            assert words in text
            assert RANSOM in text
    assert "products/no_known_exploited" in (tmp_path / "findings.csv").read_text(encoding="utf-8")


def test_an_inferred_flaw_alone_knocks_nobody_out(store: Database, shelf: Shelf) -> None:
    list(update(desk(store, shelf), ALL, [named_product(APACHE)]))
    seen = (server("Apache/2.4.49 (Debian)"),)
    known = (*seen, *look_up(seen, rows_of(store, seen), at=NOW))
    item = sample()
    drawn = judge_and_price(
        known,
        domain=item.domain,
        consent=item.consent,
        application=item.application,
        on=NOW,
        model=shipped(),
    )
    assert [f.message for f in drawn.findings if f.check == "products/no_known_exploited"] == ["ransomware"]
    assert drawn.result.decision.knock_outs == ()


def book(store: Database) -> None:
    assessments.save(store, applicant("aoi", server("Apache/2.4.49")))
    assessments.save(store, applicant("beni", server("Apache/2.4.66"), greeting("OpenSSH", "9.2p1")))
    assessments.save(store, applicant("cha", server("Apache")))
    assessments.save(store, applicant("dai", server("nginx/1.25.1")))


def answers(store: Database, asked: str) -> list[tuple[str, str | None, Answer]]:
    return [(hit.domain, hit.version, hit.answer) for hit in sweep(store, asked).hits]


def test_a_flaw_is_swept_for_without_a_packet(store: Database, shelf: Shelf) -> None:
    book(store)
    list(update(desk(store, shelf), ALL, [named_product(APACHE)]))
    asked = len(shelf.asked)
    assert answers(store, RANSOM.lower()) == [
        ("aoi.example", "2.4.49", Answer.AFFECTED),
        ("beni.example", "2.4.66", Answer.NOT_AFFECTED),
        ("cha.example", None, Answer.UNDECIDED),
    ]
    assert sweep(store, RANSOM).silent == ("dai.example",)
    assert len(shelf.asked) == asked


def test_a_listed_flaw_without_records_is_undecided(store: Database, shelf: Shelf) -> None:
    book(store)
    list(update(desk(store, shelf), [FeedName.KEV], []))
    assert {answer for _, _, answer in answers(store, EXPLOITED)} == {Answer.UNDECIDED}


def test_a_product_is_swept_for_by_any_of_its_names(store: Database) -> None:
    book(store)
    for name in ("OpenSSH", "openssh", "openbsd:openssh"):
        assert answers(store, name) == [("beni.example", "9.2p1", Answer.RUNS)]
    assert sweep(store, "OpenSSH").silent == ("aoi.example", "cha.example", "dai.example")


@pytest.mark.parametrize(
    ("asked", "code"), [("CVE-2099-12345", "no-feed"), ("Notepad", "no-product"), ("", "no-product")]
)
def test_what_nothing_is_known_of_is_said(store: Database, asked: str, code: str) -> None:
    with pytest.raises(PostureError) as caught:
        sweep(store, asked)
    assert caught.value.code == code


# The command line.


def run(url: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch, settings: Path) -> Result:
    monkeypatch.setenv("POSTURE_SETTINGS", str(settings))
    monkeypatch.setenv("POSTURE_DATABASE", url)
    return CliRunner().invoke(cli, ["feeds", *arguments])


def test_the_commands_from_update_to_sweep(
    url: str, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(shelf.settings(), encoding="utf-8")
    empty = run(url, ["status", "--json"], monkeypatch, settings)
    assert json.loads(empty.stdout) == {"feeds": [], "missing": ["kev", "epss", "nvd", "endoflife"]}
    done = run(url, ["update", "--product", APACHE, "--json"], monkeypatch, settings)
    assert [one["label"] for one in json.loads(done.stdout)["feeds"]] == [
        "kev",
        "epss",
        "endoflife",
        f"nvd:{APACHE}",
    ]
    status = run(url, ["status", "--json"], monkeypatch, settings)
    assert [(one["name"], one["rows"]) for one in json.loads(status.stdout)["feeds"]] == [
        ("endoflife", 3),
        ("epss", 4),
        ("kev", 3),
        ("nvd", 5),
    ]
    store = open_database(url)
    book(store)
    store.close()
    for lang, word in (("en", "affected"), ("ja", "該当")):
        swept = run(url, ["sweep", RANSOM, "--lang", lang], monkeypatch, settings)
        assert swept.stdout.splitlines()[0].startswith(f"{word} ")
        assert len(swept.stdout.splitlines()) == 4


def test_files_are_imported_offline(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("", encoding="utf-8")
    files = {"kev.json": feeds.kev(), "epss.csv.gz": feeds.packed(feeds.epss()), "nvd.json": feeds.nvd()}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
        extra = ["--product", APACHE] if name == "nvd.json" else []
        done = run(url, ["import", str(tmp_path / name), *extra], monkeypatch, settings)
        assert (done.exit_code, "rows of 2026-11-20 stored" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("body", "product", "code"),
    [
        (b"", None, "bad-feed"),
        (b"\x1f\x8b broken", None, "bad-feed"),
        (feeds.kev(count=9), None, "bad-feed"),
        (feeds.nvd(), None, "no-product"),
        (feeds.nvd(total=9), APACHE, "bad-feed"),
    ],
)
def test_a_bad_file_is_refused_and_nothing_of_it_stored(
    store: Database, tmp_path: Path, body: bytes, product: str | None, code: str
) -> None:
    path = tmp_path / "feed"
    path.write_bytes(body)
    with pytest.raises(PostureError) as caught:
        work.import_file(store, path, named_product(product) if product else None, NOW)
    assert caught.value.code == code
    assert kept.states(store) == ()


def test_a_file_that_is_not_there(store: Database, tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="cannot be read"):
        work.import_file(store, tmp_path / "none", None, NOW)
