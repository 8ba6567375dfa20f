"""When it is asked whether another generation is published; the clock is the test's."""

from __future__ import annotations

import logging
import os
import threading
from types import SimpleNamespace

import pytest

from indexer.errors import StoreError
from indexer.store.server.reads import mark as module
from indexer.store.server.reads.mark import Mark, changed

WAIT = 10.0


class Asked:
    """A server's answers, one after the other; `answered` says that one has been given."""

    def __init__(self, *answers: str | Exception | None) -> None:
        self.answers, self.given = list(answers), 0
        self.answered, self.go = threading.Semaphore(0), threading.Event()
        self.go.set()

    def __call__(self) -> str | None:
        assert self.go.wait(WAIT)
        self.given += 1
        answer = self.answers[min(self.given, len(self.answers)) - 1]
        try:
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.answered.release()

    def wait(self) -> None:
        assert self.answered.acquire(timeout=WAIT)
        for thread in [thread for thread in threading.enumerate() if thread.name == module.THREAD]:
            thread.join(WAIT)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(seconds=100.0)
    now.monotonic = lambda: now.seconds
    monkeypatch.setattr(module, "time", now)
    return now


def test_a_second_long_nobody_asks_again(clock: SimpleNamespace) -> None:
    asked = Asked("1", "2")
    mark = Mark(asked)
    assert [mark() for _ in range(50)] == ["1"] * 50
    clock.seconds += 1.0
    assert (mark(), asked.given) == ("1", 1)


def test_after_a_second_it_is_asked_once_beside_the_questions(clock: SimpleNamespace) -> None:
    asked = Asked("1", "2")
    mark = Mark(asked)
    mark()
    asked.wait()
    asked.go.clear()  # the server takes its time
    clock.seconds += 1.1
    assert [mark() for _ in range(50)] == ["1"] * 50
    asked.go.set()
    asked.wait()
    assert (mark(), asked.given) == ("2", 2)


def test_before_two_seconds_are_over_a_question_waits_for_the_answer(clock: SimpleNamespace) -> None:
    asked = Asked("1", "2", None)
    mark = Mark(asked)
    assert mark() == "1"
    clock.seconds += 1.95
    assert (mark(), asked.given) == ("2", 2)
    clock.seconds += 3600
    assert (mark(), asked.given) == (None, 3)


def test_what_this_process_published_is_seen_at_once(clock: SimpleNamespace) -> None:
    mark = Mark(Asked("1", "2"))
    assert mark() == "1"
    changed()
    assert mark() == "2"


def test_an_answer_that_was_asked_for_before_does_not_replace_a_later_one(clock: SimpleNamespace) -> None:
    asked = Asked("1", "2", "3")
    mark = Mark(asked)
    mark()
    asked.wait()
    original, slow = asked.__call__, threading.Event()
    mark._ask = lambda: (slow.wait(WAIT), "old")[1]
    clock.seconds += 1.1
    assert mark() == "1"
    mark._ask = original
    clock.seconds += 0.85
    assert mark() == "2"
    slow.set()
    asked.wait()
    assert mark() == "2"


def test_a_server_that_fails_is_told_to_the_question_that_waits(
    clock: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked("1", StoreError("it is down"), StoreError("it is down"), "2")
    mark = Mark(asked)
    mark()
    asked.wait()
    clock.seconds += 1.1
    with caplog.at_level(logging.INFO, logger="indexer"):
        assert mark() == "1"
        asked.wait()
    assert "it is down" in caplog.text
    clock.seconds += 1.0
    with pytest.raises(StoreError, match="it is down"):
        mark()
    assert mark() == "2"


def test_many_threads_ask_once(clock: SimpleNamespace) -> None:
    asked = Asked("1")
    mark, found = Mark(asked), list[str | None]()
    asked.go.clear()
    threads = [threading.Thread(target=lambda: found.append(mark())) for _ in range(8)]
    for thread in threads:
        thread.start()
    asked.go.set()
    for thread in threads:
        thread.join(WAIT)
    assert (found, asked.given) == (["1"] * 8, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_asks_for_itself(clock: SimpleNamespace) -> None:
    asked = Asked("1", "2")
    mark = Mark(asked)
    mark()
    pid = os.fork()
    if pid == 0:
        os._exit(0 if mark() == "2" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert mark() == "1"
