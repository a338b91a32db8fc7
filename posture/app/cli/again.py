"""A rescan as the command line runs and prints it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from posture.app import rescan, stored
from posture.app.cli.summary import Terminal
from posture.app.files import read_consent
from posture.app.options import RawOptions, build_options
from posture.app.request import Request
from posture.app.run import check_out
from posture.app.settings import load_settings
from posture.checks.registry import catalogue
from posture.core import document
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.findings import Finding
from posture.core.ledger import Event
from posture.store.database import open_database


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of it: the answer, the ledger's line, the evidence, and the subjectivities it bears on."""

    answer: rescan.Answer
    event: Event
    path: Path
    subjectivities: Mapping[str, bool]

    def document(self) -> dict[str, Any]:
        """JSON value, `posture.rescan/1`."""
        return {
            "schema": rescan.SCHEMA,
            "assessment": self.event.assessment,
            "result": self.event.kind.value,
            "before": document.finding(self.answer.before),
            "now": document.finding(self.answer.now),
            "event": self.event.id,
            "evidence": {"file": str(self.path), "sha256": self.event.evidence},
            "subjectivities": [{"id": name, "met": met} for name, met in self.subjectivities.items()],
        }

    def show(self, language: Language) -> None:
        """Print it for a person."""
        terminal = Terminal.open(catalogue(), language)
        lines = [terminal.word(f"kind_{self.event.kind.value}"), self.event.reason, str(self.path)]
        lines += [
            terminal.word("subjectivity_met" if met else "subjectivity_open", id=name)
            for name, met in self.subjectivities.items()
        ]
        terminal.lines(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A checked request for one finding."""

    item: Assessment
    finding: Finding
    request: Request
    database: str | None

    @classmethod
    def read(cls, named: str, beginning: str, database: str | None, raw: Mapping[str, Any]) -> Self:
        """Find assessment and finding, read consent and options. Raises PostureError."""
        settings = load_settings()
        item = stored.find(named, database)
        (name,) = stored.named(item, (beginning,))
        path = raw.get("consent_file")
        request = Request(
            domain=item.domain,
            consent=read_consent(path) if path else item.consent,
            application=None,
            options=build_options(RawOptions.of(raw), settings),
            settings=settings,
        )
        finding = next(one for one in item.findings if one.id == name)
        return cls(item=item, finding=finding, request=request, database=database or settings.database)

    async def run(self, by: str, out: Path | None, language: Language) -> Done:
        """Ask, write the evidence, note it in the ledger. Raises PostureError."""
        folder = check_out(out or Path(f"posture-{self.item.domain}"))
        opened = open_database(self.database)
        try:
            answer = await rescan.ask(self.request, self.finding)
            path = folder / f"rescan-{self.finding.id}-{answer.at:%Y%m%dT%H%M%SZ}.json"
            digest = rescan.write(self.item, answer, self.request, path)
            sentence = catalogue().sentence(answer.now, language)
            event = rescan.note(opened, self.item, answer, by=by, reason=sentence, evidence=digest)
            met = rescan.subjectivities(opened, self.item, self.finding.id, answer.at)
        finally:
            opened.close()
        return Done(answer=answer, event=event, path=path, subjectivities=met)
