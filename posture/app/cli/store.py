"""`posture store`: look after the database."""

import click

from posture.app.cli.common import Group, database_option, json_option, print_json


@click.group(cls=Group, epilog="Example: posture store purge --yes")
def store() -> None:
    """Look after the database."""


@store.command(epilog="Example: posture store purge --yes --json")
@click.option("--yes", is_flag=True, help="Do it; without this it is only said what would go.")
@database_option
@json_option
def purge(database: str | None, *, yes: bool, as_json: bool) -> None:
    """Delete assessments whose consent's `retain_until` has passed; keep their digests.

    With the last assessment of a domain goes what was said about its findings. The digests prove later that
    a copy of an assessment.json, or a consent, is the one that was decided on.
    """
    from posture.app.clock import utc_now
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.store import purge as purges
    from posture.store.database import open_database

    opened = open_database(database or load_settings().database)
    now = utc_now()
    try:
        names = purges.overdue(opened, now.date())
        gone = purges.purge(opened, names, now) if yes else ()
    finally:
        opened.close()
    if as_json:
        print_json({"overdue": list(names), "purged": [encode(one) for one in gone]})
        return
    for name in names:
        click.echo(name)
    click.echo(
        f"{len(names)} {'purged; their digests are kept.' if yes else 'to purge; say --yes to do it.'}"
    )


@store.command(epilog="Example: posture store purged")
@database_option
@json_option
def purged(database: str | None, *, as_json: bool) -> None:
    """List the digests of what was purged."""
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.store import purge as purges
    from posture.store.database import open_database

    opened = open_database(database or load_settings().database)
    try:
        left = purges.kept(opened)
    finally:
        opened.close()
    if as_json:
        print_json({"purged": [encode(one) for one in left]})
        return
    for one in left:
        click.echo(f"{one.finished_at:%Y-%m-%d}  kept until {one.retain_until}  document {one.document}")
