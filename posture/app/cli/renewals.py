"""`posture renewals`: keep policies, list what falls due, assess it again and say what changed."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from posture.app.cli.common import (
    Group,
    database_option,
    json_option,
    lang_option,
    model_option,
    print_json,
    say,
    scan_options,
)
from posture.app.cli.stopping import run_until_stopped
from posture.core.catalogue import Language
from posture.core.errors import ExitCode

if TYPE_CHECKING:
    from posture.app.renew import Result
    from posture.core.consent import Consent

_FILE = click.Path(path_type=Path)
_NOTES: Final = {
    "valid": "",
    "expired": "  consent expired: obtain a new one",
    "not-yet-valid": "  consent not yet valid",
}
_WITHIN = click.option(
    "--within",
    default=60,
    show_default=True,
    type=click.IntRange(0, 400),
    help="Days until the renewal date.",
)


@click.group(cls=Group, epilog="Example: posture renewals run --within 60 --out renewals")
def renewals() -> None:
    """Policies under renewal."""


@renewals.command(
    epilog="Example: posture renewals add P-2026-001 example.co.jp --consent consent.toml "
    "--application application.toml --renewal-date 2027-04-01"
)
@click.argument("policy")
@click.argument("domain")
@click.option("--consent", "consent_file", type=_FILE, required=True, help="The consent (TOML).")
@click.option("--application", "application_file", type=_FILE, required=True, help="The application (TOML).")
@click.option("--renewal-date", required=True, type=click.DateTime(["%Y-%m-%d"]), help="YYYY-MM-DD")
@database_option
def add(policy: str, domain: str, renewal_date: datetime, database: str | None, **files: Path) -> None:
    """Keep POLICY of DOMAIN, with a copy of its consent and application."""
    from posture.app.clock import utc_now
    from posture.app.files import read_text
    from posture.app.renew import make_policy
    from posture.app.settings import load_settings
    from posture.core.targets import host_name
    from posture.store import policies
    from posture.store.database import open_database

    item = make_policy(
        policy,
        domain=host_name(domain),
        renewal_date=renewal_date.date(),
        consent=read_text(files["consent_file"], "consent"),
        application=read_text(files["application_file"], "application"),
        at=utc_now(),
    )
    policies.add(open_database(database or load_settings().database), item)
    click.echo(f"{policy} of {item.domain} is kept; it renews on {item.renewal_date}.")


@renewals.command(epilog="Example: posture renewals remove P-2026-001")
@click.argument("policy")
@database_option
def remove(policy: str, database: str | None) -> None:
    """Forget POLICY; its assessments stay."""
    from posture.app.settings import load_settings
    from posture.store import policies
    from posture.store.database import open_database

    policies.remove(open_database(database or load_settings().database), policy)
    click.echo(f"{policy} is no longer under renewal.")


@renewals.command(epilog="Example: posture renewals due --within 30 --json")
@_WITHIN
@database_option
@json_option
def due(within: int, database: str | None, *, as_json: bool) -> None:
    """List policies that fall due and are not yet assessed for this renewal."""
    from posture.app.clock import day_here, utc_now
    from posture.app.files import parse_consent
    from posture.app.renew import pending
    from posture.app.settings import load_settings
    from posture.store.database import open_database
    from reports.plain import visible

    now = utc_now()
    rows = []
    opened = open_database(database or load_settings().database)
    for policy in pending(opened, today=day_here(now), within=within):
        given = parse_consent(policy.consent, f"consent of {policy.id}")
        rows.append(
            {
                "policy": policy.id,
                "domain": policy.domain,
                "applicant": policy.applicant,
                "renewal_date": policy.renewal_date.isoformat(),
                "consent_until": given.valid_until.isoformat(),
                "consent": _standing(given, now),
            }
        )
    if as_json:
        print_json({"due": rows})
        return
    for row in rows:
        note = _NOTES[row["consent"]]
        click.echo(
            f"{row['policy']}  {row['renewal_date']}  {row['domain']}  {visible(row['applicant'])}{note}"
        )
    if not rows:
        click.echo(f"Nothing falls due within {within} days.")


def _standing(consent: "Consent", at: datetime) -> str:
    if at < consent.valid_from:
        return "not-yet-valid"
    return "valid" if at < consent.valid_until else "expired"


@renewals.command(epilog="Example: posture renewals run --within 60 --out renewals")
@_WITHIN
@click.option(
    "--out", type=_FILE, default=Path("renewals"), show_default=True, help="Folder for the reports."
)
@scan_options
@model_option
@database_option
@lang_option
@json_option
def run(within: int, out: Path, lang: str, *, as_json: bool, **raw: object) -> int:
    """Assess every due policy again and print what changed since its last complete assessment."""
    from posture.app.cli import renewed

    results = run_until_stopped(_run(within, out, raw))
    if as_json:
        print_json({"renewals": [renewed.document(result) for result in results]})
    else:
        renewed.show(results, Language(lang))
    return ExitCode.INCOMPLETE if any(map(renewed.incomplete, results)) else ExitCode.DONE


async def _run(within: int, out: Path, raw: Mapping[str, Any]) -> "list[Result]":
    from posture.app.cli.progress import progress_of
    from posture.app.clock import day_here, utc_now
    from posture.app.options import RawOptions, build_options
    from posture.app.pricing import Models
    from posture.app.renew import pending, renew
    from posture.app.run import check_out
    from posture.app.settings import load_settings
    from posture.store.database import open_database

    settings = load_settings()
    options = build_options(RawOptions.of(raw), settings)
    models = Models.read(raw.get("model_file"), settings)
    url = raw.get("database") or settings.database
    waiting = list(pending(open_database(url), today=day_here(utc_now()), within=within))
    results = []
    for number, policy in enumerate(waiting, start=1):
        say(f"{number}/{len(waiting)} {policy.id} {policy.domain}")
        with progress_of(policy.domain) as progress:
            results.append(
                await renew(
                    policy,
                    options=options,
                    settings=settings,
                    models=models,
                    database=url,
                    out=check_out(out),
                    progress=progress,
                )
            )
    return results
