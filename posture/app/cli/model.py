"""`posture model`: fit the risk model to own claims, measure it, show what it knows."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture.app.cli.common import Group, json_option, print_json

if TYPE_CHECKING:
    from models.artefact import Artefact
    from models.evaluate import Evaluation
    from models.evaluate.metrics import Estimate
    from models.learn import Learnt

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, epilog="Example: posture model fit experience.csv --out model.json")
def model() -> None:
    """The risk model: a literature prior that learns from your own claims."""


@model.command(epilog="Example: posture model schema --csv > experience.csv")
@click.option("--csv", "as_csv", is_flag=True, help="Print the header line only.")
@json_option
def schema(*, as_csv: bool, as_json: bool) -> None:
    """Print the columns of the experience file."""
    from models import experience
    from posture.core.codec import encode

    columns = experience.columns()
    if as_json:
        print_json({"columns": [encode(column) for column in columns]})
    elif as_csv:
        click.echo(",".join(column.name for column in columns))
    else:
        for column in columns:
            click.echo(f"{column.name:26} {column.unit:14} {column.meaning}")


@model.command(epilog="Example: posture model fit experience.csv --out model.json")
@click.argument("experience_file", metavar="CSV", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The artefact to write (JSON).")
@json_option
def fit(experience_file: Path, out: Path, *, as_json: bool) -> None:
    """Update the shipped prior with claims of your own and write the model."""
    from models import build, experience, learn
    from posture.core.codec import encode

    learnt = learn.fit(experience.read(experience_file), name=experience_file.stem)
    build.write(learnt.content, out)
    if as_json:
        print_json(
            {
                "model": str(out),
                "digest": learnt.content["digest"],
                "levels": [encode(level) for level in learnt.levels],
                "changes": [encode(change) for change in learnt.changes],
                "severity": [encode(scale) for scale in learnt.scales],
                "fixed": list(learnt.fixed),
                "deployed_over_exact": learnt.shift,
            }
        )
    else:
        _print_learnt(learnt, out)


@model.command(epilog="Example: posture model evaluate model.json next-year.csv --out evidence")
@click.argument("model_file", metavar="MODEL", type=_FILE)
@click.argument("experience_file", metavar="CSV", type=_FILE)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the figures (SVG).")
@json_option
def evaluate(model_file: Path, experience_file: Path, out: Path | None, *, as_json: bool) -> None:
    """Measure a model on claims it was not fitted to."""
    from models import artefact, experience
    from models.evaluate import evaluate as measure
    from posture.core.codec import encode

    pack = measure(artefact.load(model_file), experience.read(experience_file))
    if as_json:
        print_json(encode(pack))
    else:
        _print_pack(pack)
    if out is not None:
        from models.evaluate import plots

        out.mkdir(parents=True, exist_ok=True)
        for path in plots.write(pack, out):
            click.echo(f"Wrote {path}", err=True)


@model.command(
    epilog="Example: posture model challenge experience.csv --cut 2026-10-01 --out challenger.json"
)
@click.argument("experience_file", metavar="CSV", type=_FILE)
@click.option(
    "--cut",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Learn from policies incepted before this day, test on the others.",
)
@click.option("--out", type=_FILE, help="Where to write the challenger, should it be promoted.")
@json_option
def challenge(experience_file: Path, cut: datetime, out: Path | None, *, as_json: bool) -> None:
    """Let boosted trees challenge the fitted model out of time."""
    from models import build, challenger, experience, priors
    from posture.core.codec import encode

    policies = experience.read(experience_file)
    found = challenger.contest(policies, cut.date())
    if found.promoted and out is not None:
        made = challenger.trees(build.shipped_design(), policies)
        build.write(build.export(made, priors.table(), name=out.stem), out)
    if as_json:
        print_json(encode(found))
        return
    click.echo(f"Learnt from {found.learnt_from:,} policies, tested on {found.tested_on:,} later ones.")
    click.echo(f"Mean deviance: MAP {found.deviance_map:.5f}, challenger {found.deviance_challenger:.5f}")
    click.echo(f"Challenger less MAP: {_said(found.difference)}")
    click.echo("Promoted." if found.promoted else "Not promoted: the interval does not exclude zero.")


@model.command(epilog="Example: posture model show")
@click.argument("model_file", metavar="[MODEL]", type=_FILE, required=False)
@json_option
def show(model_file: Path | None, *, as_json: bool) -> None:
    """Show the relativities of a model: the shipped one unless a file is named."""
    from models import artefact
    from posture.core.codec import encode

    used = artefact.shipped() if model_file is None else artefact.load(model_file)
    if as_json:
        print_json(encode(used))
    else:
        _print_model(used)


@model.command(epilog="Example: posture model simulate --count 2000 --seed 1 > synthetic.csv")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=2000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--broken", is_flag=True, help="Break the model's assumptions on purpose.")
def simulate(count: int, seed: int, *, broken: bool) -> None:
    """Print synthetic experience, to try the other commands on."""
    from models import synthetic

    click.echo(synthetic.csv_text(count, seed=seed, broken=broken), nl=False)


def _print_learnt(learnt: "Learnt", out: Path) -> None:
    from models.credibility import K

    click.echo(f"Levels (Bühlmann-Straub, K = {K:g} expected claims a peril)")
    click.echo(f"{'peril':12}{'expected':>10}{'observed':>10}{'exact':>8}{'deployed':>10}{'Z':>7}")
    for level in learnt.levels:
        click.echo(
            f"{level.peril:12}{level.expected:10.1f}{level.observed:10.0f}{level.exact:8.2f}{level.level:10.2f}"
            f"{level.credibility:7.2f}"
        )
    click.echo("\nSeverity (factor on the table's losses of covers A and B)")
    click.echo(f"{'peril':12}{'paid':>6}{'nil':>6}{'open':>6}{'observed':>10}{'scale':>8}{'Z':>7}")
    for scale in learnt.scales:
        seen = "-" if scale.observed is None else f"{scale.observed:.2f}"
        click.echo(
            f"{scale.peril:12}{scale.paid:6}{scale.nil:6}{scale.open:6}{seen:>10}{scale.scale:8.2f}"
            f"{scale.credibility:7.2f}"
        )
    click.echo(f"\n{'relativity':26}{'prior':>8}{'exact':>8}{'deployed':>10}{'difference':>12}{'sd(log)':>9}")
    for change in learnt.changes:
        mark = "  fixed at 1" if change.feature in learnt.fixed else ""
        click.echo(
            f"{change.feature:26}{change.prior:8.2f}{change.exact:8.2f}{change.deployed:10.2f}"
            f"{change.deployed - change.exact:+12.2f}{change.sd:9.2f}{mark}"
        )
    click.echo(f"\nClaims the deployed fit predicts, over the exact one: {learnt.shift:.4f}")
    click.echo(f"Wrote {out}")


def _print_pack(pack: "Evaluation") -> None:
    label = " synthetic" if pack.synthetic else ""
    click.echo(f"{pack.model}: {pack.policies:,}{label} policies, {pack.exposure:,.0f} policy-years")
    for peril, found in pack.perils.items():
        gini, auc, ratio = found.gini, found.auc, found.actual_to_expected
        click.echo(
            f"\n{peril}: {found.claims:.0f} claims, {found.expected:.1f} expected, Z {found.credibility:.2f}"
        )
        click.echo(f"  actual to expected {_said(ratio)}, exact")
        click.echo(f"  AUC {_said(auc)}")
        gain = "-" if found.gini_gain is None else f"{found.gini_gain:+.3f}"
        click.echo(f"  Gini {_said(gini)}, gain {gain}")
        rivals = f"prior {found.deviance_prior:.5f}, mean {found.deviance_mean:.5f}"
        click.echo(f"  deviance {found.deviance:.5f}, {rivals}")
    drift = {name: value for name, value in pack.psi.items() if value is not None and value > 0.10}
    click.echo(f"\nPSI above .10: {', '.join(f'{n} {v:.2f}' for n, v in drift.items()) or 'none'}")
    click.echo(f"Relativities below 1: {pack.monotone}")
    means = ", ".join(f"{peril} {mean:.3f}" for peril, mean in pack.off_balance.items())
    click.echo(f"Mean posture factor of this book: {means}")


def _said(estimate: "Estimate") -> str:
    value = "-" if estimate.value is None else f"{estimate.value:.3f}"
    return f"{value} ({estimate.low:.3f} to {estimate.high:.3f})"


def _print_model(used: "Artefact") -> None:
    click.echo(f"{used.name}  {used.features_schema}  expected claims {used.expected_claims:.1f}")
    click.echo(f"digest {used.digest}\n")
    perils = "".join(f"{peril:>13}" for peril in used.perils)
    click.echo(f"{'relativity when found':26}{'untilted':>10}{perils}")
    for feature in used.features:
        cells = "".join(f"{feature.cells[peril].found:13.2f}" for peril in used.perils)
        click.echo(f"{feature.name:26}{feature.relativity:10.2f}{cells}")
