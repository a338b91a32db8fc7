"""One scene on free ports for all tests that only look at it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from posture.demo.stage import Scene, Stage
from tests.support.demo_clients import Clients

NOW = datetime.now(UTC)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Stage(tmp_path_factory.mktemp("demo"), low_ports=False, clock=lambda: NOW) as raised:
        yield raised


@pytest.fixture(scope="session")
def clients(scene: Scene) -> Clients:
    return Clients(scene=scene)
