"""`posture rating`: the rating tables, and how an assessment was priced."""

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture.app.cli.common import (
    Group,
    database_option,
    json_option,
    lang_option,
    model_option,
    print_json,
    say,
)
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.errors import ExitCode, PostureError

if TYPE_CHECKING:
    from models.checking import Checked
    from models.curves import Before

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
@json_option
def show(country: str, on: datetime | None, *, as_json: bool) -> None:
    """Print a market's table in force, with every source and grade."""
    from models import reading, tables

    market = tables.load(country, _day(on))
    path = tables.MARKETS / f"{market.key.lower()}.toml"
    if as_json:
        content = json.loads(json.dumps(reading.document(path), default=str))
        print_json({"tables": market.key, "digest": market.digest, "content": content})
        return
    click.echo(path.read_text(encoding="utf-8"), nl=False)


@rating.command(epilog="Example: posture rating limits JP --basic 30000000")
@click.argument("country")
@click.option(
    "--basic", type=click.IntRange(1), help="Limit that costs 1, in minor units (default: standard B)."
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Tables in force on this day (default: today).")
@json_option
def limits(country: str, basic: int | None, on: datetime | None, *, as_json: bool) -> None:
    """Print increased-limit factors, and what deductibles save, by peril and cover."""
    from models import tables
    from models.curves import curves
    from posture.core.codec import encode

    found = curves(tables.load(country, _day(on)), basic)
    if as_json:
        print_json({"curves": [encode(item) for item in found]})
        return
    for item in found:
        click.echo(f"{item.peril} {item.cover}: {item.currency} minor units, factor 1 at {item.basic:,.0f}")
        for limit, factor in item.increased.items():
            click.echo(f"      limit      {limit:>16,.0f}{factor:>10.3f}")
        for deductible, saved in item.saved.items():
            click.echo(f"      deductible {deductible:>16,.0f}{100 * saved:>9.1f} %")


@rating.command(epilog="Example: posture rating check models/data/markets/jp/2026-01-01.toml")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@json_option
def check(files: tuple[Path, ...], *, as_json: bool) -> int:
    """Look through rating tables (FILES, or all that are shipped) and print every problem; exit 1 with one.

    Units, dates, sources and grades; gaps and overlaps inside a table and between those of a market; filing
    bounds and days; whether the shipped model is balanced on it. Without FILES also the appetite, authority
    and questionnaire.
    """
    from models import checking

    found = checking.check(files)
    profiles = () if files else checking.profiles()
    if as_json:
        print_json({"tables": [_checked(item) for item in found], "profiles": list(profiles)})
    else:
        for item in found:
            click.echo("  ".join(_line(item)))
            for problem in item.problems:
                click.echo(f"    {problem}")
        for problem in profiles:
            click.echo(problem)
    return ExitCode.SETUP if profiles or any(item.problems for item in found) else ExitCode.DONE


def _checked(item: "Checked") -> dict[str, Any]:
    key, currency, status = _line(item)
    return {"tables": key, "currency": currency, "status": status, "problems": list(item.problems)}


def _line(item: "Checked") -> tuple[str, str, str]:
    if item.tables is None:
        return item.path.name, "–", "cannot be read"
    filing = item.tables.filing
    days = f"filed as {filing.id} from {filing.valid_from} until {filing.valid_until}"
    status = days if filing.filed else "not filed: indications only"
    return item.tables.key, item.tables.currency, status


@rating.command(epilog="Example: posture rating disrupt JP/2026-01-01 drafts/2027-04-01.toml")
@click.argument("old")
@click.argument("new")
@click.option("--most", default=5, show_default=True, type=click.IntRange(0, 1000), help="Extremes shown.")
@model_option
@database_option
@lang_option
@json_option
def disrupt(
    old: str, new: str, *, most: int, model_file: Path | None, database: str | None, lang: str, as_json: bool
) -> None:
    """Rate the stored book on two tables and print how premiums change.

    OLD and NEW are keys such as JP/2026-01-01 or paths of table files (a draft too, as YYYY-MM-DD.toml). The
    newest assessment of every domain is priced on both with the same findings and one model: that of --model,
    of the settings, or the shipped one.
    """
    from posture.app.cli import disrupted
    from posture.app.disrupt import of_book

    found = of_book(old, new, database, model_file)
    if as_json:
        print_json(disrupted.document(found))
    else:
        disrupted.show(found, Language(lang), most)


@rating.command(epilog="Example: posture rating explain out/assessment.json")
@click.argument("assessment_file", metavar="ASSESSMENT", type=_FILE)
@model_option
@json_option
def explain(assessment_file: Path, model_file: Path | None, *, as_json: bool) -> None:
    """Print the fourteen steps from findings to premium of a stored assessment, and the model they are of.

    What they begin with is computed again by the model that priced it, or left out where it is not at hand.
    """
    from posture.core.codec import encode

    assessment = _read(assessment_file)
    decision, before = assessment.decision, _before(assessment, model_file)
    if as_json:
        shares = {"before": encode(before), "scannable": dict(decision.scannable)}
        priced_by = {"model": assessment.digests.model, "priced_by": encode(assessment.priced_by)}
        print_json({"steps": encode(decision.steps), **shares, **priced_by})
        return
    click.echo(_priced_by(assessment))
    _print_before(before)
    for number, step in enumerate(decision.steps, start=1):
        click.echo(f"{number:2}  {step.name}")
        for name, value in step.values.items():
            click.echo(
                f"      {name:28}{value:>14,.4f}" if abs(value) < 1000 else f"      {name:28}{value:>14,.0f}"
            )
    for name, share in decision.scannable.items():
        click.echo(f"Share of the premium that the scan can move, {name}: {100 * share:.0f} %")


def _priced_by(assessment: Assessment) -> str:
    from posture.checks.registry import catalogue
    from reports import text
    from reports.say import Say

    say_it = Say(text.load(Language.EN), catalogue())
    return f"{say_it('versions.priced_by')}: {say_it.model(assessment)}"


def _before(assessment: Assessment, model_file: Path | None) -> "tuple[Before, ...]":
    """What the steps begin with; nothing without an application, or when tables or model are not at hand."""
    from models import application as applications
    from models import tables
    from models.curves import before
    from posture.app.pricing import Models, not_at_hand
    from posture.app.settings import load_settings

    models = Models.read(model_file, load_settings())

    asked = assessment.application
    if asked is None:
        return ()
    market = tables.load(asked.country, assessment.started_at.date())
    if market.digest != assessment.digests.tables:
        return ()
    model = models.find(assessment.digests.model)
    if model is None:
        why = not_at_hand(assessment.digests.model)
        say(f"What the steps begin with is left out. {why.message} {why.remedy}")
        return ()
    return before(tables.scaled(market, model.severity), applications.risk(market, asked))


def _print_before(found: "tuple[Before, ...]") -> None:
    if found:
        click.echo(" 0  pure premium a year at average posture, by cover and peril")
    for item in found:
        share = f"{100 * item.annual:.2f} % left by annual and shared limits, territory {item.territory:.3f}"
        click.echo(f"      {item.cover:28}{math.fsum(item.perils.values()):>14,.0f}   {share}")
        for peril, cost in item.perils.items():
            click.echo(f"        {peril:26}{cost:>14,.0f}")


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
