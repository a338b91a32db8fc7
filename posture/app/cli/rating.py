"""`posture rating`: the rating tables, and how an assessment was priced."""

import json
from datetime import date, datetime
from pathlib import Path

import click

from posture.app.cli.common import Group, json_option, print_json
from posture.core.assessment import Assessment
from posture.core.errors import PostureError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, epilog="Example: posture rating explain out/assessment.json")
def rating() -> None:
    """Rating tables by market, and the fourteen steps of a price."""


@rating.command(epilog="Example: posture rating sectors JP")
@click.argument("country")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Tables in force on this day (default: today).")
@json_option
def sectors(country: str, on: datetime | None, *, as_json: bool) -> None:
    """List the sectors of a market with their relativities."""
    from models import tables

    market = tables.load(country, _day(on))
    if as_json:
        print_json({"market": market.market, "tables": market.key, "sectors": dict(market.sectors)})
        return
    for name, relativity in market.sectors.items():
        mark = "  refers" if name in market.sector_refers else ""
        needs = f"  needs {market.sector_needs[name]}" if name in market.sector_needs else ""
        click.echo(f"{name:16}{relativity:6.2f}{needs}{mark}")


@rating.command(epilog="Example: posture rating show JP")
@click.argument("country")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Tables in force on this day (default: today).")
def show(country: str, on: datetime | None) -> None:
    """Print a market's table in force, with every source and grade."""
    from models import tables

    market = tables.load(country, _day(on))
    click.echo((tables.MARKETS / f"{market.key.lower()}.toml").read_text(encoding="utf-8"), nl=False)


@rating.command(epilog="Example: posture rating check")
@json_option
def check(*, as_json: bool) -> None:
    """Read every table and look whether the shipped model is balanced on it."""
    from models import artefact, tables

    found = []
    for market in tables.everything():
        artefact.shipped().balanced(market)
        status = "filed" if market.filing.filed else "not filed: indications only"
        found.append({"tables": market.key, "currency": market.currency, "status": status})
    if as_json:
        print_json({"tables": found})
        return
    for entry in found:
        click.echo(f"{entry['tables']}  {entry['currency']}  {entry['status']}")


@rating.command(epilog="Example: posture rating explain out/assessment.json")
@click.argument("assessment_file", metavar="ASSESSMENT", type=_FILE)
@json_option
def explain(assessment_file: Path, *, as_json: bool) -> None:
    """Print the fourteen steps from findings to premium of a stored assessment."""
    from posture.core.codec import encode

    decision = _read(assessment_file).decision
    if as_json:
        print_json({"steps": encode(decision.steps), "scannable": dict(decision.scannable)})
        return
    for number, step in enumerate(decision.steps, start=1):
        click.echo(f"{number:2}  {step.name}")
        for name, value in step.values.items():
            click.echo(
                f"      {name:28}{value:>14,.4f}" if abs(value) < 1000 else f"      {name:28}{value:>14,.0f}"
            )
    for name, share in decision.scannable.items():
        click.echo(f"Share of the premium that the scan can move, {name}: {100 * share:.0f} %")


def _day(on: datetime | None) -> date:
    from posture.app.clock import utc_now

    return (on or utc_now()).date()


def _read(path: Path) -> Assessment:
    from posture.core import document

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return document.read_assessment(content if isinstance(content, dict) else {})
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except ValueError as error:
        what = f"is no assessment: {error}"
    raise PostureError(
        f"The assessment {path} {what}.",
        remedy="Give the assessment.json that `posture assess` wrote.",
        code="bad-assessment",
    )
