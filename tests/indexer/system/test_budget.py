"""A budget that threads share: never exceeded, never lost, and the large are not passed over forever."""

from __future__ import annotations

import threading

import pytest

from indexer.system.machine import Budget


def test_it_is_never_exceeded_and_all_comes_back() -> None:
    budget, lock = Budget(100), threading.Lock()
    held, most = 0, 0

    def work(pixels: int) -> None:
        nonlocal held, most
        for _ in range(50):
            with budget.taking(pixels):
                with lock:
                    held += pixels
                    most = max(most, held)
                with lock:
                    held -= pixels

    threads = [threading.Thread(target=work, args=(pixels,)) for pixels in (100, 60, 50, 41, 10, 1, 1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert 0 < most <= 100
    with budget.taking(100):
        pass


def test_what_is_larger_than_the_budget_goes_alone() -> None:
    budget = Budget(10)
    with budget.taking(1000):
        assert not _passes(budget, 1, seconds=0.05)
    assert _passes(budget, 10)


def test_a_large_one_that_waits_is_next() -> None:
    """Else a stream of small photos would keep it waiting forever."""
    budget = Budget(10)
    order: list[int] = []

    def work(pixels: int) -> None:
        with budget.taking(pixels):
            order.append(pixels)

    with budget.taking(6):
        large = threading.Thread(target=work, args=(10,))
        large.start()
        while not budget._turn.locked():
            pass
        small = threading.Thread(target=work, args=(1,))
        small.start()
        small.join(0.05)
        assert order == []
    large.join(60)
    small.join(60)
    assert order == [10, 1]


def test_a_failed_decode_gives_its_pixels_back() -> None:
    budget = Budget(10)
    with pytest.raises(ZeroDivisionError), budget.taking(10):
        raise ZeroDivisionError
    assert _passes(budget, 10)


def _passes(budget: Budget, pixels: int, seconds: float = 60) -> bool:
    """Whether so many pixels are free; who waits in vain is a daemon and ends with the budget's next return."""
    got = threading.Event()

    def take() -> None:
        with budget.taking(pixels):
            got.set()

    threading.Thread(target=take, daemon=True).start()
    return got.wait(seconds)
