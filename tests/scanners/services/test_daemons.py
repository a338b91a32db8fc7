"""What real servers from Debian answer, what is made of it, and that they are asked nothing else."""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from posture.checks import recognition, registry
from posture.checks.runner import judge
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.service_product import ServiceProduct
from posture.core.findings import Outcome, Owner
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners import ports, services, web
from scanners.context import Context
from tests.support import daemons
from tests.support.daemons import ADDRESS, routed
from tests.support.net_servers import NAME, context, unused
from tests.support.street import Street, installed, street
from tests.support.tools import require_tool
from tests.support.web import tls_context

HOST = Target(name=NAME, address=ADDRESS)
#: Those that speak first, and those with a first word of the client's.
GREETED = (21, 22, 25, 110, 143, 445, 3306, 5432, 6379, 11211)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Everything that was observed of the host, and what Samba had written down by then."""

    street: Street
    observations: tuple[Observation[Any], ...]
    samba_log: str

    def product(self, port: int) -> Seen[ServiceProduct]:
        found = [
            obs.result
            for obs in self.observations
            if obs.kind == ServiceProduct.KIND and obs.target.port == port
        ]
        (one,) = found
        assert isinstance(one, Seen), one
        return one


async def _look(ctx: Context) -> list[Observation[Any]]:
    swept = await ports.scan(ctx, [HOST])
    greeted = await services.scan(ctx, [replace(HOST, port=port) for port in GREETED])
    return [*swept, *greeted, *await web.scan(ctx, [f"http://{NAME}/", f"http://{NAME}:8080/"])]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    require_tool("nmap")
    folder = tmp_path_factory.mktemp("papers")
    tls_context(folder, NAME)
    with street(folder / "server.pem") as found:
        asked = ",".join(map(str, found.places))
        options = replace(found.options(), ports=asked, resolvers=(unused(ADDRESS),))
        ctx = context(options)
        observations = tuple(asyncio.run(_look(ctx)))
        assert ctx.faults == []
        yield Looked(street=found, observations=observations, samba_log=found.samba_log.read_text())


def version_of(tool: str, words: str, pattern: str) -> str:
    """The version that is installed here, as the program itself tells it."""
    found = re.search(pattern, installed(tool, *words.split()))
    assert found is not None
    return found[1]


def test_the_sweep_sees_every_daemon(looked: Looked) -> None:
    (swept,) = [obs.result for obs in looked.observations if obs.kind == PortsHost.KIND]
    assert isinstance(swept, Seen), swept
    assert {port.port: port.state for port in swept.value.ports} == dict.fromkeys(
        looked.street.places, "open"
    )


def test_what_each_service_is(looked: Looked) -> None:
    facts = {port: looked.product(port).value for port in GREETED}
    assert all(fact.banner.isprintable() for fact in facts.values())
    assert {
        port: (fact.protocol, fact.product, fact.version, fact.login) for port, fact in facts.items()
    } == {
        21: ("ftp", "vsftpd", version_of("vsftpd", "-v", r"version (\S+)"), None),
        22: ("ssh", "OpenSSH", version_of("ssh", "-V", r"OpenSSH_([\w.]+)"), None),
        25: ("smtp", "Postfix", None, None),
        110: ("pop3", "Dovecot", None, None),
        143: ("imap", "Dovecot", None, None),
        445: ("unknown", None, None, None),
        3306: ("mysql", "MariaDB", version_of("mariadbd", "--version", r"([\d.]+)-MariaDB"), None),
        5432: ("postgresql", None, None, None),
        6379: ("redis", None, None, False),
        11211: ("memcached", "memcached", version_of("memcached", "-V", r"memcached (\S+)"), False),
    }
    gaps = {port: looked.product(port).gaps for port in GREETED if looked.product(port).gaps}
    assert gaps == {445: (Gap(path="product", reason=Reason.TIMEOUT),)}


def test_products_have_names_in_cpe(looked: Looked) -> None:
    told = {
        one.target.port: one.product.cpe_name(one.product.version(one.version))
        for one in recognition.stated(looked.observations)
    }
    ssh = re.fullmatch(r"([\d.]+)(p\d+)", version_of("ssh", "-V", r"OpenSSH_([\w.]+)"))
    assert ssh is not None
    versions = {
        "vsftpd": version_of("vsftpd", "-v", r"version (\S+)"),
        "mariadb": version_of("mariadbd", "--version", r"([\d.]+)-MariaDB"),
        "memcached": version_of("memcached", "-V", r"memcached (\S+)"),
        "apache": version_of("apache2", "-v", r"Apache/([\d.]+)"),
        "nginx": version_of("nginx", "-v", r"nginx/([\d.]+)"),
    }
    assert told == {
        21: f"cpe:2.3:a:vsftpd_project:vsftpd:{versions['vsftpd']}:*:*:*:*:*:*:*",
        22: f"cpe:2.3:a:openbsd:openssh:{ssh[1]}:{ssh[2]}:*:*:*:*:*:*",
        25: "cpe:2.3:a:postfix:postfix:*:*:*:*:*:*:*:*",
        80: f"cpe:2.3:a:apache:http_server:{versions['apache']}:*:*:*:*:*:*:*",
        110: "cpe:2.3:a:dovecot:dovecot:*:*:*:*:*:*:*:*",
        143: "cpe:2.3:a:dovecot:dovecot:*:*:*:*:*:*:*:*",
        3306: f"cpe:2.3:a:mariadb:mariadb:{versions['mariadb']}:*:*:*:*:*:*:*",
        8080: f"cpe:2.3:a:f5:nginx:{versions['nginx']}:*:*:*:*:*:*:*",
        11211: f"cpe:2.3:a:memcached:memcached:{versions['memcached']}:*:*:*:*:*:*:*",
    }


def test_what_each_exposed_service_is_judged(looked: Looked) -> None:
    """Everything that is said, but the dates of support: those are for test_supported_software.py."""
    checks = [check for check in registry.all_checks() if check.card.area in ("ports", "services")]
    judged = judge(looked.observations, subject=HOST, owner_of=lambda _: Owner.SELF, checks=checks)
    assert judged.faults == ()
    found = [one for one in judged.findings if one.check != "services/supported_software"]
    assert {
        (one.check, one.target.port): f"{one.outcome.value} {one.message} {one.severity.value}"
        for one in found
        if one.message not in ("ports_not_swept", "no_question")
    } == {
        ("ports/database", 3306): "fail reachable high",
        ("ports/database", 5432): "fail reachable high",
        ("ports/database", 6379): "fail reachable high",
        ("ports/few_services", None): "fail many low",
        ("ports/file_sharing", 445): "fail reachable critical",
        ("ports/ftp", 21): "fail reachable medium",
        ("ports/footprint", None): "not_applicable nothing_to_ask info",
        ("ports/named_hosts_seen", None): "not_applicable nothing_to_ask info",
        ("ports/network_known", None): "not_applicable nothing_to_ask info",
        ("ports/no_login", 11211): "fail reachable critical",
        ("ports/udp_services", None): "unknown unanswered info",
        ("services/login_required", 5432): "unknown untold info",
        ("services/login_required", 6379): "fail open critical",
        ("services/login_required", 11211): "fail open critical",
        ("services/ssh_algorithms", 22): "pass modern info",
        ("services/ssh_passwords", 22): "fail password medium",
    }
    assert {(one.check, one.outcome) for one in found if one.message == "ports_not_swept"} == {
        (check.card.check, Outcome.UNKNOWN)
        for check in checks
        if check.card.check.startswith("ports/")
        and check.card.reads == PortsHost.KIND
        and check.card.check not in ("ports/few_services", "ports/udp_services")
    }
    assert [one.target.port for one in found if one.message == "no_question"] == [
        110,
        143,
        21,
        22,
        25,
        3306,
        445,
    ]


def test_samba_was_sent_nothing(looked: Looked) -> None:
    """No negotiation, so no session at all; its log would have shown one."""
    told = "Requested protocol"
    assert told not in looked.samba_log
    with socket.create_connection(looked.street.places[445], 20) as conn:
        conn.sendall(NEGOTIATE)
        conn.recv(4)
    assert told in looked.street.samba_log.read_text()


#: SMB1's negotiation of the dialect NT LM 0.12 ([MS-CIFS] 2.2.4.52), which only this test sends.
_DIALECT = b"\x02NT LM 0.12\x00"
_BODY = b"\xffSMB\x72" + bytes(27) + b"\x00" + len(_DIALECT).to_bytes(2, "little") + _DIALECT
NEGOTIATE = len(_BODY).to_bytes(4, "big") + _BODY


def test_a_redis_with_a_password_asks_for_it() -> None:
    with daemons.redis("--requirepass", "x" * 40) as place:
        ctx = context(routed(place, 6379))
        (obs,) = asyncio.run(services.scan(ctx, [Target(name=NAME, address=place[0], port=6379)]))
    assert isinstance(obs.result, Seen), obs.result
    assert (obs.result.value.protocol, obs.result.value.login) == ("redis", True)
