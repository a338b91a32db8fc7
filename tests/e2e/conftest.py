"""The demo's applicants on free ports, for whole assessments inside this process."""

from collections.abc import Iterator

import pytest

from posture.demo.stage import Scene, Stage


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Stage(tmp_path_factory.mktemp("demo"), low_ports=False) as raised:
        yield raised
