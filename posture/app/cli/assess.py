"""`posture assess`: the whole job for one applicant."""

from pathlib import Path

import click

from posture.app.cli.common import (
    consent_option,
    database_option,
    json_option,
    lang_option,
    model_option,
    paper_options,
    print_json,
    say,
    scan_options,
)
from posture.app.cli.stopping import run_until_stopped
from posture.core.catalogue import Language
from posture.core.decisions import Action
from posture.core.errors import ExitCode


@click.command(
    epilog="Example: posture assess example.co.jp --consent consent.toml --application application.toml"
)
@click.argument("domain")
@consent_option
@click.option(
    "--application", "application_file", type=click.Path(path_type=Path), help="The application (TOML)."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the reports  [default: posture-DOMAIN]."
)
@paper_options
@click.option(
    "--ports",
    help="Ports to sweep, within the consent: 22,8000-8100,U:161; `default` and `udp` are lists of ours.",
)
@scan_options
@model_option
@lang_option
@json_option
@database_option
@click.option("--exit-code", is_flag=True, help="Exit 5 when the decision is refer or decline.")
def assess(domain: str, *, lang: str, as_json: bool, exit_code: bool, **raw: object) -> int:
    """Scan DOMAIN under the applicant's consent, judge, price, store, and write both reports.

    Refuses (exit 4, nothing sent) without a proved consent that covers the domain today.
    """
    from posture.app.cli.progress import progress_of
    from posture.app.run import RunRequest, run

    request = RunRequest.read(domain=domain, raw=raw)
    with progress_of(request.domain) as progress:
        outcome = run_until_stopped(run(request, progress))
    for fault in outcome.faults:
        say(f"A fault of ours left a question open: {fault}")
    if as_json:
        from posture.core.document import assessment as to_document

        print_json(to_document(outcome.assessment))
    else:
        from posture.app.cli.summary import Terminal
        from posture.checks.registry import catalogue

        Terminal.open(catalogue(), Language(lang)).summary(outcome.assessment, outcome.files)
    return _exit(
        complete=outcome.assessment.complete, action=outcome.assessment.decision.action, asked=exit_code
    )


def _exit(*, complete: bool, action: Action, asked: bool) -> int:
    if not complete:
        return ExitCode.INCOMPLETE
    if asked and action in (Action.REFER, Action.DECLINE):
        return ExitCode.REFER_OR_DECLINE
    return ExitCode.DONE
