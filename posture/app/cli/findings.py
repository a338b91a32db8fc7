"""`posture findings`: what people say about findings, who, why and until when."""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import Group, database_option, json_option, lang_option, print_json
from posture.core.catalogue import Language
from posture.core.ledger import Kind

_BY = click.option("--by", required=True, metavar="NAME", help="Who says so. It is kept, not verified.")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
_EVIDENCE = click.option(
    "--evidence",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file that shows it; its SHA-256 is kept, the file is not.",
)
_UNTIL = click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The last day it holds, on this machine's calendar.",
)
_EXAMPLE = "Example: posture findings {} 20261123T09 46ae2494"
_REPLY = click.option("--reply-to", default="", metavar="EVENT", help="The event this comment answers.")


@click.group(
    cls=Group, epilog='Example: posture findings dispute 20261123T09 46ae2494 --by "例 太郎" --reason "…"'
)
def findings() -> None:
    """What people say about findings: an append-only ledger beside score and price.

    ASSESSMENT is the beginning of a stored id, or the path of an assessment.json; FINDING the beginning
    of a finding's id. What is said stays with the finding from one assessment of a domain to the next.
    """


@findings.command("list", epilog="Example: posture findings list 20261123T09")
@click.argument("assessment_named", metavar="ASSESSMENT")
@click.option("--all", "everything", is_flag=True, help="Findings that passed or do not apply, too.")
@database_option
@lang_option
@json_option
def list_(assessment_named: str, *, everything: bool, database: str | None, lang: str, as_json: bool) -> None:
    """List the findings that failed, and every one that something was said about, as they stand now."""
    from posture.app.cli import noted

    ledger = noted.ledger(assessment_named, database)
    if as_json:
        print_json(noted.document(ledger, everything=everything))
    else:
        noted.Notes.open(Language(lang)).all(ledger, everything=everything)


@findings.command(epilog="Example: posture findings history 20261123T09 46ae2494")
@click.argument("assessment_named", metavar="ASSESSMENT")
@click.argument("finding")
@database_option
@lang_option
@json_option
def history(assessment_named: str, finding: str, *, database: str | None, lang: str, as_json: bool) -> None:
    """Print everything that was ever said about a finding, in order."""
    from posture.app.cli import noted

    item = noted.one(noted.ledger(assessment_named, database), finding)
    if as_json:
        print_json(noted.entry(item))
    else:
        notes = noted.Notes.open(Language(lang))
        notes.one(item)
        notes.history(item)


def _said(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The arguments and options of every command that adds an event, and further ones."""
    every = (
        click.argument("named", metavar="ASSESSMENT"),
        click.argument("finding"),
        _BY,
        _REASON,
        *options,
        _EVIDENCE,
        database_option,
        lang_option,
        json_option,
    )
    return lambda function: functools.reduce(
        lambda wrapped, option: option(wrapped), reversed(every), function
    )


@findings.command(epilog=f'{_EXAMPLE.format("dispute")} --by "例 太郎" --reason "Another company\'s port"')
@_said()
def dispute(**said: object) -> None:
    """Say that a finding is wrong. It is open, and stamped on the tier, until it is confirmed or resolved."""
    _note(Kind.DISPUTE, **said)


@findings.command(
    epilog=f'{_EXAMPLE.format("waive")} --by "例 太郎" --reason "Replaced in March" --until 2027-03-31'
)
@_said(_UNTIL)
def waive(**said: object) -> None:
    """Ask that a finding be tolerated until a day. Somebody else must approve; score and price stay."""
    _note(Kind.WAIVE, **said)


@findings.command(epilog=f'{_EXAMPLE.format("approve")} --by "山田 花子" --reason "The plan was seen"')
@_said()
def approve(**said: object) -> None:
    """Approve the waiver that waits. Whoever asked for it cannot."""
    _note(Kind.APPROVE, **said)


@findings.command(epilog=f'{_EXAMPLE.format("reject")} --by "山田 花子" --reason "Too long"')
@_said()
def reject(**said: object) -> None:
    """Refuse the waiver that waits, or end the one in force."""
    _note(Kind.REJECT, **said)


@findings.command(epilog=f'{_EXAMPLE.format("confirm")} --by "山田 花子" --reason "Seen again by hand"')
@_said()
def confirm(**said: object) -> None:
    """Say that a finding is as reported, after another look. Settles an open dispute."""
    _note(Kind.CONFIRM, **said)


@findings.command(
    epilog=f'{_EXAMPLE.format("resolve")} --by "山田 花子" --reason "Not theirs" --evidence whois.txt'
)
@_said()
def resolve(**said: object) -> None:
    """Settle an open dispute with evidence: the finding was wrong, or is mended. Only a scan changes it."""
    _note(Kind.RESOLVE, **said)


@findings.command(epilog=f'{_EXAMPLE.format("comment")} --by "山田 花子" --reason "Asked the provider"')
@_said(_REPLY)
def comment(**said: object) -> None:
    """Add a remark."""
    _note(Kind.COMMENT, **said)


def _note(kind: Kind, **said: Any) -> None:  # noqa: ANN401 - click gives each option its own type
    from posture.app.cli import noted
    from posture.app.findings import Words

    until: datetime | None = said.get("until")
    words = Words(
        by=said["by"],
        reason=said["reason"],
        # The last day counts whole: the waiver ends as the next day begins.
        until=None if until is None else (until + timedelta(days=1)).astimezone(),
        evidence=said["evidence"],
        reply_to=said.get("reply_to", ""),
    )
    item = noted.note(said["named"], said["finding"], kind, words, said["database"])
    if said["as_json"]:
        print_json(noted.entry(item))
    else:
        noted.Notes.open(Language(said["lang"])).one(item)
