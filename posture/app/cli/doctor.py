"""`posture doctor` looks whether everything is here that a scan and its reports need."""

import click

from posture.app.cli.common import database_option, json_option, print_json, scan_options
from posture.core.errors import ExitCode


@click.command(epilog="Example: posture doctor --json")
@scan_options
@database_option
@json_option
def doctor(*, as_json: bool, **raw: object) -> int:
    """Look for nmap, a resolver, the trust store, fonts, writable places and the database. Sends nothing."""
    from posture.app.doctor import examine

    items = examine(raw)
    if as_json:
        print_json(
            {"checks": [{"name": i.name, "ok": i.ok, "found": i.found, "remedy": i.remedy} for i in items]}
        )
    else:
        for item in items:
            mark = click.style("ok     ", fg="green") if item.ok else click.style("missing", fg="red")
            click.echo(f"{mark} {item.name:12} {item.found}" + ("" if item.ok else f"  {item.remedy}"))
    return ExitCode.DONE if all(item.ok for item in items) else ExitCode.SETUP
