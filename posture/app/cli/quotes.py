"""`posture quotes`: what becomes of a quote, from draft to bound."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import Group, database_option, json_option, lang_option, model_option, print_json
from posture.app.cli.desk_options import BY, CASE, REASON, desk, print_cases, show, who
from posture.core.catalogue import Language
from posture.core.desk.events import Kind
from posture.core.desk.quote import Version
from posture.core.errors import PostureError

_EXAMPLE = "Example: posture quotes {} 20261123T09"
_VERSION = click.IntRange(1, 10_000)


@click.group(cls=Group, epilog=_EXAMPLE.format("show"))
def quotes() -> None:
    """Versions of quotes and what became of them: an append-only history for each assessment.

    ASSESSMENT is the beginning of a stored id. States: draft, referred, quoted, accepted, bound, declined,
    lapsed. `posture quote` makes a version, `posture referrals` decides what is referred.
    """


@quotes.command("list", epilog="Example: posture quotes list --json")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@database_option
@lang_option
@json_option
def list_(limit: int, **said: object) -> None:
    """List every case in which something was quoted, newest state first."""
    with desk(said) as opened:
        found = [case for case in opened.cases(limit) if case.standing.versions]
    found.sort(key=lambda case: case.standing.since or case.at, reverse=True)
    print_cases(found, "cases", said)


@quotes.command("show", epilog=_EXAMPLE.format("show"))
@CASE
@database_option
@lang_option
@json_option
def show_(case_named: str, **said: object) -> None:
    """Show where a case stands, its last version, and what is open."""
    with desk(said) as opened:
        show(opened.case(case_named), said)


@quotes.command(epilog=_EXAMPLE.format("history"))
@CASE
@database_option
@lang_option
@json_option
def history(case_named: str, **raw: object) -> None:
    """Print everything that was ever done in a case, in order."""
    from posture.app.cli import desked

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
    if said["as_json"]:
        print_json({"case": case.assessment.id, "history": desked.document(case)["history"]})
    else:
        desked.Printed.open(Language(said["lang"])).history(case)


@quotes.command(epilog=_EXAMPLE.format("compare") + " 1 3")
@CASE
@click.argument("versions", nargs=-1, type=_VERSION)
@database_option
@lang_option
@json_option
def compare(case_named: str, versions: tuple[int, ...], **raw: object) -> None:
    """Put versions side by side (all of them, or the numbers named): terms and premium of each cover."""
    from posture.app.cli import desked
    from posture.core import codec

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
    every = case.standing.versions
    chosen = [_numbered(every, number, case.assessment.id) for number in versions] or list(every)
    if said["as_json"]:
        print_json({"case": case.assessment.id, "versions": [codec.encode(version) for version in chosen]})
    else:
        desked.Printed.open(Language(said["lang"])).compared(chosen)


@quotes.command(epilog=_EXAMPLE.format("replay"))
@CASE
@click.option("--version", "number", type=_VERSION, help="Which version  [default: the last].")
@model_option
@database_option
@lang_option
@json_option
def replay(case_named: str, number: int | None, **raw: object) -> None:
    """Price a version again from the stored evidence, as of the day it was issued; say whether it agrees."""
    from posture.app.quoting import replayed
    from posture.core import codec

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(case_named)
    every = case.standing.versions
    kept = _numbered(every, number or len(every), case.assessment.id)
    fresh = replayed(case.assessment, kept, opened.models.of(kept.model))
    changed = [name for name in ("tables", "appetite") if getattr(fresh, name) != getattr(kept, name)]
    same = codec.encode(fresh) == codec.encode(kept)
    if said["as_json"]:
        print_json({"quote": kept.quote, "same": same, "changed": changed, "version": codec.encode(fresh)})
        return
    why = f" Changed since: {', '.join(changed)}." if changed else ""
    click.echo(f"{kept.quote}: {'the same' if same else 'not the same'}.{why}")


def _step(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The arguments and options of every command that adds an event."""
    every = (CASE, *options, BY, REASON, database_option, lang_option, json_option)
    return lambda function: functools.reduce(lambda done, option: option(done), reversed(every), function)


def _example(name: str, more: str = "") -> str:
    return f'{_EXAMPLE.format(name)}{more} --by "山田 花子" --reason "…"'


@quotes.command(epilog=_example("issue"))
@_step()
def issue(**said: object) -> None:
    """Issue a draft: it is quoted, or referred where the model or one's authority says so."""
    _add(said, Kind.ISSUE, {})


@quotes.command(epilog=_example("accept"))
@_step()
def accept(**said: object) -> None:
    """Note that the applicant accepts the quote. An indication cannot be accepted."""
    _add(said, Kind.ACCEPT, {})


@quotes.command(epilog=_example("refuse"))
@_step()
def refuse(**said: object) -> None:
    """Note that the applicant does not want the quote; the case ends."""
    _add(said, Kind.REFUSE, {})


@quotes.command(epilog=_example("comment"))
@_step()
def comment(**said: object) -> None:
    """Add a remark; nothing changes."""
    _add(said, Kind.COMMENT, {})


@quotes.command(epilog=_example("close", " renew-certificate --assessment 20261201T10"))
@_step(
    click.argument("subjectivity"),
    click.option(
        "--assessment", "later", metavar="ID", help="A later assessment in which its findings pass."
    ),
    click.option("--rescanned", is_flag=True, help="Every finding of it was closed by posture rescan."),
    click.option("--evidence", type=click.Path(path_type=Path), help="A document; its SHA-256 is kept."),
)
def close(**raw: object) -> None:
    """Show a subjectivity done: by a later scan in which its findings pass, by rescans, or by a document."""
    from posture.app.desk import Shown, shown_done

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(said["case_named"])
        shown = Shown(later=said["later"], evidence=said["evidence"], rescanned=said["rescanned"])
        body = shown_done(opened, case, said["subjectivity"], shown)
        show(opened.add(case, Kind.CLOSE, who(said["by"]), said["reason"], body), said)


@quotes.command(epilog=_example("revalidate"))
@_step(model_option)
def revalidate(**raw: object) -> None:
    """Look at an accepted quote again: stored evidence by today's cards, tables and feeds, without a scan.

    The model is the quote's own. Worse than when it was quoted: it goes back to the referral desk. It is
    never silently repriced.
    """
    from posture.app.revalidate import look

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        case = opened.case(said["case_named"])
        body = look(opened.database, case, opened.models)
        show(opened.add(case, Kind.REVALIDATE, who(said["by"]), said["reason"], body), said)


@quotes.command(epilog=_example("bind"))
@_step()
def bind(**raw: object) -> None:
    """Bind an accepted and revalidated quote; what is known then is kept with it (告知義務)."""
    from posture.app.desk import bound

    said: Mapping[str, Any] = raw
    with desk(said) as opened:
        show(bound(opened, opened.case(said["case_named"]), who(said["by"]), said["reason"]), said)


def _add(said: Mapping[str, Any], kind: Kind, body: Mapping[str, Any]) -> None:
    with desk(said) as opened:
        case = opened.case(said["case_named"])
        show(opened.add(case, kind, who(said["by"]), said["reason"], body), said)


def _numbered(versions: tuple[Version, ...], number: int, case: str) -> Version:
    if not 1 <= number <= len(versions):
        raise PostureError(
            f"The case {case} has no version {number}; it has {len(versions)}.",
            remedy=f"See: posture quotes show {case}",
            code="no-version",
        )
    return versions[number - 1]
