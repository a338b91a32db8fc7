"""What real servers from Debian answer to our first word, and that they are asked nothing else."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from posture.core.facts.service_product import ServiceProduct
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners import services
from tests.support import daemons
from tests.support.daemons import Place, routed
from tests.support.net_servers import NAME, context

Told = tuple[str, str | None, bool | None, bool]


def look(place: Place, port: int) -> list[Observation[Any]]:
    ctx = context(routed(place, port))
    found = asyncio.run(services.scan(ctx, [Target(name=NAME, address=place[0], port=port)]))
    assert ctx.faults == []
    return found


def told(place: Place, port: int) -> Told:
    """Protocol, product, log-in, and whether a version was stated."""
    (obs,) = look(place, port)
    assert isinstance(obs.result, Seen), obs.result
    fact = obs.result.value
    assert isinstance(fact, ServiceProduct)
    assert fact.banner.isprintable()
    return fact.protocol, fact.product, fact.login, fact.version is not None


REAL: list[tuple[str, int, Callable[[], AbstractContextManager[Place]], Told]] = [
    ("redis", 6379, lambda: daemons.redis("--protected-mode", "no"), ("redis", None, False, False)),
    (
        "redis with a password",
        6379,
        lambda: daemons.redis("--requirepass", "x" * 40),
        ("redis", None, True, False),
    ),
    ("memcached", 11211, daemons.memcached, ("memcached", "memcached", False, True)),
    ("mariadb", 3306, daemons.mariadb, ("mysql", "MariaDB", None, True)),
    ("postgresql", 5432, daemons.postgresql, ("postgresql", None, None, False)),
    ("vsftpd", 21, daemons.vsftpd, ("ftp", "vsftpd", None, True)),
    ("imap", 143, daemons.dovecot, ("imap", "Dovecot", None, False)),
]


@pytest.mark.parametrize(
    ("port", "server", "expected"), [one[1:] for one in REAL], ids=[one[0] for one in REAL]
)
def test_a_real_server(
    port: int, server: Callable[[], AbstractContextManager[Place]], expected: Told
) -> None:
    with server() as place:
        assert told(place, port) == expected
