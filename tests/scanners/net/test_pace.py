"""How hard a host is worked: measured by what the server saw, and against a clock of our own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from scanners.net import pace
from scanners.net.failure import NetFailure
from scanners.net.pace import Pace
from tests.support.net_servers import OPTIONS, Server, answer, at, door

HOST = "127.0.0.1"


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    own = Clock()
    monkeypatch.setattr(pace, "time", own)
    return own


def _starts(limits: Pace, clock: Clock, count: int, address: str = HOST) -> list[float]:
    begun = []
    for _ in range(count):
        limits.enter_blocking(address, timeout=1).release()
        begun.append(round(clock.now - 100, 6))
    return begun


def test_new_connections_start_together_and_are_evenly_spaced_then(clock: Clock) -> None:
    assert _starts(Pace(connections=1, rate=4), clock, 5) == [0, 0.25, 0.5, 0.75, 1.0]
    assert _starts(Pace(connections=3, rate=4), clock, 6) == [1.0, 1.0, 1.0, 1.25, 1.5, 1.75]


def test_idle_time_is_saved_up_for_one_start_only(clock: Clock) -> None:
    limits = Pace(connections=3, rate=4)
    _starts(limits, clock, 4)
    clock.now += 50
    assert _starts(limits, clock, 5) == [50.25, 50.25, 50.25, 50.5, 50.75]


def test_a_host_under_strain_is_left_alone_and_then_worked_at_half_the_pace(clock: Clock) -> None:
    limits = Pace(connections=2, rate=4)
    _starts(limits, clock, 2)
    assert limits.ease(HOST, clock.now) is True
    assert _starts(limits, clock, 3) == [0.25, 0.75, 1.25]
    assert limits.ease(HOST, 99.0) is False  # a question from before: it says nothing about the new pace
    assert limits.ease(HOST, clock.now) is True
    assert _starts(limits, clock, 3) == [1.75, 2.75, 3.75]
    limits.restore(HOST)
    limits.restore(HOST)
    limits.restore(HOST)  # once too often changes nothing
    assert _starts(limits, clock, 3) == [4.75, 5.0, 5.25]


def test_strain_halves_the_connections_at_a_time() -> None:
    async def run() -> None:
        limits = Pace(connections=4, rate=5000)
        held = [await limits.enter(HOST) for _ in range(4)]
        limits.ease(HOST, asyncio.get_running_loop().time())
        waiting = [asyncio.create_task(limits.enter(HOST)) for _ in range(4)]
        for slot in held[:3]:
            slot.release()
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert sum(task.done() for task in waiting) == 1  # with the one still held: two
        limits.restore(HOST)
        await asyncio.wait(waiting, timeout=0.2)
        assert sum(task.done() for task in waiting) == 3
        held[3].release()
        for task in waiting:
            (await task).release()

    asyncio.run(run())


def test_every_host_has_its_own_pace(clock: Clock) -> None:
    limits = Pace(connections=9, rate=1)
    assert _starts(limits, clock, 1) == [0]
    assert _starts(limits, clock, 1, "127.0.0.2") == [0]


def test_connections_at_a_time() -> None:
    together = threading.Barrier(3, timeout=20)

    def meet(conn: object) -> None:
        together.wait()

    with Server(meet) as server:
        gateway = door(replace(OPTIONS, host_connections=3, timeout=20))

        async def one() -> None:
            async with await gateway.connect(gateway.permit(at(server), Technique.SERVICES)) as stream:
                await stream.read(1)

        async def all_of_them() -> None:
            await asyncio.gather(*(one() for _ in range(12)))

        asyncio.run(all_of_them())
        assert (server.connections, server.most) == (12, 3)


def test_coroutines_and_threads_share_the_limit() -> None:
    with Server(answer(b"HTTP/1.0 200 OK\r\n\r\n")) as server:
        gateway = door(replace(OPTIONS, host_connections=2, timeout=20))

        def fetch() -> None:
            with gateway.session() as session, session.get(f"http://{HOST}:{server.port}/") as response:
                assert response.status_code == 200

        async def connect() -> None:
            async with await gateway.connect(gateway.permit(at(server), Technique.WEB)) as stream:
                await stream.write(b"x")
                await stream.read(1)

        async def both() -> None:
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(8) as pool:
                fetched = [loop.run_in_executor(pool, fetch) for _ in range(8)]
                await asyncio.gather(*fetched, *(connect() for _ in range(8)))

        asyncio.run(both())
        assert server.connections == 16
        assert server.most <= 3  # two of ours, and one that the server has not seen the end of


def test_who_gives_up_waiting_takes_nothing_away() -> None:
    async def give_up() -> None:
        limits = Pace(connections=1, rate=5000)
        held = await limits.enter(HOST)
        waiting = [asyncio.create_task(limits.enter(HOST)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:4]:
            task.cancel()
        held.release()
        held.release()
        slot = await waiting[4]
        late = asyncio.create_task(limits.enter(HOST))
        await asyncio.sleep(0.01)
        assert not late.done()
        slot.release()
        (await late).release()

    asyncio.run(give_up())


def test_cancelled_in_the_moment_of_its_turn() -> None:
    async def race() -> None:
        limits = Pace(connections=1, rate=5000)
        held = await limits.enter(HOST)
        waiting = asyncio.create_task(limits.enter(HOST))
        await asyncio.sleep(0)
        held.release()  # handed over, but the waiter has not run yet
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        (await asyncio.wait_for(limits.enter(HOST), 5)).release()

    asyncio.run(race())


def test_a_thread_waits_a_bounded_time() -> None:
    limits = Pace(connections=1, rate=5000)
    slot = limits.enter_blocking(HOST, timeout=1)
    with pytest.raises(NetFailure) as caught:
        limits.enter_blocking(HOST, timeout=0.01)
    assert caught.value.reason is Reason.BUDGET
    slot.release()
    limits.enter_blocking(HOST, timeout=1).release()
