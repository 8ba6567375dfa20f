"""A channel holds no more than was agreed, keeps the order, and ends for all who wait at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sync.embedding.channel import Channel

LONGEST = 20.0


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@settings(max_examples=40)
@given(amounts=st.lists(st.integers(1, 30), max_size=40), most=st.integers(1, 25), putting=st.integers(1, 3))
def test_all_comes_through_and_no_more_is_held_than_agreed(amounts: list[int], most: int, putting: int) -> None:
    channel: Channel[tuple[int, int]] = Channel(most)
    left, lock = list(enumerate(amounts)), threading.Lock()
    held: list[int] = []
    highest = [0]

    def put() -> None:
        while True:
            with lock:
                if not left:
                    return
                number, amount = left.pop(0)
            assert channel.room_for(amount)
            with lock:
                held.append(amount)
                highest[0] = max(highest[0], sum(held) if len(held) > 1 else 0)
            channel.put((number, amount))

    def take() -> None:
        while (thing := channel.take()) is not None:
            taken.append(thing)
            with lock:
                held.remove(thing[1])
            channel.give_back(thing[1])

    taken: list[tuple[int, int]] = []
    taker, putters = in_thread(take), [in_thread(put) for _ in range(putting)]
    for putter in putters:
        putter.join(LONGEST)
    channel.finish()
    taker.join(LONGEST)
    assert not taker.is_alive()
    assert sorted(taken) == list(enumerate(amounts))
    assert putting > 1 or taken == sorted(taken)
    assert highest[0] <= most


def test_what_turns_out_larger_or_smaller_than_was_thought_is_counted() -> None:
    channel: Channel[str] = Channel(10)
    assert channel.room_for(8)
    channel.put("small", more=-6)
    assert channel.room_for(8)  # at once
    channel.put("large", more=20)
    waiting = threading.Event()
    thread = in_thread(lambda: (channel.room_for(1), waiting.set()))
    assert channel.take() == "small"
    channel.give_back(2)
    assert not waiting.wait(0.05)
    assert channel.take() == "large"
    channel.give_back(28)
    assert waiting.wait(LONGEST)
    thread.join(LONGEST)


def test_closing_ends_every_wait_and_hands_out_nothing_more() -> None:
    channel: Channel[str] = Channel(1)
    assert channel.room_for(1)
    channel.put("never taken")
    got: list[object] = []
    waiting = [in_thread(lambda: got.append(channel.room_for(1))) for _ in range(3)]
    empty: Channel[str] = Channel(1)
    waiting += [in_thread(lambda: got.append(empty.take())) for _ in range(3)]
    channel.close()
    empty.close()
    for thread in waiting:
        thread.join(LONGEST)
    assert sorted(map(str, got)) == ["False"] * 3 + ["None"] * 3
    assert channel.take() is None
