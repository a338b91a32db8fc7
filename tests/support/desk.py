"""For tests of the underwriter's desk: stored assessments, people with authority, a filed table."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models import artefact, tables
from posture.app import clock
from posture.app.assess import replay
from posture.app.cli import cli
from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.observations import Seen
from posture.core.targets import Target
from posture.store import assessments
from posture.store.database import open_database
from reports import schema
from tests.support.json_schema import problems
from tests.support.sample_assessment import DOMAIN, application, sample, seen, tls

#: Who is who: an asker without authority, three levels above.
ASKER, UNDERWRITER, SENIOR, OTHER, CHIEF = "営業 一郎", "新人 次郎", "山田 花子", "Smith, J.", "佐藤 健"
PEOPLE: Mapping[str, str] = {UNDERWRITER: "underwriter", SENIOR: "senior", OTHER: "senior", CHIEF: "chief"}
HARDENED = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
#: The published schema of what a command prints; "" stands for the group's other commands.
_DOCUMENTS: Mapping[tuple[str, str], str] = {
    ("quote", ""): "case",
    ("quotes", ""): "case",
    ("quotes", "list"): "cases",
    ("quotes", "history"): "quotes",
    ("quotes", "compare"): "quotes",
    ("quotes", "replay"): "quotes",
    ("referrals", ""): "case",
    ("referrals", "list"): "cases",
    ("declared", "show"): "declared",
    ("declared", "items"): "questionnaire",
    ("declared", "answer"): "case",
    ("findings", ""): "ledger",
    ("renewals", ""): "renewals",
    ("whatif", ""): "whatif",
}
WHY = ("--reason", "because")
#: Some minutes after the sample was scanned.
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@cache
def clean() -> Assessment:
    """Everything seen and in order: the model quotes it."""
    return _judged(old=False, days=80, policy="reject", ports=(80, 443))


@cache
def apache() -> Assessment:
    """As clean, with a version of a web server that says nothing bad by itself."""
    return _judged(old=False, days=80, policy="reject", ports=(80, 443), server="Apache/2.4.49")


@cache
def ordinary() -> Assessment:
    """Everything seen; old protocols, a certificate that ran out and DMARC without effect: subjectivities."""
    return _judged(old=True, days=-3, policy="none", ports=(80, 443))


@cache
def exposed() -> Assessment:
    """As ordinary, with remote desktop reachable and an answer that differs: referred with a price."""
    return _judged(
        old=True,
        days=-3,
        policy="none",
        ports=(80, 443, 3389),
        controls={"no_remote_desktop_exposed": True, "edr": True},
    )


def _judged(
    *,
    old: bool,
    days: int,
    policy: str,
    ports: tuple[int, ...],
    controls: Mapping[str, bool] | None = None,
    server: str = "",
) -> Assessment:
    """The sample with other observations, judged and priced."""
    headers = (*HARDENED, *((("Server", server),) if server else ()))
    item = sample()
    changed = {
        "mail.dmarc": lambda fact: replace(fact, policy=policy, record=f"v=DMARC1; p={policy}"),
        "web.response": lambda fact: replace(fact, headers=headers, cookies=()),
    }
    kept = [
        replace(one, result=replace(one.result, value=changed[one.kind](one.result.value)))
        if one.kind in changed and isinstance(one.result, Seen)
        else one
        for one in item.observations
        if one.kind not in {"ports.host", "tls.endpoint"}
    ]
    for number, name in enumerate(("www", "vpn")):
        address = f"203.0.113.{10 + 2 * number}"
        host = Target(name=f"{name}.{DOMAIN}", address=address)
        endpoint = tls(f"{name}.{DOMAIN}", address, old=old, days_left=days if number else 80)
        kept.append(seen("tls.endpoint", replace(host, port=443), endpoint, 60 + number))
        kept.append(seen("ports.host", host, _host(host, ports if number == 0 else (443,)), 130 + number))
    asked = replace(application(), controls=controls or {})
    return replay(replace(item, observations=tuple(kept), application=asked), artefact.shipped())


def _host(host: Target, ports: tuple[int, ...]) -> PortsHost:
    services = {80: "http", 443: "https", 3389: "ms-wbt-server"}
    return PortsHost(
        address=host.address or "",
        names=(host.name or "",),
        ports=tuple(
            Port(port=port, protocol="tcp", state="open", service=services[port], confidence=10)
            for port in ports
        ),
        scanned="T:1-65535",
        control=True,
    )


def rescanned(at: datetime) -> Assessment:
    """The clean one as if it had been scanned an hour before a time."""
    item = clean()
    hour = timedelta(hours=1)
    consent = replace(item.consent, valid_until=at + timedelta(days=300))
    return replace(item, started_at=at - hour, finished_at=at - hour, consent=consent)


class Office:
    """A store, settings with authority, and a clock that tests set; commands run as an operator runs them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{folder / 'posture.db'}"
        self.now = NOW
        settings = folder / "settings.toml"
        people = "\n".join(
            f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(level)}" for name, level in PEOPLE.items()
        )
        settings.write_text(f"[authority]\n{people}\n", encoding="utf-8")
        patch.setenv("POSTURE_SETTINGS", str(settings))
        patch.setattr(clock, "utc_now", lambda: self.now)

    def keep(self, item: Assessment) -> str:
        """Store it as priced by the release's model, which `filed` replaces."""
        digests = replace(item.digests, model=artefact.shipped().digest)
        store = open_database(self.url)
        assessments.save(store, replace(item, digests=digests))
        store.close()
        return item.id

    def run(self, *words: str) -> Any:
        """Run a command with --json and give its document; raises what the command raises."""
        done = CliRunner().invoke(cli, [*words, "--database", self.url, "--json"])
        if done.exception is not None:
            raise done.exception
        self.now += timedelta(seconds=1)
        printed = json.loads(done.stdout)
        found = misfits(words, printed)
        assert not found, found
        return printed

    def run_plain(self, *words: str) -> Any:
        """The document of a command that needs no database."""
        printed = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
        found = misfits(words, printed)
        assert not found, found
        return printed

    def text(self, *words: str) -> str:
        """What the command prints for a person."""
        done = CliRunner().invoke(cli, [*words, "--database", self.url])
        if done.exception is not None:
            raise done.exception
        return done.stdout


