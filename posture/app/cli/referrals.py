"""`posture referrals`: the cases that a person decides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import Group, database_option, json_option, lang_option, print_json
from posture.app.cli.desk_options import BY, CASE, LETTERS, REASON, desk, print_cases, show, who
from posture.core.desk.events import Kind
from posture.core.desk.quote import State

_EXAMPLE = "Example: posture referrals {} 20261123T09"
_KINDS = ("decline", "questions", "quote")


@click.group(cls=Group, epilog="Example: posture referrals list")
def referrals() -> None:
    """The referral desk: reason, age, limit and the authority each case needs; who took it, who decided.

    ASSESSMENT is the beginning of a stored id. The settings name who has which authority ([authority] NAME
    = LEVEL); nobody decides a case of one's own, and a knock-out needs a second signature.
    """


@referrals.command("list", epilog="Example: posture referrals list --json")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 10_000))
@database_option
@lang_option
@json_option
def list_(limit: int, **said: object) -> None:
    """List the open referrals, the oldest first."""
    with desk(said) as opened:
        found = [case for case in opened.cases(limit) if case.standing.state is State.REFERRED]
    found.sort(key=lambda case: case.standing.since or case.assessment.finished_at)
    print_cases(found, "referrals", said)


@referrals.command(epilog=f'{_EXAMPLE.format("take")} --by "山田 花子"')
@CASE
@BY
@click.option("--reason", default="take", metavar="TEXT", help="Why.")
@database_option
@lang_option
@json_option
def take(case_named: str, **raw: object) -> None:
    """Take a referral. Whoever asked for it cannot; somebody else may take it over later."""
    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
        show(opened.add(case, Kind.TAKE, who(said["by"]), said["reason"], {}), said)


@referrals.command(
    epilog=f'{_EXAMPLE.format("decide")} --approve --by "山田 花子" --reason "Gateway in March"'
)
@CASE
@click.option("--approve/--decline", "approve", default=None, required=True, help="Offer it, or do not.")
@click.option(
    "--ground",
    "grounds",
    multiple=True,
    metavar="ID",
    help="What a decline rests on (repeatable): FINDING or reason.",
)
@BY
@REASON
@database_option
@lang_option
@json_option
def decide(case_named: str, *, approve: bool, grounds: tuple[str, ...], **raw: object) -> None:
    """Decide a referral that one has taken. The model's decision stays beside it as it was.

    An approval offers the version as it was priced; with a knock-out it waits for a second signature. A
    decline rests on failed findings that were observed, or on the application: never on what was not seen.
    """
    from posture.app.desk import decided

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
        done = decided(opened, case, who(said["by"]), said["reason"], approve=approve, named=grounds)
        show(done, said)


@referrals.command(epilog=f'{_EXAMPLE.format("sign")} --by "佐藤 健" --reason "Seen"')
@CASE
@BY
@REASON
@database_option
@lang_option
@json_option
def sign(case_named: str, **raw: object) -> None:
    """Put the second signature under an approval. Neither the asker nor the approver can."""
    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
        show(opened.add(case, Kind.SIGN, who(said["by"]), said["reason"], {}), said)


@referrals.command(epilog=f"{_EXAMPLE.format('letter')} --kind decline --out letters")
@CASE
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="Which letter.")
@LETTERS
@database_option
@lang_option
@json_option
def letter(case_named: str, kind: str, out: Path, **raw: object) -> None:
    """Write a neutral letter to the applicant in both languages, as text, HTML and PDF.

    decline: only of a declined case. questions: the neutral questions about what was declared and observed.
    quote: terms, premium and validity of the last version.
    """
    from posture.app.letters import write

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        files = write(opened.case(case_named), kind, out)
    if said["as_json"]:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(path)
