"""Options and output every scanning command shares."""

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from posture.core.catalogue import Language

P = ParamSpec("P")
R = TypeVar("R")

_FILE = click.Path(path_type=Path, dir_okay=False)
#: Longer than the first sentence of any command's help; click would cut it to what is left of one line.
_WHOLE_SENTENCE = 200


class Group(click.Group):
    """A group of commands whose list says each command's whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, command.get_short_help_str(limit=_WHOLE_SENTENCE))
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


consent_option = click.option(
    "--consent",
    "consent_file",
    type=click.Path(path_type=Path),
    required=True,
    help="The applicant's consent (TOML).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
database_option = click.option(
    "--database", metavar="URL", help="sqlite:///… or postgresql://… (also POSTURE_DATABASE)."
)


def default_language() -> str:
    """The terminal's language: Japanese where the locale says so, else English."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.JA.value if locale.startswith("ja") else Language.EN.value


lang_option = click.option(
    "--lang",
    type=click.Choice([language.value for language in Language]),
    default=default_language,
    show_default="the locale's",
    help="Language on the terminal; files are always written in both.",
)

_SCAN_OPTIONS = (
    click.option(
        "--resolver",
        "resolvers",
        multiple=True,
        metavar="IP[:PORT]",
        help="DNS resolver to ask (repeatable).",
    ),
    click.option("--address", metavar="IP", help="Connect there instead of resolving the target's name."),
    click.option("--trust-store", type=_FILE, metavar="PEM", help="Certification authorities to trust."),
    click.option(
        "--trust-anchor", type=_FILE, metavar="FILE", help="DNSSEC trust anchors (zone-file DS or DNSKEY)."
    ),
    click.option(
        "--connect-to",
        multiple=True,
        metavar="NAME:PORT=IP:PORT",
        help="Connect elsewhere for a name's port (repeatable; for laboratories).",
    ),
    click.option(
        "--dkim-selector", "dkim_selectors", multiple=True, metavar="NAME", help="DKIM selector to ask for."
    ),
)


def scan_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add the options of every scanning command."""
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(_SCAN_OPTIONS), function)


_PAPER_OPTIONS = (
    click.option(
        "--audience",
        "audiences",
        multiple=True,
        type=click.Choice(["underwriter", "applicant", "agency"]),
        help="For whom (repeatable)  [default: underwriter, applicant].",
    ),
    click.option(
        "--format",
        "formats",
        multiple=True,
        type=click.Choice(["html", "pdf", "json", "csv", "xlsx"]),
        help="Which files (repeatable); xlsx is the remediation tracker  [default: all but xlsx].",
    ),
)


def paper_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add the options of every command that writes reports."""
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(_PAPER_OPTIONS), function)


model_option = click.option(
    "--model",
    "model_file",
    type=_FILE,
    metavar="FILE",
    help="The model, of `posture model fit`  [default: that of the settings, or the shipped one].",
)


def print_json(document: Mapping[str, Any]) -> None:
    """The one document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """Talk to the person; stdout stays for results."""
    click.echo(text, err=True)


def is_terminal() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
