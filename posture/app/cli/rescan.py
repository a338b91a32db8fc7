"""`posture rescan`: one finding's question again, under consent."""

from pathlib import Path

import click

from posture.app.cli.common import (
    database_option,
    json_option,
    lang_option,
    print_json,
    say,
    scan_options,
)
from posture.app.cli.stopping import run_until_stopped
from posture.core.catalogue import Language
from posture.core.errors import ExitCode


@click.command(epilog="Example: posture rescan 20261123T09 --finding 46ae2494 --consent consent.toml")
@click.argument("assessment_named", metavar="ASSESSMENT")
@click.option("--finding", required=True, metavar="ID", help="The beginning of the finding's id.")
@click.option(
    "--consent",
    "consent_file",
    type=click.Path(path_type=Path),
    help="The consent in force  [default: the assessment's own].",
)
@click.option("--by", default="posture", show_default=True, metavar="NAME", help="Who asks. It is kept.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the evidence  [default: posture-DOMAIN].",
)
@scan_options
@database_option
@lang_option
@json_option
def rescan(
    assessment_named: str,
    *,
    finding: str,
    by: str,
    out: Path | None,
    database: str | None,
    lang: str,
    as_json: bool,
    **raw: object,
) -> int:
    """Ask one finding's question again, and nothing else; note in the ledger what came of it.

    In order now, the finding is closed with evidence, and so is a subjectivity whose findings are all
    closed. The assessment itself, its score and its price stay as they were.
    """
    from posture.app.cli.again import Again

    done = run_until_stopped(
        Again.read(assessment_named, finding, database, raw).run(by, out, Language(lang))
    )
    for fault in done.answer.faults:
        say(f"A fault of ours left the question open: {fault}")
    if as_json:
        print_json(done.document())
    else:
        done.show(Language(lang))
    return ExitCode.INCOMPLETE if done.answer.faults else ExitCode.DONE
