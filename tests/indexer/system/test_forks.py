"""What a forked child begins anew, in real children."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.system.forks import Lock, in_child, once, whole
from indexer.system.machine import Budget

ROOT = Path(__file__).parents[3]
SECONDS = 10
OF_THREADING = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier"}
OF_WRITERS = (
    "cli/plain_progress.py",
    "cli/watch.py",
    "photos/fetch/many",
    "store/server/writers.py",
    "sync/embedding",
    "sync/watch",
)


def in_fork(check: Callable[[], object]) -> bool:
    """Whether a check is true in a forked child, which has ten seconds for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of what is tried here
        pid = os.fork()
    if not pid:
        signal.alarm(SECONDS)
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitpid(pid, 0)[1] == 0


class Holding:
    """A thread that enters something and stays there."""

    def __init__(self, hold: Callable[[threading.Event], object]) -> None:
        self._leave, self._inside = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._stay, args=(hold,))

    def __enter__(self) -> None:
        self._thread.start()
        assert self._inside.wait(SECONDS)

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join(SECONDS)

    def _stay(self, hold: Callable[[threading.Event], object]) -> None:
        hold(self._inside)
        self._leave.wait(SECONDS)


def entered(lock: Lock) -> bool:
    with lock:
        return True


def test_a_lock_that_another_thread_holds_is_free_in_a_child() -> None:
    lock, leave = Lock(), threading.Event()

    def hold(inside: threading.Event) -> None:
        with lock:
            inside.set()
            leave.wait(SECONDS)

    with Holding(hold):
        assert in_fork(lambda: entered(lock))
        leave.set()
    assert entered(lock)


def test_a_lock_that_the_forking_thread_holds_is_let_go_in_both() -> None:
    lock = Lock()
    with lock:
        pid = os.fork()
        if not pid:
            signal.alarm(SECONDS)
    if not pid:
        os._exit(0 if entered(lock) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert entered(lock)


class Slow:
    @once
    def value(self) -> str:
        """Made while somebody waits."""
        made = self.make
        return made()

    def __init__(self, make: Callable[[], str]) -> None:
        self.make = make


def test_a_value_that_another_thread_is_making_is_made_again_in_a_child() -> None:
    leave = threading.Event()

    def hold(inside: threading.Event) -> None:
        def make() -> str:
            inside.set()
            leave.wait(SECONDS)
            return "slow"

        assert Slow(make).value == "slow"

    with Holding(hold):
        assert in_fork(lambda: Slow(lambda: "quick").value == "quick")
        leave.set()


def test_an_amount_that_other_threads_have_taken_is_whole_in_a_child() -> None:
    budget, leave = Budget(10), threading.Event()

    def hold(inside: threading.Event) -> None:
        with budget.taking(10):
            inside.set()
            leave.wait(SECONDS)

    def take() -> bool:
        with budget.taking(10):
            return True

    with Holding(hold):
        assert in_fork(take)
        leave.set()
    assert take()


def test_a_fork_waits_for_what_another_thread_is_loading() -> None:
    done: list[bool] = []

    def hold(inside: threading.Event) -> None:
        with whole():
            inside.set()
            time.sleep(0.2)
            done.append(True)

    with Holding(hold):
        assert in_fork(lambda: done)
    with whole():  # which the forking thread is in itself
        assert in_fork(lambda: True)


class Connection:
    def __init__(self, closed: list[int]) -> None:
        self.closed = closed

    def __del__(self) -> None:
        self.closed.append(os.getpid())


class Owner:
    def __init__(self, closed: list[int]) -> None:
        self._closed = closed
        self._begin()
        in_child(self._begin)

    def _begin(self) -> None:
        self.connection = Connection(self._closed)


def test_what_was_there_before_is_renewed_and_not_destroyed_in_a_child() -> None:
    closed: list[int] = []
    owners = [Owner(closed)]
    before = id(owners[0].connection)
    assert in_fork(lambda: id(owners[0].connection) != before and not closed)
    assert id(owners[0].connection) == before
    owners.clear()
    assert closed == [os.getpid()]


ALIVE_AT_THE_END = """
from indexer.system.forks import in_child
class Kept:
    def __init__(self):
        in_child(self.begin)
    def begin(self):
        pass
kept = Kept()
"""


def test_a_process_that_ends_says_nothing_of_what_is_still_there() -> None:
    """`weakref.WeakMethod` prints a traceback from its callback at that moment, in every program with a model."""
    ended = subprocess.run([sys.executable, "-c", ALIVE_AT_THE_END], capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


class Alike(Owner):
    """One that is equal to all others, and cannot be hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike)


def test_objects_that_are_equal_begin_anew_each() -> None:
    owners = [Alike([]), Alike([])]
    before = [id(one.connection) for one in owners]
    assert in_fork(lambda: not {*before} & {id(one.connection) for one in owners})


@pytest.mark.parametrize("package", ["indexer", "searcher"])
def test_nobody_keeps_a_lock_that_a_child_would_wait_for(package: str) -> None:
    """Whoever takes one of Python's own begins anew with ``in_child``; of a writer, no thread lives on in a child."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        if any(path.is_relative_to(ROOT / "indexer" / spared) for spared in ("system/forks.py", *OF_WRITERS)):
            continue
        text = path.read_text(encoding="utf-8")
        if "threading" not in text and "cached_property" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            of = node.value.id if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""
            if (of == "threading" and name in OF_THREADING and "in_child" not in text) or name == "cached_property":
                found.append(f"{path.relative_to(ROOT)}: {name}")
    assert found == []
