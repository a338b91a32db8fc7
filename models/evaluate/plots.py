"""The evidence pack's figures as SVG. Every figure made from simulated policies says “synthetic”."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from models.evaluate.metrics import Bin
from models.evaluate.report import Evaluation, PerilEvaluation

#: Above the first look, above the second stop (convention).
PSI_LIMITS = (0.10, 0.25)


def write(pack: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write lift, double lift, calibration and Lorenz curve by peril, and the stability of features."""
    label = f"{pack.model}, {pack.policies:,} {'synthetic ' if pack.synthetic else ''}policies"
    written: list[Path] = []
    for peril, found in pack.perils.items():
        for name, bins, title in (
            ("lift", found.lift, "Lift by tenths of predicted claims"),
            ("double-lift", found.double_lift, "Double lift against size and sector alone"),
        ):
            path = folder / f"{peril}-{name}.svg"
            _save(_bars(bins, f"{title}: {peril}\n{label}"), path)
            written.append(path)
        path = folder / f"{peril}-calibration.svg"
        _save(_calibration(found.lift, f"Calibration: {peril}\n{label}"), path)
        written.append(path)
        path = folder / f"{peril}-lorenz.svg"
        _save(_lorenz(found, f"Lorenz curve of claims over exposure: {peril}\n{label}"), path)
        written.append(path)
    path = folder / "stability.svg"
    _save(_stability(pack, f"Population stability against the reference book (synthetic)\n{label}"), path)
    return (*written, path)


def _lorenz(found: PerilEvaluation, title: str) -> Figure:
    figure, axes = _axes(title, "share of the exposure, safest first", "share of the claims")
    across, up = zip(*found.lorenz, strict=True)
    value = "-" if found.gini.value is None else f"{found.gini.value:.3f}"
    said = f"Gini {value} ({found.gini.low:.3f} to {found.gini.high:.3f}, bootstrap 95 %)"
    axes.plot(across, up, color="#1f4e79", label=said)
    axes.plot([0, 1], [0, 1], color="#9aa7b5")
    axes.legend()
    return figure


def _stability(pack: Evaluation, title: str) -> Figure:
    figure, axes = _axes(title, "population stability index", "")
    names = list(pack.psi)
    axes.barh(names, [pack.psi[name] or 0.0 for name in names], color="#9aa7b5")
    for limit in PSI_LIMITS:
        axes.axvline(limit, color="#1f4e79", linestyle=":")
    axes.tick_params(axis="y", labelsize=7)
    return figure


def _bars(bins: Sequence[Bin], title: str) -> Figure:
    figure, axes = _axes(title, "tenth of the exposure, best to worst", "claims")
    places = range(1, len(bins) + 1)
    axes.bar(places, [item.observed for item in bins], color="#9aa7b5", label="observed")
    axes.plot(places, [item.predicted for item in bins], color="#1f4e79", marker="o", label="predicted")
    axes.legend()
    return figure


def _calibration(bins: Sequence[Bin], title: str) -> Figure:
    figure, axes = _axes(title, "predicted claims", "observed claims, exact 95 % interval (conservative)")
    predicted, observed = [item.predicted for item in bins], [item.observed for item in bins]
    below = [item.observed - item.low for item in bins]
    above = [item.high - item.observed for item in bins]
    axes.errorbar(predicted, observed, yerr=[below, above], fmt="o", color="#1f4e79")
    end = max((*predicted, *observed, 1.0))
    axes.plot([0, end], [0, end], color="#9aa7b5")
    return figure


def _axes(title: str, horizontal: str, vertical: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    """Text stays text, so that it can be searched; no date, so that the same data give the same file."""
    temporary = path.with_suffix(".tmp")
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "posture"}):
        FigureCanvasSVG(figure)
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    temporary.replace(path)
