"""What `posture whatif` found, for people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from rich.text import Text

from posture.app.cli.summary import Terminal
from posture.app.whatif import Asked
from posture.checks.registry import catalogue
from posture.core.catalogue import Language
from posture.core.decisions import Cover, Interval
from posture.core.whatif import Answer, Fix, Held, Outcome, Plan, WhatIf
from reports import convention
from reports.plain import visible

#: Digits of a finding's id that are printed: enough to name it.
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Prints one answer in one language."""

    terminal: Terminal
    asked: Asked

    @classmethod
    def open(cls, language: Language, asked: Asked) -> Self:
        """On stdout."""
        return cls(Terminal.open(catalogue(), language), asked)

    def show(self) -> None:
        """The decision as it stands, then what was asked."""
        item, answer = self.asked.assessment, self.asked.answer
        self._print(f"{item.consent.applicant}  {item.domain}", style="bold")
        self._print(f"{self._word('whatif_now')}: {self._standing(self.asked.before)}")
        self._print(self._covers(self.asked.before), indent=1)
        self._print(self._word("whatif_caption"), indent=1)
        say = self.terminal.say
        self._print(f"{say('versions.priced_by')}: {say.model(item)}")
        if self.asked.changed:
            self._print(self._word("whatif_changed", what=", ".join(self.asked.changed)), style="bold")
        if isinstance(answer, WhatIf):
            self._study(answer)
        elif isinstance(answer, Plan):
            self._plan(answer)
        else:
            self._fixes([answer])

    def _study(self, study: WhatIf) -> None:
        day = self.terminal.say.day(study.effort_as_of)
        if study.groups:
            self._print(self._word("whatif_fixes", day=day), style="bold")
        self._fixes(study.groups)
        unread = [one for one in study.fixes if one.held is Held.NOT_READ]
        told = [one for one in unread if one.after.action is not study.before.action]
        self._fixes(told)
        if len(unread) > len(told):
            self._print(self._word("whatif_not_read", count=len(unread) - len(told)))
        self._answers(study)
        if study.plan is not None:
            self._plan(study.plan)

    def _fixes(self, fixes: Iterable[Fix]) -> None:
        for one in fixes:
            for line in self._findings(one.findings):
                self._print(line, indent=1)
            self._print(self._price(one), indent=2)
            self._print(self._standing(one.after), indent=2)
            self._print(self._covers(one.after), indent=2)
            if one.held is not None:
                self._print(self._word(f"held_{one.held.name.lower()}"), indent=2)

    def _price(self, one: Fix) -> str:
        """Hours, and what they bring."""
        currency = one.after.premium.currency
        hours = convention.number(one.effort, 0 if one.effort.is_integer() else 1)
        points = convention.number(100 * one.gain, 1)
        if one.worth is None:
            return self._word("whatif_gain", hours=hours, points=points)
        worth = self.terminal.say.money(one.worth, currency)
        return self._word("whatif_worth", hours=hours, points=points, worth=worth)

    def _plan(self, plan: Plan) -> None:
        tier = plan.target.value
        if plan.reached and not plan.fixes:
            self._print(self._word("whatif_reached", tier=tier), style="bold")
            return
        if not plan.fixes:
            self._print(self._word("whatif_nothing", tier=tier), style="bold")
            return
        hours = convention.number(plan.effort, 0 if plan.effort.is_integer() else 1)
        key = "whatif_unreachable" if not plan.reached else "whatif_exact" if plan.exact else "whatif_greedy"
        self._print(self._word(key, tier=tier, hours=hours, count=plan.candidates), style="bold")
        for one in plan.fixes:
            for line in self._findings(one.findings):
                self._print(line, indent=1)
        self._print(f"{self._word('whatif_then')}: {self._standing(plan.after)}", indent=1)
        self._print(self._covers(plan.after), indent=1)
        if plan.opens:
            self._print(self._word("held_opens"), indent=1)

    def _answers(self, study: WhatIf) -> None:
        if study.everything is None:
            return
        self._print(self._word("whatif_unknowns"), style="bold")
        self._print(f"{self._word('whatif_now')}: {self._range(study.before)}", indent=1)
        for one in study.answers:
            name = self.terminal.say(f"features.{one.features[0]}")
            reasons = self.terminal.say.several(map(self.terminal.say.reason, one.reasons))
            self._print(f"{name} ({reasons})", indent=1)
            self._ends(one)
        if len(study.answers) > 1:
            self._print(self._word("whatif_everything"), indent=1)
            self._ends(study.everything)

    def _ends(self, one: Answer) -> None:
        for key, outcome in (("whatif_clean", one.clean), ("whatif_found", one.found)):
            self._print(f"{self._word(key)}: {self._range(outcome)}", indent=2)

    def _findings(self, ids: Iterable[str]) -> Iterable[str]:
        known = {item.id: item for item in self.asked.assessment.findings}
        for name in ids:
            finding = known[name]
            where, what = self.terminal.say.where(finding.target), self.terminal.say.finding(finding)
            yield f"{name[:_SHORT]}  [{finding.severity.value}] {where}: {what}"

    def _standing(self, outcome: Outcome) -> str:
        say = self.terminal.say
        tier = outcome.tier.value
        return self._word(
            "whatif_standing",
            tier=tier,
            name=say(f"tiers.{tier}"),
            action=say(f"actions.{outcome.action.value}"),
            factor=convention.factor(outcome.relativity),
        )

    def _covers(self, outcome: Outcome) -> str:
        """Each cover with technical and charged loading and premium."""
        premium, shown = outcome.premium, []
        amounts = {cover.value: premium.by_cover.get(cover) for cover in Cover} | {"total": premium.total}
        for key, amount in amounts.items():
            loading = outcome.loading.get(key)
            if loading is not None:
                name = self._word("whatif_total") if key == "total" else key
                pair = f"{convention.loading(loading.technical)} / {convention.loading(loading.charged)}"
                shown.append(f"{name} {pair}, {self.terminal.say.money(amount, premium.currency)}")
        return " · ".join(shown)

    def _range(self, outcome: Outcome) -> str:
        """Tier, action, and both intervals: of G and of the total technical loading."""
        return self._word(
            "whatif_range",
            standing=self._standing(outcome),
            factors=_ends(outcome.relativity_interval, convention.factor),
            loadings=_ends(outcome.loading_interval, convention.loading),
            level=convention.percent(outcome.relativity_interval.level),
        )

    def _word(self, key: str, **arguments: object) -> str:
        return self.terminal.word(key, **arguments)

    def _print(self, line: str, *, indent: int = 0, style: str = "") -> None:
        self.terminal.console.print(Text("  " * indent + visible(line), style=style))


def _ends(interval: Interval, put: Callable[[float], str]) -> str:
    return f"{put(interval.low)} – {put(interval.high)}"
