"""`posture rescan`: the one question alone; closed with evidence, as it was, or without an answer."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models.artefact import shipped
from posture.app.assess import replay
from posture.app.cli import cli
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from posture.core.findings import Finding, Outcome
from posture.store import assessments
from posture.store.database import open_database
from reports import schema
from tests.support.dns_server import SERVFAIL, DnsServer
from tests.support.json_schema import problems
from tests.support.papers import consent_text
from tests.support.sample_assessment import DOMAIN, sample
from tests.support.web import Server, page, saying, tls_context

ZONE = '@ NS ns1\nns1 A 127.0.0.1\nwww A 127.0.0.1\n_dmarc TXT "v=DMARC1; p={}"'


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    named = f"sqlite:///{tmp_path / 'posture.db'}"
    store = open_database(named)
    assessments.save(store, item())
    yield named
    store.close()


def item() -> Assessment:
    return replay(sample(), shipped())


def of(check: str, **target: Any) -> Finding:
    found = [one for one in item().findings if one.check == check and one.outcome is Outcome.FAIL]
    return next(
        one for one in found if all(getattr(one.target, name) == value for name, value in target.items())
    )


def paper(folder: Path, **parts: str) -> Path:
    path = folder / "consent.toml"
    path.write_text(consent_text(domains=f'["{DOMAIN}"]', **parts), encoding="utf-8")  # type: ignore[arg-type]
    return path


def rescan(folder: Path, url: str, finding: Finding, *words: str, **parts: str) -> dict[str, Any]:
    done = CliRunner().invoke(
        cli,
        [
            *("rescan", item().id, "--finding", finding.id[:8], "--consent", str(paper(folder, **parts))),
            *("--out", str(folder / "out"), "--database", url, "--json", "--by", "山田 花子", *words),
        ],
    )
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    assert problems(schema.load("rescan"), kept(found)) == []
    return found


def kept(found: dict[str, Any]) -> dict[str, Any]:
    """The file of evidence."""
    held: dict[str, Any] = json.loads(Path(found["evidence"]["file"]).read_text(encoding="utf-8"))
    return held


def asked(server: DnsServer) -> set[tuple[str, str]]:
    return {(name, kind) for name, kind, _ in server.log}


@pytest.mark.parametrize(
    ("policy", "result", "outcome"), [("reject", "closed", "pass"), ("none", "again", "fail")]
)
def test_a_dns_question_is_asked_alone(
    tmp_path: Path, url: str, policy: str, result: str, outcome: str
) -> None:
    with DnsServer(recursive=True) as server:
        server.zone(DOMAIN, ZONE.format(policy))
        found = rescan(tmp_path, url, of("mail/dmarc"), "--resolver", f"127.0.0.1:{server.port}")
        kinds = {kind for _, kind in asked(server)}
    assert (found["result"], found["now"]["outcome"]) == (result, outcome)
    assert kinds == {"TXT"}
    evidence = Path(found["evidence"]["file"])
    assert hashlib.sha256(evidence.read_bytes()).hexdigest() == found["evidence"]["sha256"]
    held = kept(found)
    assert [problems(schema.load("rescan"), held | {name: None}) != [] for name in held] == [True] * len(held)
    assert [one["kind"] for one in held["observations"]] == ["mail.dmarc"]
    assert held["now"] == found["now"]


def test_no_answer_closes_nothing(tmp_path: Path, url: str) -> None:
    with DnsServer(recursive=True) as server:
        server.zone(DOMAIN, ZONE.format("reject"))
        server.behave(SERVFAIL, f"_dmarc.{DOMAIN}", "TXT")
        found = rescan(tmp_path, url, of("mail/dmarc"), "--resolver", f"127.0.0.1:{server.port}")
    assert (found["result"], found["now"]["outcome"]) == ("unseen", "unknown")


def test_a_page_is_asked_for_once_and_no_file_of_the_site(tmp_path: Path, url: str) -> None:
    finding = of("web/hsts")
    assert finding.target.name is not None
    answer = page(b"<title>x</title>", "Strict-Transport-Security: max-age=63072000")
    with Server(saying(answer), tls_context(tmp_path, finding.target.name)) as server, DnsServer() as names:
        names.zone(DOMAIN, ZONE)
        route = ("--connect-to", f"{finding.target.name}:443=127.0.0.1:{server.port}")
        found = rescan(tmp_path, url, finding, *route, "--resolver", f"127.0.0.1:{names.port}")
        assert [head.split(b"\r\n")[0] for head in server.requests] == [b"GET / HTTP/1.1"]
    assert (found["result"], found["now"]["outcome"]) == ("closed", "pass")


def test_it_is_kept_in_the_ledger_and_shown(tmp_path: Path, url: str) -> None:
    finding = of("mail/dmarc")
    with DnsServer(recursive=True) as server:
        server.zone(DOMAIN, ZONE.format("reject"))
        found = rescan(tmp_path, url, finding, "--resolver", f"127.0.0.1:{server.port}")
    met = {one["id"]: one["met"] for one in found["subjectivities"]}
    mine = [one for one in item().decision.subjectivities if finding.id in one.findings]
    assert met == {one.id: len(one.findings) == 1 for one in mine}
    assert mine
    shown = CliRunner().invoke(
        cli, ["findings", "history", item().id, finding.id, "--json", "--database", url]
    )
    (line,) = json.loads(shown.stdout)["history"]
    assert (line["kind"], line["by"], line["evidence"]) == (
        "closed",
        "山田 花子",
        found["evidence"]["sha256"],
    )


def test_without_a_consent_for_it_nothing_is_asked(tmp_path: Path, url: str) -> None:
    with DnsServer(recursive=True) as server:
        server.zone(DOMAIN, ZONE.format("reject"))
        with pytest.raises(PostureError) as refused:
            rescan(
                tmp_path,
                url,
                of("mail/dmarc"),
                "--resolver",
                f"127.0.0.1:{server.port}",
                techniques='["tls"]',
            )
        assert refused.value.exit_code == 4
        assert asked(server) == set()


def test_a_check_that_no_longer_exists_cannot_be_asked(tmp_path: Path, url: str) -> None:
    old = replace(of("mail/dmarc"), id="f" * 16, check="mail/gone")
    store = open_database(url)
    assessments.save(store, replace(item(), id="old", findings=(old,)))
    store.close()
    words = ["rescan", "old", "--finding", "ffff", "--consent", str(paper(tmp_path)), "--database", url]
    done = CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, PostureError)
    assert done.exception.code == "not-alone"
