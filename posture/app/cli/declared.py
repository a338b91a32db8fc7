"""`posture declared`: the applicant's answers beside what was observed (告知)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import Group, database_option, json_option, lang_option, print_json
from posture.app.cli.desk_options import BY, CASE, LETTERS, desk, show, who
from posture.core.catalogue import Language
from posture.core.desk.events import Kind


@click.group(cls=Group, epilog="Example: posture declared show 20261123T09 --lang ja")
def declared() -> None:
    """Declared against observed: consistent, contradicted, unsupported or not observable.

    A scan never replaces what the applicant declares: it looks from outside and can err. A difference is a
    neutral question; rule an error of the tool out first, with another scan.
    """


@declared.command(epilog="Example: posture declared items --lang ja")
@lang_option
@json_option
def items(lang: str, *, as_json: bool) -> None:
    """List the questionnaire: what `controls` of an application may answer."""
    from posture.app.declared import sheet

    rows = sheet()
    if as_json:
        print_json({"items": rows})
        return
    for row in rows:
        click.echo(f"{row['item']:30}{row['question'][lang]}")


@declared.command("show", epilog="Example: posture declared show 20261123T09 --json")
@CASE
@database_option
@lang_option
@json_option
def show_(case_named: str, **raw: object) -> None:
    """Show every answer beside what was observed, with the evidence and the applicant's word on it."""
    from posture.app.cli import desked
    from posture.app.declared import document

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
    if said["as_json"]:
        print_json(document(case))
    else:
        desked.Printed.open(Language(said["lang"])).declared(case)


@declared.command(epilog="Example: posture declared ask 20261123T09 --out letters")
@CASE
@LETTERS
@BY
@database_option
@lang_option
@json_option
def ask(case_named: str, out: Path, **raw: object) -> None:
    """Write the neutral questions to the applicant in both languages, and note that they were asked."""
    from posture.app.letters import write

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
        files = write(case, "questions", out)
        opened.add(case, Kind.ASK, who(said["by"]), "questions", {"files": [path.name for path in files]})
    if said["as_json"]:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(path)


@declared.command(
    epilog='Example: posture declared answer 20261123T09 dmarc_enforced --by "例 太郎" --answer "Since May"'
)
@CASE
@click.argument("item")
@click.option(
    "--by", required=True, metavar="NAME", help="Who answered, for the applicant. Kept, not verified."
)
@click.option("--answer", required=True, metavar="TEXT", help="What the applicant says, word for word.")
@click.option("--evidence", type=click.Path(path_type=Path), help="A document; its SHA-256 is kept.")
@database_option
@lang_option
@json_option
def answer(case_named: str, item: str, **raw: object) -> None:
    """Keep the applicant's answer about an ITEM. It can be given again; nothing is erased."""
    from posture.app.declared import answer_body

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
        body = answer_body(case, item, said["evidence"])
        show(opened.add(case, Kind.ANSWER, said["by"], said["answer"], body), said)
