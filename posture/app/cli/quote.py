"""`posture quote`: prices a stored assessment on terms, and keeps the version."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from posture.app.cli.common import database_option, json_option, lang_option, model_option, print_json
from posture.app.cli.desk_options import BY, CASE, desk, who
from posture.core.catalogue import Language
from posture.core.decisions import Cover
from posture.core.errors import PostureError

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)


def _terms(name: str) -> Callable[[F], F]:
    """An option that sets a term of a cover."""
    return click.option(
        f"--{name}",
        f"{name}s",
        multiple=True,
        metavar="COVER=AMOUNT",
        help=f"{name.capitalize()} of a cover in whole units of currency, such as A=100000000 (repeatable).",
    )


@click.command(
    epilog="Example: posture quote 20261123T09 --limit A=200000000 --deductible A=300000 --from 2027-01-01"
)
@CASE
@click.option("--application", "application_file", type=_FILE, help="Another application (TOML).")
@_terms("limit")
@_terms("deductible")
@click.option(
    "--schedule", type=float, metavar="FACTOR", help="The underwriter's own factor, in the filed range."
)
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day of the period.")
@click.option("--draft", is_flag=True, help="Keep it without issuing it.")
@BY
@click.option("--reason", default="", metavar="TEXT", help="Why; needed with --schedule.")
@model_option
@database_option
@lang_option
@json_option
def quote(case_named: str, **raw: object) -> None:
    """Price ASSESSMENT again on these terms, without a scan, and keep the version beside the earlier ones.

    ASSESSMENT is the beginning of a stored id; terms not given stay as in the version before. The model's
    decision stays as it is: a --schedule stands beside it. A version that the model refers, or that is
    above one's own authority, goes to the referral desk. Without a filed table the premium is an
    indication that nobody can accept.
    """
    from posture.app.cli import desked
    from posture.app.files import read_application
    from posture.app.quoting import Terms

    said: Mapping[str, Any] = raw
    file, first = said["application_file"], said["first"]
    terms = Terms(
        application=read_application(file) if file else None,
        limits=_amounts("--limit", said["limits"]),
        deductibles=_amounts("--deductible", said["deductibles"]),
        schedule=said["schedule"],
        reason=said["reason"],
        first_day=None if first is None else first.date(),
    )
    with desk(said) as opened:
        case = opened.quote(opened.case(case_named), terms, who(said["by"]), draft=said["draft"])
    if said["as_json"]:
        print_json(desked.document(case))
        return
    printed = desked.Printed.open(Language(said["lang"]))
    printed.case(case)
    if len(case.standing.versions) > 1:
        printed.compared(case.standing.versions[-3:])


def _amounts(option: str, given: Sequence[str]) -> Mapping[Cover, int]:
    return dict(_amount(option, text) for text in given)


def _amount(option: str, text: str) -> tuple[Cover, int]:
    name, sign, amount = text.partition("=")
    plain = amount.replace("_", "").replace(",", "")
    if name not in set(Cover) or not sign or not (plain.isascii() and plain.isdecimal()) or len(plain) > 15:
        raise PostureError(
            f"{option} “{text}” is not COVER=AMOUNT.",
            remedy=f"Give a cover ({', '.join(Cover)}) and a whole amount, such as A=100000000.",
            code="bad-terms",
        )
    return Cover(name), int(plain)
