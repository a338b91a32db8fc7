"""Options and helpers that every command of the underwriter's desk shares."""

import getpass
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture.app.cli.common import print_json
from posture.core.catalogue import Language
from posture.core.errors import PostureError

if TYPE_CHECKING:
    from posture.app.desk import Case, Desk

BY = click.option("--by", metavar="NAME", help="Who does it  [default: the login name]. Kept, not verified.")
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
CASE = click.argument("case_named", metavar="ASSESSMENT")
LETTERS = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("letters"), show_default=True, help="Folder."
)


def who(by: str | None) -> str:
    """The name given, or the login name. Raises PostureError where there is neither."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise PostureError(
            "Nobody is named, and this login has no name.", remedy="Say who with --by NAME.", code="no-name"
        ) from None


@contextmanager
def desk(said: Mapping[str, Any]) -> Iterator["Desk"]:
    """The desk on the database that the command names, now."""
    from posture.app.clock import utc_now
    from posture.app.desk import opened

    with opened(said["database"], utc_now(), said.get("model_file")) as found:
        yield found


def print_cases(cases: Sequence["Case"], heading: str, said: Mapping[str, Any]) -> None:
    """A list of cases on stdout; `heading` names it in the JSON document."""
    from posture.app.cli import desked

    if said["as_json"]:
        print_json({heading: [desked.line(case) for case in cases]})
    else:
        desked.Printed.open(Language(said["lang"])).listed(cases)


def show(case: "Case", said: Mapping[str, Any]) -> None:
    """A case on stdout."""
    from posture.app.cli import desked

    if said["as_json"]:
        print_json(desked.document(case))
    else:
        desked.Printed.open(Language(said["lang"])).case(case)
