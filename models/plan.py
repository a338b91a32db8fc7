"""The cheapest set of fixes that reaches a tier: every set is tried, or a greedy one found."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from models import appetite, rating, score
from models.artefact import Artefact
from models.effort import Task
from models.features import vector
from models.tables import Tables
from posture.core.decisions import Tier
from posture.core.findings import Finding, Outcome

#: Up to so many candidates every set is tried (4,096 sets).
EXACT = 12


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched: groups of findings (ids), the hours of each group's pieces of work, the tier wanted.

    Work that two groups share is done once. `known` remembers G by set, so that no set is rated twice.
    """

    model: Artefact
    tables: Tables
    findings: tuple[Finding, ...]
    groups: Sequence[tuple[str, ...]]
    tasks: Sequence[Mapping[Task, float]]
    target: Tier
    known: dict[frozenset[int], float] = field(default_factory=dict)

    def relativity(self, chosen: Iterable[int]) -> float:
        """G with these groups fixed."""
        key = frozenset(chosen)
        if key not in self.known:
            self.known[key] = self._rate(key)
        return self.known[key]

    def enough(self, chosen: Iterable[int]) -> bool:
        """Whether these groups reach the tier."""
        grid = self.model.balanced(self.tables).grid
        return appetite.profile().tier(score.percentile(grid, self.relativity(chosen))) <= self.target

    def effort(self, chosen: Iterable[int]) -> float:
        """Hours these groups take."""
        return math.fsum({name: hours for one in chosen for name, hours in self.tasks[one].items()}.values())

    def _rate(self, chosen: frozenset[int]) -> float:
        fixed = {name for number in chosen for name in self.groups[number]}
        findings = [
            replace(item, outcome=Outcome.PASS, reason=None) if item.id in fixed else item
            for item in self.findings
        ]
        factors = score.peril_factors(self.model, vector(findings, self.model.readings()).values)
        return rating.relativity(self.model.balanced(self.tables), rating.off_balance(factors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The groups chosen, by number. `reached` False: all together are not enough."""

    chosen: tuple[int, ...]
    reached: bool
    exact: bool


def search(it: Search, *, exact_up_to: int = EXACT) -> Found:
    """The cheapest groups that reach the tier; of equal ones the fewest, then the first."""
    everything = range(len(it.groups))
    if not it.enough(everything):
        return Found(chosen=tuple(everything), reached=False, exact=True)
    exact = len(it.groups) <= exact_up_to
    return Found(chosen=_cheapest(it) if exact else _greedy(it), reached=True, exact=exact)


def _cheapest(it: Search) -> tuple[int, ...]:
    count = len(it.groups)
    sets = (chosen for size in range(count + 1) for chosen in combinations(range(count), size))
    by_effort = sorted(sets, key=lambda chosen: (it.effort(chosen), len(chosen), chosen))
    return next(chosen for chosen in by_effort if it.enough(chosen))


def _greedy(it: Search) -> tuple[int, ...]:
    """Add what lowers G most for its effort until it is enough, then drop the dearest that is not needed."""
    chosen: list[int] = []
    while not it.enough(chosen):
        now = it.relativity(chosen)
        left = [number for number in range(len(it.groups)) if number not in chosen]
        falls = {one: (now - it.relativity([*chosen, one])) / it.effort([one]) for one in left}
        chosen.append(max(left, key=lambda one: (falls[one], -it.effort([one]))))
    for number in sorted(chosen, key=lambda one: (-it.effort([one]), one)):
        rest = [one for one in chosen if one != number]
        if it.enough(rest):
            chosen = rest
    return tuple(sorted(chosen))
