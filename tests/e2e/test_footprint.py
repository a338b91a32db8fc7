"""A whole assessment says whose each host is; a host the applicant took out gets nothing and is named so."""

from pathlib import Path
from typing import Any

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.facts.footprint_host import FootprintHost
from posture.core.observations import Seen
from posture.demo.stage import Scene
from tests.support.rehearsal import assessed, on_paper, request_of
from tests.support.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MAIL = "mail.minato.example"


def hosts(item: Assessment) -> dict[str, FootprintHost]:
    found = (obs.result for obs in item.observations if obs.kind == FootprintHost.KIND)
    facts: list[Any] = [result.value for result in found if isinstance(result, Seen)]
    return {" ".join(fact.names): fact for fact in facts}


def test_an_exclusion_takes_the_host_out_and_the_reports_say_so(scene: Scene, tmp_path: Path) -> None:
    require_tool("nmap")
    request = request_of(scene, "minato", tmp_path)
    before = assessed(on_paper(request))
    after = assessed(on_paper(request, excluded_names=(MAIL,)))

    mail = hosts(before)[MAIL]
    assert not mail.excluded
    assert {"mail", "ports"} <= set(mail.asked)
    assert {"named", "network", "exchanger"} <= {sign.how for sign in mail.signs}
    assert mail.address in {contact.address for contact in before.contacted}

    out = hosts(after)[MAIL]
    assert (out.excluded, out.asked, out.address) == (True, (), mail.address)
    assert _whose(after) == _whose(before)

    assert mail.address not in {contact.address for contact in after.contacted}

    pages = reports.produce(after, catalogue(), formats=("html",))
    said = {"en": "Excluded by the consent: not scanned", "ja": "同意書により除外：診断していません"}
    for name, content in pages.items():
        _, language, _ = name.split(".")
        assert said[language] in content.decode(), name


def _whose(item: Assessment) -> dict[str, tuple[str, bool]]:
    """Who runs every other host; what else is told of it depends on answers that a busy machine may miss."""
    return {name: (fact.owner.value, fact.excluded) for name, fact in hosts(item).items() if name != MAIL}
