"""The evidence pack's figures as SVG. Every figure made from simulated policies says “synthetic”."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from models.evaluate.metrics import Bin
from models.evaluate.report import Evaluation


def write(pack: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write lift, double lift and calibration of every peril; returns the files."""
    label = f"{pack.model}, {pack.policies:,} {'synthetic ' if pack.synthetic else ''}policies"
    written: list[Path] = []
    for peril, found in pack.perils.items():
        for name, bins, title in (
            ("lift", found.lift, "Lift by tenths of the posture factor"),
            ("double-lift", found.double_lift, "Double lift against size and sector alone"),
        ):
            path = folder / f"{peril}-{name}.svg"
            _save(_bars(bins, f"{title}: {peril}\n{label}"), path)
            written.append(path)
        path = folder / f"{peril}-calibration.svg"
        _save(_calibration(found.lift, f"Calibration: {peril}\n{label}"), path)
        written.append(path)
    return tuple(written)


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
