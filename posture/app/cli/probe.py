"""`posture probe`: one area of one target, for people who want to see the raw facts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import click

from posture.app.cli.common import (
    Group,
    consent_option,
    json_option,
    lang_option,
    print_json,
    say,
    scan_options,
)
from posture.app.cli.stopping import run_until_stopped
from posture.core.catalogue import Language
from posture.core.consent import Technique
from posture.core.errors import ExitCode
from posture.core.findings import Finding, Outcome


@click.group(cls=Group, epilog="Example: posture probe tls example.co.jp:443 --consent consent.toml --json")
def probe() -> None:
    """Ask one area of one target and print observations and findings."""


def _area(technique: Technique, target: str, text: str) -> Callable[..., Any]:
    """Register a subcommand; the areas differ in what TARGET means and in few options."""

    @probe.command(technique.value, help=text)
    @click.argument("target", metavar=target)
    @consent_option
    @scan_options
    @lang_option
    @json_option
    def command(target: str, *, lang: str, as_json: bool, **raw: object) -> int:
        return _run(technique, target, lang, raw, as_json=as_json)

    return command


_area(Technique.DNS, "DOMAIN", "Name servers, DNSSEC, CAA and addresses of DOMAIN.")
_area(Technique.MAIL, "DOMAIN", "Mail exchangers, SPF, DMARC and MTA-STS of DOMAIN.")
_area(Technique.WEB, "URL", "Redirects, headers and cookies of URL.")
_full = click.option("--full", is_flag=True, help="Ask mail servers for every suite, not one of each class.")
click.option("--starttls", metavar="PROTO", help="Begin with STARTTLS: smtp, imap, pop3, ftp …")(
    _full(_area(Technique.TLS, "HOST[:PORT]", "TLS protocols, suites and certificates of HOST:PORT (443)."))
)
click.option("--ports", help="Ports to sweep: 22,80,8000-8100,U:161; `default` and `udp` are lists of ours.")(
    _area(Technique.PORTS, "HOST[:PORT]", "Open ports of HOST, or whether HOST:PORT is open.")
)


def _run(technique: Technique, target: str, lang: str, raw: dict[str, Any], *, as_json: bool) -> int:
    from posture.app import probe as app
    from posture.app.request import read_request

    subject = app.read_subject(technique, target)
    request = read_request(subject.host, raw)
    if technique is Technique.PORTS and subject.port is not None:
        request = replace(request, options=replace(request.options, ports=str(subject.port)))
    result = run_until_stopped(app.probe(request, subject))
    for fault in result.faults:
        say(f"A fault of ours left a question open: {fault}")
    if as_json:
        from posture.core import document

        print_json(
            {
                "observations": [document.observation(obs) for obs in result.observations],
                "findings": [document.finding(item) for item in result.findings],
            }
        )
    else:
        _print(result.findings, Language(lang))
    return ExitCode.INCOMPLETE if result.faults else ExitCode.DONE


_COLOURS = {
    Outcome.PASS: "green",
    Outcome.FAIL: "red",
    Outcome.UNKNOWN: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
}


def _print(findings: Iterable[Finding], language: Language) -> None:
    from rich.console import Console
    from rich.text import Text

    from posture.checks.registry import catalogue
    from reports.plain import visible

    console = Console(highlight=False, soft_wrap=True)
    cards = catalogue()
    for finding in findings:
        line = Text(f"{finding.outcome.value:15}", style=_COLOURS[finding.outcome])
        line.append(f"{finding.check:34} {finding.target.label()}  ", style="default")
        line.append(visible(cards.sentence(finding, language)), style="default")
        console.print(line)
