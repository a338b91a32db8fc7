"""`posture probe dns|mail` loads what it needs and nothing else: starting is most of its time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from posture.checks.registry import all_checks, area_checks
from posture.core.consent import Technique
from posture.core.facts.web_grade import WebGrade
from scanners import dns, mail, ports, tls, web
from tests.support.dns_server import DnsServer
from tests.support.papers import consent_text

HEAVY = [
    "dns.resolver",
    "jinja2",
    "models",
    "nmap",
    "numpy",
    "reports",
    "requests",
    "scanners.ports",
    "scanners.services",
    "scanners.survey",
    "scanners.web",
    "sqlalchemy",
    "urllib3",
]
ZONE = '@ A 127.0.0.1\n@ TXT "v=spf1 -all"\n@ MX 0 .\n'


@pytest.mark.parametrize("area", ["dns", "mail"])
def test_a_probe_loads_its_own_area_alone(area: str, tmp_path: Path) -> None:
    (tmp_path / "consent.toml").write_text(consent_text(), encoding="utf-8")
    with DnsServer(recursive=True) as server:
        server.zone("example.co.jp", ZONE)
        words = ["probe", area, "example.co.jp", "--consent", str(tmp_path / "consent.toml"), "--json"]
        words += ["--resolver", f"127.0.0.1:{server.port}"]
        code = (
            f"import sys\nfrom posture.app.cli import main\ntry:\n    main({words!r})\n"
            "except SystemExit as end:\n    assert not end.code, end.code\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
    assert {item["check"].split("/")[0] for item in json.loads(done.stdout)["findings"]} == {area}
    assert done.stderr.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("technique", "kinds"),
    [
        (Technique.DNS, dns.KINDS),
        (Technique.MAIL, mail.KINDS),
        (Technique.PORTS, ports.KINDS),
        (Technique.TLS, tls.KINDS),
        (Technique.WEB, (*web.KINDS, WebGrade.KIND)),  # the grade is joined from the answers
    ],
)
def test_an_area_holds_every_check_of_its_kinds(technique: Technique, kinds: tuple[str, ...]) -> None:
    reading = {check.card.check for check in all_checks() if check.card.reads in kinds}
    assert reading <= {check.card.check for check in area_checks(technique.value)}
