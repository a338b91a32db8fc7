"""Vectorised scoring: the same five steps as `score`, for books of applicants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.artefact import Artefact
from models.perils import Peril

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relativities:
    """Log relativities of J features in P perils.

    `found` and `unseen` are (P, J); `caps` pairs column indices with a log cap; `overlap` are column
    indices; `off_balance` is (P,), the logs of N.
    """

    perils: tuple[Peril, ...]
    found: Floats
    unseen: Floats
    caps: tuple[tuple[tuple[int, ...], float], ...]
    overlap: tuple[int, ...]
    strength: float
    off_balance: Floats

    def log_factors(self, values: Floats) -> Floats:
        """Log posture factors, shape (n, P), of feature values (n, J) with NaN for unseen."""
        return np.stack([self._peril(values, index) for index in range(len(self.perils))], axis=1)

    def balanced_on(self, book: Floats) -> "Relativities":
        """The same relativities with N set so that every peril's mean factor over `book` is 1."""
        plain = replace(self, off_balance=np.zeros(len(self.perils)))
        return replace(self, off_balance=np.log(np.exp(plain.log_factors(book)).mean(axis=0)))

    def _peril(self, values: Floats, peril: int) -> Floats:
        terms = np.where(np.isnan(values), self.unseen[peril], np.nan_to_num(values) * self.found[peril])
        self._overlap(terms, values)
        total: Floats = terms.sum(axis=1) - self.off_balance[peril]
        for columns, cap in self.caps:
            total += np.minimum(0.0, cap - terms[:, columns].sum(axis=1))
        return total

    def _overlap(self, terms: Floats, values: Floats) -> None:
        """Leave the strongest overlapping feature that was found in full, weaken the others in place."""
        if len(self.overlap) < 2:
            return
        columns = list(self.overlap)
        part = terms[:, columns]
        found = np.nan_to_num(values[:, columns]) > 0
        strongest = np.where(found, part, -np.inf).argmax(axis=1)
        weakened = found & (np.arange(len(columns)) != strongest[:, None])
        terms[:, columns] = np.where(weakened, self.strength * part, part)


def relativities(model: Artefact) -> Relativities:
    """The artefact's tables as arrays."""
    names = [feature.name for feature in model.features]
    return Relativities(
        perils=model.perils,
        found=_table(model, "found"),
        unseen=_table(model, "unseen"),
        caps=caps([feature.group for feature in model.features], dict(model.group_caps)),
        overlap=tuple(names.index(name) for name in model.overlap_order if name in names),
        strength=model.overlap_strength,
        off_balance=np.log([model.off_balance[peril] for peril in model.perils]),
    )


def caps(groups: Sequence[str], limits: Mapping[Any, float]) -> tuple[tuple[tuple[int, ...], float], ...]:
    """Columns and log cap of every capped group that has a column."""
    columns = {name: tuple(index for index, group in enumerate(groups) if group == name) for name in limits}
    return tuple((columns[name], float(np.log(limit))) for name, limit in limits.items() if columns[name])


def _table(model: Artefact, which: str) -> Floats:
    rows = [[getattr(f.cells[peril], which) for f in model.features] for peril in model.perils]
    return np.log(np.array(rows, dtype=np.float64))
