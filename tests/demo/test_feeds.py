"""The demo's own vulnerability feed: each kind of answer occurs, and each says that it is made up."""

from typing import Any

from posture.checks.intelligence import look_up
from posture.checks.lifecycle import stated
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.feeds import FeedName
from posture.core.observations import Observation, Seen
from posture.core.priority import Priority
from posture.demo import feeds
from tests.support.intelligence import NOW, greeting, server

SEEN = (
    server("Apache/2.2.15 (CentOS)"),
    greeting("OpenSSH", "5.3"),
    greeting("MySQL", "5.1.73", port=3306),
    greeting("vsftpd", "3.0.3", port=21),
)
KEYS = (
    "apache:http_server",
    "openbsd:openssh",
    "oracle:mysql",
    "oracle:mysql_server",
    "vsftpd_project:vsftpd",
    "beasts:vsftpd",
)


def told() -> dict[str, ProductIntelligence]:
    found: tuple[Observation[Any], ...] = look_up(SEEN, feeds.rows(KEYS, NOW), at=NOW)
    values = [obs.result.value for obs in found if isinstance(obs.result, Seen)]
    return {value.product: value for value in values}


def test_each_priority_occurs_and_nothing_is_unknown() -> None:
    found = told()
    assert {name: [m.priority for m in fact.matches or ()] for name, fact in found.items()} == {
        "Apache HTTP Server": [Priority.RANSOMWARE],
        "OpenSSH": [Priority.LIKELY],
        "MySQL": [Priority.OTHER],
        "vsftpd": [Priority.LIKELY],
    }
    assert [name for name, fact in found.items() if fact.listed is None or fact.matches is None] == []


def test_every_flaw_and_every_document_is_called_synthetic() -> None:
    rows = feeds.rows(KEYS, NOW)
    names = {flaw.cve for flaw in rows.flaws} | {line.cve for line in rows.exploited} | set(rows.likelihoods)
    assert len(names) == 5
    assert [name for name in names if not name.startswith("SYNTHETIC-")] == []
    assert [state for state in rows.states if not state.label.startswith("synthetic:")] == []
    assert {state.name for state in rows.states} == set(FeedName)
    assert {state.part for state in rows.states if state.part} == set(KEYS)


def test_one_flaw_is_overdue_and_one_is_not() -> None:
    assert [line.due < NOW.date() for line in feeds.rows(KEYS, NOW).exploited] == [True, False]


def test_the_same_products_give_the_same_digests() -> None:
    one, other = feeds.rows(KEYS, NOW), feeds.rows(reversed(KEYS), NOW)
    assert one == other


def test_the_ends_of_support_are_those_of_the_shipped_table() -> None:
    web = {one.name: one for one in stated(("Apache/2.2.15", "PHP/5.3.3"), "web")}
    lines = {"apache-http-server": web["Apache HTTP Server"].line, "php": web["PHP"].line}
    assert {one.product: one.ended for one in feeds.rows((), NOW).releases if one.product in lines} == {
        name: line.ended for name, line in lines.items() if line is not None
    }
