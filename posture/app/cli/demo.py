"""`posture demo`: three applicants on loopback, assessed for real."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import database_option, json_option, lang_option, print_json, say
from posture.app.cli.progress import progress_of
from posture.app.cli.stopping import run_until_stopped
from posture.app.run import Outcome, RunRequest, check_out, run
from posture.core.catalogue import Language
from posture.core.errors import ExitCode
from posture.core.feeds import FeedRows
from posture.core.observations import Observation
from posture.demo import feeds
from posture.demo.namespace import enter
from posture.demo.stage import Applicant, Scene, Stage, utc_now


@click.command(epilog="Example: posture demo --out demo-reports --lang ja")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for the reports.",
)
@database_option
@lang_option
@json_option
def demo(out: Path, database: str | None, lang: str, *, as_json: bool) -> int:
    """Bring up a well-kept, a typical and an exposed applicant as real servers, and assess all three.

    Nothing leaves this machine; nothing is left running.
    """
    # Before anything starts a thread: a private network gives low ports to everybody.
    private = enter()
    results = _assess_all(check_out(out), database, private=private)
    if as_json:
        from posture.core.document import assessment as to_document

        print_json({"assessments": [to_document(result.assessment) for result in results]})
    else:
        _print(results, Language(lang))
    return ExitCode.DONE if all(result.assessment.complete for result in results) else ExitCode.INCOMPLETE


def _assess_all(out: Path, database: str | None, *, private: bool) -> list[Outcome]:
    url = database_of(out, database)
    with tempfile.TemporaryDirectory(prefix="posture-demo-") as name:
        folder = Path(name)
        with Stage(folder, low_ports=private) as scene:
            where = "low ports in a private network" if private else "high ports on loopback"
            say(f"{len(scene.applicants)} applicants are up ({where}).")
            say("What is said of vulnerabilities is synthetic: flaws called SYNTHETIC-… do not exist.")
            return [_assess(scene, applicant, folder, out, url) for applicant in scene.applicants]


def database_of(out: Path, named: str | None) -> str:
    """Where the demo keeps its assessments: as asked, or beside its reports and not in the operator's own."""
    return named or os.environ.get("POSTURE_DATABASE") or f"sqlite:///{out.absolute() / 'demo.db'}"


def _assess(scene: Scene, applicant: Applicant, folder: Path, out: Path, url: str) -> Outcome:
    raw = {
        "consent_file": _paper(folder / f"{applicant.key}.consent.toml", applicant.consent),
        "application_file": _paper(folder / f"{applicant.key}.application.toml", applicant.application),
        "out": out / applicant.key,
        "database": url,
        "resolvers": [f"{host}:{port}" for host, port in scene.resolvers],
        "trust_store": scene.trust_store,
        "trust_anchor": scene.trust_anchor,
        "connect_to": scene.routes,
    }
    with progress_of(applicant.domain) as progress:
        request = replace(RunRequest.read(domain=applicant.domain, raw=raw), feeds=synthetic)
        outcome = run_until_stopped(run(request, progress))
    for fault in outcome.faults:
        say(f"A fault of ours left a question open: {fault}")
    return outcome


def synthetic(observations: Sequence[Observation[Any]]) -> FeedRows:
    """The demo's feed about the products that were seen; the stored feeds are left alone."""
    from posture.checks.intelligence import wanted

    return feeds.rows((key for product in wanted(observations) for key in product.keys), utc_now())


def _paper(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _print(outcomes: list[Outcome], language: Language) -> None:
    from posture.app.cli.summary import Terminal
    from posture.checks.registry import catalogue

    terminal = Terminal.open(catalogue(), language)
    for outcome in outcomes:
        terminal.summary(outcome.assessment, outcome.files)
        click.echo()
    terminal.table([outcome.assessment for outcome in outcomes])
