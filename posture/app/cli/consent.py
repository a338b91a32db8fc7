"""`posture consent`: write, show and check the file everything rests on."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from posture.app.cli.common import Group, json_option, print_json, scan_options
from posture.app.cli.stopping import run_until_stopped
from posture.core.errors import PostureError

_TEMPLATE = """\
# The applicant's consent to an external scan for underwriting. Check it with: posture consent check FILE
schema = "posture.consent/1"
applicant = {applicant}
domains = {domains}                      # each with its subdomains
networks = {networks}                    # address ranges the applicant owns; may be []
exclude = []                             # names and ranges not to be touched
techniques = ["dns", "mail", "tls", "web", "ports", "services"]
ports = "default"                        # or a list such as "22,80,443,8000-8100"
valid_from = {valid_from}
valid_until = {valid_until}              # exclusive
granted_by = {{ name = {name}, title = {title}, email = {email} }}
purpose = "underwriting"
disclose_to = ["insurer"]
{document}proof = {{ method = {proof} }}
authority = [{{ covers = {covers}, basis = "own" }}]
"""


@click.group(cls=Group, epilog="Example: posture consent check consent.toml")
def consent() -> None:
    """Nothing is scanned without a consent that is valid today, covers the target and is proved."""


@consent.command(
    epilog="Example: posture consent new --applicant 株式会社例 --domain example.co.jp "
    "--granter '例 太郎' --title 代表取締役 --email taro@example.co.jp --document consent.pdf"
)
@click.option("--applicant", required=True, help="The company, as in the application.")
@click.option("--domain", "domains", multiple=True, required=True, help="Consented domain (repeatable).")
@click.option("--network", "networks", multiple=True, help="Address range the applicant owns (repeatable).")
@click.option("--granter", required=True, help="Who gives the consent.")
@click.option("--title", default="", help="The granter's position.")
@click.option("--email", required=True, help="The granter's address.")
@click.option(
    "--document", type=click.Path(path_type=Path), help="The countersigned paper; its digest is recorded."
)
@click.option("--proof", type=click.Choice(["document", "dns-txt", "http"]), help="How it is proved.")
@click.option(
    "--days", default=365, show_default=True, type=click.IntRange(1, 1830), help="Days it is valid."
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("consent.toml"), show_default=True)
def new(out: Path, **fields: object) -> None:
    """Write a consent file from what the applicant signed."""
    from posture.app.files import parse_consent

    text = _fill(fields)
    parse_consent(text, str(out))
    _write_new(out, text)
    click.echo(f"{out} written. Check it with: posture consent check {out}")


@consent.command(epilog="Example: posture consent show consent.toml --json")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def show(file: Path, *, as_json: bool) -> None:
    """Print what FILE allows, and what to publish to prove it."""
    from posture.app.files import read_consent
    from posture.app.proof import RECORD, record_text
    from posture.core.codec import encode

    item = read_consent(file)
    if as_json:
        print_json({"schema": "posture.consent/1", "digest": item.digest, **encode(item)})
        return
    lines = {
        "applicant": item.applicant,
        "domains": ", ".join(item.domains),
        "networks": ", ".join(map(str, item.networks)) or "none",
        "excluded": ", ".join([*item.excluded_names, *map(str, item.excluded_networks)]) or "nothing",
        "techniques": ", ".join(sorted(item.techniques)),
        "ports": item.ports,
        "valid": f"{item.valid_from.isoformat()} until {item.valid_until.isoformat()}",
        "granted by": f"{item.granted_by.name}, {item.granted_by.title} <{item.granted_by.email}>",
        "proof": item.proof.method.value if item.proof else "none: nothing can be scanned",
        "digest": item.digest,
        "dns-txt proof": f'{RECORD}.{item.domains[0]} TXT "{record_text(item)}"',
    }
    from reports.plain import visible

    for name, value in lines.items():
        click.echo(f"{name:14} {visible(value)}")


@consent.command(epilog="Example: posture consent check consent.toml example.co.jp")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("domain", required=False)
@scan_options
@json_option
def check(file: Path, domain: str | None, *, as_json: bool, **raw: object) -> None:
    """Find out whether FILE allows a scan of DOMAIN (default: its first domain) now; exit 4 if not."""
    from posture.app.proof import prove
    from posture.app.request import open_context, read_request
    from posture.core.targets import host_name

    request = read_request("", {**raw, "consent_file": file})
    name = host_name(domain) if domain else request.consent.domains[0]
    request = replace(request, domain=name)
    context = open_context(request)
    proof = run_until_stopped(prove(context, request.consent, request.settings.trusted_keys))
    if as_json:
        print_json({"valid": True, "domain": name, "proof": proof, "digest": request.consent.digest})
    else:
        click.echo(f"{file} allows a scan of {name} now; {proof}.")


def _fill(fields: Mapping[str, Any]) -> str:
    from posture.app.clock import utc_now

    start = utc_now().astimezone().replace(microsecond=0)
    digest = _digest(fields["document"]) if fields["document"] else ""
    domains, networks = fields["domains"], fields["networks"]
    return _TEMPLATE.format(
        applicant=_quote(fields["applicant"]),
        domains=_list(domains),
        networks=_list(networks),
        covers=_list((*domains, *networks)),
        valid_from=start.isoformat(),
        valid_until=(start + timedelta(days=fields["days"])).isoformat(),
        name=_quote(fields["granter"]),
        title=_quote(fields["title"]),
        email=_quote(fields["email"]),
        document=f'document = {{ sha256 = "{digest}" }}\n' if digest else "",
        proof=_quote(fields["proof"] or ("document" if digest else "dns-txt")),
    )


def _quote(text: str) -> str:
    """A TOML basic string (TOML 1.0): backslash, quote and control characters escaped."""
    escaped = "".join(
        f"\\{c}" if c in '\\"' else f"\\u{ord(c):04X}" if ord(c) < 0x20 or ord(c) == 0x7F else c for c in text
    )
    return f'"{escaped}"'


def _list(items: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quote(item) for item in items) + "]"


def _digest(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PostureError(
            f"--document {path} cannot be read ({(error.strerror or str(error)).lower()}).",
            remedy="Check the path.",
            code="bad-file",
        ) from None
    if not content:
        raise PostureError(
            f"--document {path} is empty.", remedy="Name the countersigned paper itself.", code="bad-file"
        )
    return hashlib.sha256(content).hexdigest()


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise PostureError(
            f"{path} exists already.",
            remedy="Name another file with --out, or remove it.",
            code="file-exists",
        ) from None
    except OSError as error:
        raise PostureError(
            f"{path} cannot be written ({(error.strerror or str(error)).lower()}).",
            remedy="Name another file with --out.",
            code="cannot-write",
        ) from None
