"""The command line: thin, lazy, and honest about errors. `main` is the console script."""

import errno
import gc
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

import posture
from posture.app.cli.stopping import stopping
from posture.core.errors import ExitCode, PostureError

#: Objects made before cycles are looked for. Loading makes many that stay; looking among them takes a tenth
#: of a short command's time.
_OBJECTS: Final = 50_000
#: Seconds until a thread that loads modules lets the event loop go on: it sends one datagram at a turn.
_TURN: Final = 0.0005

#: Command name → module under `posture.app.cli` and attribute; modules load when their command is used.
COMMANDS: Final[Mapping[str, str]] = {
    "assess": "assess:assess",
    "assessments": "assessments:assessments",
    "checks": "checks:checks",
    "consent": "consent:consent",
    "declared": "declared:declared",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "feeds": "feeds:feeds",
    "findings": "findings:findings",
    "model": "model:model",
    "probe": "probe:probe",
    "quote": "quote:quote",
    "quotes": "quotes:quotes",
    "rating": "rating:rating",
    "referrals": "referrals:referrals",
    "renewals": "renewals:renewals",
    "rescan": "rescan:rescan",
    "store": "store:store",
    "whatif": "whatif:whatif",
}

#: Help lines by command, so that `posture --help` loads no command.
HELP: Final[Mapping[str, str]] = {
    "assess": "Scan an applicant under its consent; print tier, loading and premium; write the reports.",
    "assessments": "List, show and replay stored assessments.",
    "checks": "List the checks and show what one means.",
    "consent": "Write, show and check a consent file.",
    "declared": "Compare the applicant's answers with what was observed; keep what it says of differences.",
    "demo": "Assess three applicants on loopback: real servers, real scan, no consent of yours needed.",
    "doctor": "Look whether everything the program needs is here.",
    "feeds": "Keep lists of exploited and likely flaws; ask which applicants a flaw concerns.",
    "findings": "Dispute, waive, confirm and comment findings; who said what, and until when.",
    "model": "Fit the risk model to your own claims, measure it, show it.",
    "probe": "Ask one area of one target: dns, mail, tls, web or ports.",
    "quote": "Price a stored assessment on other terms, without a scan, and keep the version.",
    "quotes": "Show, compare, accept, revalidate and bind quotes.",
    "rating": "Show the rating tables; explain how an assessment was priced.",
    "referrals": "Decide what is referred: authority, second signature, neutral letters.",
    "renewals": "Keep policies and assess again what falls due.",
    "rescan": "Ask one finding's question again, and close it with evidence.",
    "store": "Look after the database: purge what may no longer be kept.",
    "whatif": "What fixing findings would do to tier, loading and premium; the cheapest way to a tier.",
}


#: What the system says of a name too long, and of an output on a disk that is full.
_NOT_OURS: Final = frozenset({errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT})


class _ReaderLeft(Exception):
    """Whoever reads our output has had enough; click would end with the code of a setup error."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run the command. Raises _ReaderLeft when nobody reads its output any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderLeft from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"posture.app.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, HELP[name]) for name in sorted(COMMANDS)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: posture assess example.co.jp --consent consent.toml --application application.toml",
)
@click.version_option(posture.__version__, prog_name="posture")
def cli() -> None:
    """External security posture, seen under consent, turned into an underwriting decision."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and leave with its exit code (DESIGN §5)."""
    gc.set_threshold(_OBJECTS)
    sys.setswitchinterval(_TURN)
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words, as_json="--json" in words))


def _run(words: Sequence[str], *, as_json: bool) -> int:
    with stopping() as stop:
        try:
            return _called(words, as_json=as_json)
        except (KeyboardInterrupt, click.Abort):
            return _fail(
                stop.exit_code,
                "interrupted",
                f"Stopped ({stop.name}).",
                "Nothing was half-written; run the command again.",
                as_json=as_json,
            )
        except OSError as error:
            return _refused(error, as_json=as_json)


def _refused(error: OSError, *, as_json: bool) -> int:
    """A name that no file can have, or an output that takes no more: said by the system, and no fault."""
    what = (error.strerror or str(error)).lower()
    if error.filename is not None:
        message = f"“{str(error.filename)[:60]}…” cannot be used: {what}."
        return _fail(ExitCode.SETUP, "bad-file", message, "Give a shorter name.", as_json=as_json)
    sys.stdout = None  # what is left in its buffer cannot be written either
    message = f"The output cannot be written: {what}."
    return _fail(ExitCode.SETUP, "output", message, "Free some space, or send it elsewhere.", as_json=False)


def _called(words: Sequence[str], *, as_json: bool) -> int:
    """Run the command. Raises KeyboardInterrupt, click.Abort and what the system refuses (`_NOT_OURS`)."""
    try:
        code = cli.main(list(words), prog_name="posture", standalone_mode=False)
        return int(code) if isinstance(code, int) else ExitCode.DONE
    except PostureError as error:
        return _fail(error.exit_code, error.code, error.message, error.remedy, as_json=as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "posture"
        return _fail(
            ExitCode.USAGE, "usage", error.format_message(), f"See: {command} --help", as_json=as_json
        )
    except click.ClickException as error:
        return _fail(
            ExitCode.SETUP, "setup", error.format_message(), "Correct it and try again.", as_json=as_json
        )
    except click.Abort:
        raise
    except _ReaderLeft:
        sys.stdout = None  # Python would complain at exit that it cannot be flushed
        return ExitCode.DONE
    except OSError as error:
        if error.errno in _NOT_OURS:
            raise
        return _fault(as_json=as_json)
    except Exception:  # noqa: BLE001 - the command line's one net: a fault of ours is said to be ours
        return _fault(as_json=as_json)


def _fault(*, as_json: bool) -> int:
    """Print the exception at hand, and say that it is ours."""
    traceback.print_exc()
    return _fail(
        ExitCode.INCOMPLETE,
        "bug",
        "This is a fault in posture itself; the lines above say where.",
        "Please report it with the command and the lines above.",
        as_json=as_json,
    )


def _fail(exit_code: int, code: str, message: str, remedy: str, *, as_json: bool) -> int:
    from reports.plain import visible

    click.echo(visible(f"{message} {remedy}"), err=True)
    if as_json:
        document = {
            "schema": "posture.error/1",
            "exit": int(exit_code),
            "code": code,
            "message": message,
            "remedy": remedy,
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    return int(exit_code)
