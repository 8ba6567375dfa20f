"""How hosts are treated: few requests at a time, pauses as they ask for them, and an end to asking one that is down."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from indexer.photos.fetch.answer import Answer
from indexer.photos.fetch.faults import Reachable, Unreachable
from indexer.photos.fetch.many.bounds import PER_HOST
from indexer.system.text import counted


@dataclass(frozen=True, slots=True)
class Patience:
    """How often the same is asked, how long is waited, and when a host counts as down."""

    attempts: int = 4
    slow_attempts: int = 2
    """Of what ends because time runs out: each costs all of that time."""
    first_wait: float = 0.5
    """Seconds before the second attempt; then four times as long each time, with a little chance."""
    longest_wait: float = 30.0
    """Seconds that are waited at once; a host that wants more (Retry-After) counts as down."""
    failures: int = 5
    """Photos in a row for which a host did not answer, until it counts as down."""
    refusals: int = 20
    """The same, where it answered that it cannot: that may be the fault of some of its photos."""


class Host(Reachable):
    """One host: its turns, the pause it asked for, and what failed in a row."""

    def __init__(self, name: str, at_once: int) -> None:
        super().__init__(name)
        self.turns = threading.Semaphore(at_once)
        self.not_before = 0.0
        self.failed, self.refused = 0, 0


class Hosts:
    """All hosts of one command; may be shared among threads.

    Args:
        patience: see there.
        at_once: requests to one host at a time.
    """

    def __init__(self, patience: Patience | None = None, at_once: int = PER_HOST) -> None:
        self._patience, self._at_once = patience or Patience(), at_once
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def of(self, name: str) -> Host:
        """What is known of a host."""
        with self._lock:
            return self._hosts.setdefault(name, Host(name, self._at_once))

    def close(self) -> None:
        """Let nobody wait any longer, and nobody ask: the command is at its end."""
        self._closing.set()

    def ask(self, host: Host, question: Callable[[], Answer]) -> Answer:
        """Put a question to a host when it is its turn, again where that may help.

        Raises:
            Unreachable: there is no answer that helps, or the host is down.
            FetchError: what the question raises, at once: to ask again would not change it.
        """
        patience, attempt = self._patience, 0
        while True:
            attempt += 1
            wait = patience.first_wait * 4 ** (attempt - 1) * random.uniform(1, 1.2)
            most = patience.attempts
            answered = False
            try:
                with self._turn(host):
                    answer = question()
            except Unreachable as error:
                problem = error
                most = patience.slow_attempts if error.slow else most
            else:
                if not answer.is_for_later:
                    host.failed = host.refused = 0
                    return answer
                answered = True
                problem = Unreachable(f"the server answers {answer.status}; try again later")
                asked_for = answer.retry_after
                if asked_for is not None and asked_for > patience.longest_wait:
                    self._give_up(host, f"it answers {answer.status} and wants to be left alone for {asked_for:.0f} s")
                elif asked_for is not None or answer.status == 429:  # then the others have to wait as well
                    wait = min(max(wait, asked_for or 0.0), patience.longest_wait)
                    host.not_before = max(host.not_before, time.monotonic() + wait)
            if host.down is None and attempt < most and not self._closing.is_set():
                self._closing.wait(min(wait, patience.longest_wait))
                continue
            self._count(host, problem, answered=answered)
            raise problem

    @contextmanager
    def _turn(self, host: Host) -> Iterator[None]:
        """One of the host's turns, not before the time it asked for."""
        with host.turns:
            while (pause := host.not_before - time.monotonic()) > 0 and not self._closing.wait(pause):
                pass
            if self._closing.is_set():
                raise Unreachable("the command was ended before it was asked")
            if host.down is not None:
                raise Unreachable(f"{host.name} is not asked any more in this run: {host.down}")
            yield

    def _count(self, host: Host, problem: Unreachable, *, answered: bool) -> None:
        """One more photo that could not be had."""
        with self._lock:
            host.failed += not answered
            host.refused += 1
            if host.failed >= self._patience.failures or host.refused >= self._patience.refusals:
                self._give_up(host, f"{counted(host.refused, 'photo')} in a row could not be had, the last: {problem}")

    def _give_up(self, host: Host, reason: str) -> None:
        if host.down is None:
            host.down = reason
