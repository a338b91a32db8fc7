"""`posture assessments`: what was kept."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture.app.cli.common import (
    Group,
    database_option,
    json_option,
    lang_option,
    model_option,
    paper_options,
    print_json,
    say,
)
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.errors import ExitCode

if TYPE_CHECKING:
    from posture.app.pricing import Models


@click.group(cls=Group, epilog="Example: posture assessments list --domain example.co.jp")
def assessments() -> None:
    """Stored assessments: evidence that can be shown and replayed."""


@assessments.command("list", epilog="Example: posture assessments list --json")
@click.option("--domain", help="Only this domain.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@database_option
@json_option
def list_(domain: str | None, limit: int, database: str | None, *, as_json: bool) -> None:
    """List the newest assessments."""
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.core.targets import host_name
    from posture.store import assessments as stored
    from posture.store.database import open_database
    from reports.plain import visible

    opened = open_database(database or load_settings().database)
    rows = stored.newest(opened, domain=host_name(domain) if domain else None, limit=limit)
    if as_json:
        print_json({"assessments": [encode(row) for row in rows]})
        return
    for row in rows:
        mark = "" if row.complete else "  (incomplete)"
        click.echo(f"{row.id}  {row.tier}  {row.action:14}  {visible(row.applicant)}{mark}")


@assessments.command(epilog="Example: posture assessments show 20261123T09")
@click.argument("assessment_id", metavar="ID")
@click.option("--out", type=click.Path(path_type=Path), help="Write the reports again into this folder.")
@click.option(
    "--policyholder", is_flag=True, help="The applicant is insured: print the emergency card in full."
)
@paper_options
@model_option
@database_option
@lang_option
@json_option
def show(
    assessment_id: str,
    out: Path | None,
    model_file: Path | None,
    database: str | None,
    lang: str,
    *,
    policyholder: bool,
    as_json: bool,
    **papers: tuple[str, ...],
) -> None:
    """Show a stored assessment (the beginning of its id is enough), and write its reports again.

    Open disputes, waivers in force and waivers that have ended are printed beside it, as of today. The
    reports have all that the store knows by now: the ledger, the past, and the book.
    """
    item = _load(assessment_id, database)
    files: tuple[Path, ...] = ()
    if out is not None:
        from posture.app.papers import Wanted, rewrite
        from posture.app.pricing import not_at_hand
        from posture.app.run import check_out

        wanted = replace(Wanted.of(papers), policyholder=policyholder)
        models = _models(model_file)
        files = rewrite(item, check_out(out), database, wanted, models)
        if item.application is not None and models.find(item.digests.model) is None:
            why = not_at_hand(item.digests.model)
            say(f"The reports are without what-if. {why.message} {why.remedy}")
    if as_json:
        _print(item, lang, files, as_json=True)
        return
    from posture.app.cli import noted

    ledger = noted.of(item, database)
    _print(item, lang, files, as_json=False, disputed=len(ledger.disputed()))
    noted.Notes.open(Language(lang)).beside(ledger)


@assessments.command(epilog="Example: posture assessments replay 20261123T09")
@click.argument("assessment_id", metavar="ID")
@model_option
@database_option
@lang_option
@json_option
def replay(
    assessment_id: str, model_file: Path | None, database: str | None, lang: str, *, as_json: bool
) -> int:
    """Judge and price stored observations again; say whether it agrees.

    By the model, tables and appetite that decided it: releases keep theirs, a model of your own is that of
    --model or of the settings. Checks judge as they do today; those that came later are not asked.
    """
    from posture.app.assess import Then
    from posture.app.assess import replay as again

    stored = _load(assessment_id, database)
    fresh = again(stored, _models(model_file).of(stored.digests.model), Then.of(stored))
    same = fresh.findings == stored.findings and fresh.decision == stored.decision
    _print(fresh, lang, (), as_json=as_json)
    changed = [
        name
        for name in ("tables", "catalogue", "appetite")
        if getattr(fresh.digests, name) != getattr(stored.digests, name)
    ]
    why = f" Changed since: {', '.join(changed)}." if changed else ""
    verdict = "The same findings and the same decision." if same else "Findings or decision differ."
    click.echo(f"{verdict}{why}", err=True)
    return ExitCode.DONE


def _models(file: Path | None) -> "Models":
    from posture.app.pricing import Models
    from posture.app.settings import load_settings

    return Models.read(file, load_settings())


def _load(assessment_id: str, database: str | None) -> Assessment:
    from posture.app import stored

    return stored.find(assessment_id, database)


def _print(item: Assessment, lang: str, files: tuple[Path, ...], *, as_json: bool, disputed: int = 0) -> None:
    if as_json:
        from posture.core.document import assessment as to_document

        print_json(to_document(item))
        return
    from posture.app.cli.summary import Terminal
    from posture.checks.registry import catalogue

    Terminal.open(catalogue(), Language(lang)).summary(item, files, disputed=disputed)
