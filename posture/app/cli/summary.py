"""What the underwriter sees in the terminal after an assessment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture.app.cli import words as terminal
from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue, Language
from posture.core.decisions import Action, Cover
from posture.core.findings import Outcome
from reports import convention, text
from reports.delta import GROUPS, Delta
from reports.plain import visible
from reports.say import Say

_COLOURS = {
    Action.QUOTE: "green",
    Action.SUBJECTIVITIES: "yellow",
    Action.REFER: "dark_orange",
    Action.DECLINE: "red",
}
#: Columns where nobody's terminal limits them.
_PIPED_WIDTH = 160
#: Worst findings printed; the report has them all.
MOST_FINDINGS = 6


@dataclass(frozen=True, slots=True)
class Terminal:
    """Prints assessments in one language."""

    console: Console
    say: Say
    word: Callable[..., str]

    @classmethod
    def open(cls, catalogue: Catalogue, language: Language) -> Self:
        """On stdout, without guessing at highlights, and without cutting lines when it is piped."""
        console = Console(highlight=False, soft_wrap=True)
        if not console.is_terminal:
            console.width = _PIPED_WIDTH
        return cls(console, Say(text.load(language), catalogue), terminal.load(language))

    def summary(self, assessment: Assessment, files: Sequence[Path], *, disputed: int = 0) -> None:
        """Tier, action, loading and premium by cover, the strongest reasons, coverage, and the files.

        `disputed` findings are stamped on the tier.
        """
        self.console.print(self._headline(assessment, disputed))
        self.console.print(self._covers(assessment))
        priced_by = f"{self.say('versions.priced_by')}: {self.say.model(assessment)}"
        self.console.print(Text(priced_by))
        decision = assessment.decision
        statements = (*decision.knock_outs, *decision.subjectivities, *decision.reasons)
        self._section("reasons", dict.fromkeys(map(self.say.statement, statements)))
        self._section("findings", self._worst(assessment))
        unknown = sum(f.outcome is Outcome.UNKNOWN for f in assessment.findings)
        share = convention.percent(assessment.coverage.overall)
        self.console.print(Text(self.word("coverage", share=share, unknown=unknown)))
        if not assessment.complete:
            self.console.print(Text(self.word("incomplete"), style="bold red"))
        self._section("files", map(str, files))

    def lines(self, lines: Iterable[str]) -> None:
        """Lines as they are, made harmless for a terminal."""
        for line in lines:
            self.console.print(Text(visible(line)))

    def table(self, assessments: Sequence[Assessment]) -> None:
        """One line for each of several assessments."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("applicant", "tier", "action", "grade", "loading", "premium", "observed", "open"):
            table.add_column(self.word(name), no_wrap=True)
        for item in assessments:
            table.add_row(*self._row(item))
        self.console.print(table)

    def changes(self, policy: str, assessment: Assessment, delta: Delta | None) -> None:
        """What a renewal brought: tier and premium before and after, and the findings that moved."""
        self.console.print(Text(f"{policy}  {assessment.domain}", style="bold"))
        if delta is None:
            self.console.print(Text(f"  {self.word('first_time')}\n  {self._standing(assessment)}"))
            return
        self.console.print(Text(f"  {self._standing(delta.previous)} → {self._standing(assessment)}"))
        for group in GROUPS:
            findings = getattr(delta, group)
            lines = [f"{self.say.where(f.target)}: {self.say.finding(f)}" for f in findings]
            self._section(group, lines, count=len(lines))

    def _headline(self, assessment: Assessment, disputed: int) -> Text:
        decision, score = assessment.decision, assessment.score
        line = Text()
        line.append(visible(assessment.consent.applicant), style="bold")
        line.append(f"  {visible(assessment.domain)}\n")
        line.append(f"{decision.tier.value}  {self.say(f'tiers.{decision.tier.value}')}  ", style="bold")
        line.append(self.say(f"actions.{decision.action.value}"), style=f"bold {_COLOURS[decision.action]}")
        if disputed:
            line.append(f"  {self.word('ledger_stamp', count=disputed)}", style="bold red")
        line.append(
            "\n"
            + self.word(
                "score",
                value=round(score.value),
                letter=score.letter,
                low=round(score.interval.low),
                high=round(score.interval.high),
            )
        )
        if decision.indication:
            line.append("\n" + self.word("indication"), style="italic")
        return line

    def _covers(self, assessment: Assessment) -> Table:
        decision = assessment.decision
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column(self.word("cover"))
        for name in ("technical", "charged", "premium"):
            table.add_column(self.word(name), justify="right")
        for key, amount in _amounts(assessment):
            loading = decision.loading.get(key)
            table.add_row(
                self.say(f"covers.{key}"),
                convention.loading(loading.technical) if loading else "–",
                convention.loading(loading.charged) if loading else "–",
                self.say.money(amount, decision.premium.currency),
            )
        return table

    def _row(self, item: Assessment) -> list[str]:
        decision = item.decision
        total = decision.loading.get("total")
        return [
            visible(item.consent.applicant),
            decision.tier.value,
            self.say(f"actions.{decision.action.value}"),
            f"{round(item.score.value)} {item.score.letter}",
            convention.loading(total.charged) if total else "–",
            self.say.money(decision.premium.total, decision.premium.currency),
            convention.percent(item.coverage.overall),
            str(sum(f.outcome is Outcome.FAIL for f in item.findings)),
        ]

    def _worst(self, assessment: Assessment) -> Iterable[str]:
        failed = [f for f in assessment.findings if f.outcome is Outcome.FAIL]
        worst = sorted(failed, key=lambda f: (-f.severity.rank, f.check, f.id))
        for finding in worst[:MOST_FINDINGS]:
            yield f"[{finding.severity.value}] {self.say.where(finding.target)}: {self.say.finding(finding)}"
        if len(worst) > MOST_FINDINGS:
            yield self.word("more", count=len(worst) - MOST_FINDINGS)

    def _standing(self, assessment: Assessment) -> str:
        decision = assessment.decision
        price = self.say.money(decision.premium.total, decision.premium.currency)
        return f"{decision.tier.value} {self.say(f'actions.{decision.action.value}')} {price}"

    def _section(self, title: str, lines: Iterable[str], **arguments: object) -> None:
        shown = list(lines)
        if shown:
            self.console.print(Text(self.word(title, **arguments), style="bold"))
            for line in shown:
                self.console.print(Text("  " + visible(line)))


def _amounts(assessment: Assessment) -> Iterable[tuple[str, int | None]]:
    """Every cover asked for with its premium, then the total."""
    premium, application = assessment.decision.premium, assessment.application
    for cover in Cover:
        if application is None or cover in application.covers:
            yield cover.value, premium.by_cover.get(cover)
    yield "total", premium.total
