"""`posture whatif`: what fixing findings, or answering unknowns, would do to tier, loading and premium."""

from pathlib import Path

import click

from posture.app.cli.common import database_option, json_option, lang_option, model_option, print_json
from posture.core.catalogue import Language
from posture.core.decisions import Tier
from posture.core.errors import UsageFault


@click.command(epilog="Example: posture whatif 20261123T09 --target-tier T2")
@click.argument("assessment_named", metavar="ASSESSMENT")
@click.option(
    "--fix", "fixes", multiple=True, metavar="FINDING", help="As if this finding were fixed (repeatable)."
)
@click.option(
    "--target-tier",
    type=click.Choice([tier.value for tier in Tier]),
    help="The cheapest fixes that reach this tier.",
)
@model_option
@database_option
@lang_option
@json_option
def whatif(
    assessment_named: str,
    *,
    fixes: tuple[str, ...],
    target_tier: str | None,
    model_file: Path | None,
    database: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """Price a stored assessment again as if findings were fixed: same model, same tables, no scan.

    ASSESSMENT is the beginning of a stored id, or the path of an assessment.json; FINDING the beginning
    of a finding's id. Without --fix and --target-tier: every failed finding, every unknown, and the
    cheapest way to the next tier. The hours are judgement, dated in models/data/effort.toml.
    """
    if fixes and target_tier:
        raise UsageFault("--fix and --target-tier exclude each other.", remedy="Ask one of them at a time.")
    from posture.app import stored
    from posture.app import whatif as asks
    from posture.app.pricing import Models
    from posture.app.settings import load_settings

    models = Models.read(model_file, load_settings())
    item = stored.find(assessment_named, database)
    model = models.of(item.digests.model)
    if fixes:
        asked = asks.fixed(item, model, stored.named(item, fixes))
    elif target_tier:
        asked = asks.planned(item, model, Tier(target_tier))
    else:
        asked = asks.everything(item, model)
    if as_json:
        print_json(asks.to_document(asked))
        return
    from posture.app.cli.foreseen import Foreseen

    Foreseen.open(Language(lang), asked).show()
