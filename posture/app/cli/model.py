"""`posture model`: fit the risk model to own claims, measure it, show what it knows."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture.app.cli.common import Group, json_option, print_json

if TYPE_CHECKING:
    from models.artefact import Artefact
    from models.evaluate import Evaluation
    from models.evaluate.metrics import Bin, Estimate
    from models.evaluate.report import PerilEvaluation
    from models.learn import Learnt

#: Below so many claims a bootstrap draws the same few again and again.
_FEW = 20
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
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for evidence.json and the figures (SVG).",
)
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
        from models import build
        from models.evaluate import plots

        out.mkdir(parents=True, exist_ok=True)
        build.write(encode(pack), out / "evidence.json")
        for path in (out / "evidence.json", *plots.write(pack, out)):
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
    from models import build, challenger, experience, learn, priors
    from posture.core.codec import encode

    policies = experience.read(experience_file)
    found = challenger.contest(policies, cut.date())
    if found.promoted and out is not None:
        made = challenger.trees(build.shipped_design(), policies)
        valued_on = learn.valued_on(policies)
        build.write(build.export(made, priors.table(), name=out.stem, valued_on=valued_on), out)
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
    click.echo(
        "Intervals are 95 %. Those of counts are exact Poisson intervals: conservative, they cover more."
    )
    for peril, found in pack.perils.items():
        _print_peril(peril, found)
    _print_book(pack)


def _print_peril(peril: str, found: "PerilEvaluation") -> None:
    head = f"{found.claims:.0f} claims, {found.expected:.1f} expected, credibility Z {found.credibility:.2f}"
    click.echo(f"\n{peril}: {head}")
    click.echo(f"  actual to expected  {_said(found.actual_to_expected)}  exact, conservative")
    half = (found.auc.high - found.auc.low) / 2
    click.echo(
        f"  AUC                 {_said(found.auc)}  ± {half:.3f} is what {found.claims:.0f} claims allow"
    )
    few = ", too narrow for so few claims" if found.claims < _FEW else ""
    click.echo(f"  Gini                {_said(found.gini)}  bootstrap{few}")
    click.echo(f"  Gini gain           {_said(found.gini_gain)}  over size and sector alone")
    rivals = f"prior {found.deviance_prior:.5f}, one rate for all {found.deviance_mean:.5f}"
    click.echo(f"  deviance a policy   {found.deviance:.5f}; {rivals}")
    click.echo(f"    less the prior's  {_said(found.against_prior, 5)}  paired bootstrap, below 0 is better")
    click.echo(f"    less the mean's   {_said(found.against_mean, 5)}")
    slope = "-" if found.slope is None else f"{found.slope:.2f}"
    click.echo(f"  double lift slope   {slope}  (1 is ideal, .7 to 1.3 accepted)")
    _print_tenths("lift and calibration, tenths of exposure by predicted claims", found.lift)
    _print_tenths("double lift, tenths of exposure by model over size and sector", found.double_lift)


def _print_tenths(title: str, bins: "Sequence[Bin]") -> None:
    click.echo(f"  {title}")
    click.echo(
        f"    {'tenth':>5}{'base':>10}{'predicted':>11}{'observed':>10}   exact interval (conservative)"
    )
    for number, item in enumerate(bins, start=1):
        click.echo(
            f"    {number:5}{item.base:10.2f}{item.predicted:11.2f}{item.observed:10.0f}"
            f"   {item.low:.2f} to {item.high:.2f}"
        )


def _print_book(pack: "Evaluation") -> None:
    click.echo(
        "\nPopulation stability against the reference book (synthetic): above .10 look, above .25 stop"
    )
    for name, value in pack.psi.items():
        shown = "  never seen" if value is None else f"{value:12.3f}"
        mark = "" if value is None or value <= 0.10 else "  stop" if value > 0.25 else "  look"
        click.echo(f"  {name:26}{shown}   {100 * pack.unseen[name]:5.1f} % unknown{mark}")
    click.echo(f"  {'intrusion factor, in tiers':26}{pack.psi_score:12.3f}")
    click.echo(f"Monotone: {pack.monotone} relativities below 1, {pack.violations} fixes that raise a factor")
    click.echo(f"  among {pack.vectors:,} random postures")
    for title, means in (("this book", pack.off_balance), ("the reference book", pack.off_balance_reference)):
        click.echo(f"Mean factor of {title}: " + ", ".join(f"{p} {mean:.3f}" for p, mean in means.items()))
    for scale in pack.severity:
        seen = "-" if scale.observed is None else f"{scale.observed:.2f}"
        counts = f"{scale.paid} paid, {scale.nil} nil, {scale.open} open"
        click.echo(
            f"Losses of {scale.peril}: {counts}; {seen} of the table's size, Z {scale.credibility:.2f}"
        )


def _said(estimate: "Estimate", digits: int = 3) -> str:
    value = "-" if estimate.value is None else f"{estimate.value:.{digits}f}"
    return f"{value} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def _print_model(used: "Artefact") -> None:
    click.echo(f"{used.name}  {used.features_schema}  expected claims {used.expected_claims:.1f}")
    click.echo(f"digest {used.digest}\n")
    perils = "".join(f"{peril:>13}" for peril in used.perils)
    click.echo(f"{'relativity when found':26}{'untilted':>10}{perils}")
    for feature in used.features:
        cells = "".join(f"{feature.cells[peril].found:13.2f}" for peril in used.perils)
        click.echo(f"{feature.name:26}{feature.relativity:10.2f}{cells}")
