"""Turns: with one at a time, work never overlaps and nobody is passed over; without, it runs side by side."""

from __future__ import annotations

import asyncio
import threading

import pytest

from searcher.http.dependencies import Turns
from searcher.search.ground.stages import listening

LONGEST = 30
"""Seconds before a test gives up on something that should happen at once."""


def test_one_after_the_other_in_the_order_of_asking() -> None:
    turns, begun, running = Turns(one_at_a_time=True), list[int](), threading.Semaphore(1)

    def work(number: int) -> int:
        assert running.acquire(blocking=False), "two at the same time"
        begun.append(number)
        running.release()
        return number

    async def ask() -> list[int]:
        return await asyncio.gather(*(turns.take(lambda number=number: work(number)) for number in range(50)))

    assert asyncio.run(ask()) == list(range(50))
    assert begun == list(range(50))


def test_nobody_begins_while_another_works() -> None:
    turns, goes_on, begun = Turns(one_at_a_time=True), threading.Event(), list[str]()

    async def ask() -> None:
        working = asyncio.Event()
        loop = asyncio.get_running_loop()

        def first() -> None:
            begun.append("first")
            loop.call_soon_threadsafe(working.set)
            assert goes_on.wait(LONGEST)
            begun.append("first has ended")

        one = asyncio.create_task(turns.take(first))
        await working.wait()
        other = asyncio.create_task(turns.take(lambda: begun.append("second")))
        for _ in range(100):  # as often as it likes to come in between
            await asyncio.sleep(0)
        goes_on.set()
        await asyncio.gather(one, other)

    asyncio.run(ask())
    assert begun == ["first", "first has ended", "second"]


def test_side_by_side_where_the_engine_works_elsewhere() -> None:
    turns, together = Turns(one_at_a_time=False), threading.Barrier(2, timeout=LONGEST)

    async def ask() -> list[int]:
        return await asyncio.gather(*(turns.take(together.wait) for _ in range(2)))

    assert sorted(asyncio.run(ask())) == [0, 1]  # each went on only when the other had come too


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
    turns, goes_on = Turns(one_at_a_time=True), threading.Event()

    async def ask() -> str:
        first = asyncio.create_task(turns.take(lambda: goes_on.wait(LONGEST)))
        gone = asyncio.create_task(turns.take(lambda: None))
        last = asyncio.create_task(turns.take(lambda: "answered"))
        await asyncio.sleep(0)  # each task begins in the order of its making: the first has the turn, the others wait
        gone.cancel()
        await asyncio.sleep(0)
        goes_on.set()
        answers = await asyncio.gather(first, last)
        assert gone.cancelled()
        return answers[1]

    assert asyncio.run(ask()) == "answered"


def test_the_wait_is_a_stage_of_its_own() -> None:
    stages: list[str] = []

    async def ask() -> None:
        with listening(lambda name, _seconds: stages.append(name)):
            await Turns(one_at_a_time=True).take(lambda: None)

    asyncio.run(ask())
    assert stages == ["wait"]