def misfits(words: Sequence[str], printed: Mapping[str, Any]) -> list[str]:
    """Where a printed document differs from the published schema of its command."""
    group, step = words[0], words[1] if len(words) > 1 else ""
    if printed.keys() == {"files"}:
        return []
    name = _DOCUMENTS.get((group, step), _DOCUMENTS.get((group, "")))
    return [] if name is None else problems(schema.load(name), printed)


@contextmanager
def filed(folder: Path, patch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> Iterator[None]:
    """The Japanese table as filed, with further changes to its text, and the shipped model balanced on it."""
    shipped = tables.MARKETS / "jp" / "2026-01-01.toml"
    text = shipped.read_text(encoding="utf-8")
    for old, new in (('status = "none"', 'status = "filed"'), ('id = ""', 'id = "JP-2026-1"'), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "markets" / "jp" / shipped.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    model = json.loads(artefact.SHIPPED.read_text(encoding="utf-8"))
    model["balance"]["JP/2026-01-01"]["tables"] = hashlib.sha256(path.read_bytes()).hexdigest()
    model["digest"] = artefact.digest(model)
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    patch.setattr(tables, "MARKETS", folder / "markets")
    patch.setattr(artefact, "SHIPPED", folder / "model.json")
    artefact.shipped.cache_clear()
    try:
        yield
    finally:
        artefact.shipped.cache_clear()


def decided(asked: Application) -> Assessment:
    return replay(replace(clean(), application=asked), artefact.shipped())


def refused(office: Office, *words: str) -> str:
    with pytest.raises(PostureError) as caught:
        office.run(*words)
    assert "\n" not in caught.value.message
    assert caught.value.remedy
    return caught.value.code


def refusal(office: Office, *words: str) -> str:
    with pytest.raises(PostureError) as caught:
        office.run(*words)
    return caught.value.remedy


def failed_port() -> str:
    return next(item.id for item in exposed().findings if item.target.port == 3389)


def quote(office: Office, case: str, *words: str, by: str = ASKER) -> dict[str, Any]:
    found: dict[str, Any] = office.run("quote", case, "--by", by, *words)
    return found


def referral(office: Office, step: str, case: str, by: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = office.run("referrals", step, case, "--by", by, *WHY, *words)
    return found


def step(office: Office, name: str, case: str, by: str = UNDERWRITER, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = office.run("quotes", name, case, *words, "--by", by, *WHY)
    return found
