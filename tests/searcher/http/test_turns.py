"""Turns: with one at a time, work never overlaps and nobody is passed over; without, it runs side by side."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from searcher.http.dependencies import Turns
from searcher.search.ground.stages import listening


def run_together(turns: Turns, count: int) -> tuple[int, list[int]]:
    """How many pieces of work ran at the same time at the most, and the order in which they began."""
    running, most, order, lock = 0, 0, [], threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            order.append(number)
        time.sleep(0.02)
        with lock:
            running -= 1
        return number

    async def ask() -> list[int]:
        return await asyncio.gather(*(turns.take(lambda number=number: work(number)) for number in range(count)))

    assert asyncio.run(ask()) == list(range(count))
    return most, order


def test_one_after_the_other_in_the_order_of_asking() -> None:
    assert run_together(Turns(one_at_a_time=True), 5) == (1, [0, 1, 2, 3, 4])


def test_side_by_side_where_the_engine_works_elsewhere() -> None:
    most, order = run_together(Turns(one_at_a_time=False), 5)
    assert most > 1
    assert sorted(order) == [0, 1, 2, 3, 4]


def test_who_fails_gives_the_turn_on() -> None:
    turns = Turns(one_at_a_time=True)

    def fail() -> None:
        raise KeyError("first")

    async def ask() -> str:
        with pytest.raises(KeyError):
            await turns.take(fail)
        return await turns.take(lambda: "second")

    assert asyncio.run(ask()) == "second"


def test_who_gives_up_waiting_does_not_hold_the_others() -> None:
    turns = Turns(one_at_a_time=True)

    async def ask() -> str:
        first = asyncio.create_task(turns.take(lambda: time.sleep(0.05)))
        await asyncio.sleep(0.01)
        gone = asyncio.create_task(turns.take(lambda: None))
        await asyncio.sleep(0.01)
        gone.cancel()
        last = await turns.take(lambda: "answered")
        await first
        assert gone.cancelled()
        return last

    assert asyncio.run(ask()) == "answered"


def test_the_wait_is_a_stage_of_its_own() -> None:
    stages: list[str] = []

    async def ask() -> None:
        with listening(lambda name, _seconds: stages.append(name)):
            await Turns(one_at_a_time=True).take(lambda: None)

    asyncio.run(ask())
    assert stages == ["wait"]
