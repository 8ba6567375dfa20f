"""A queue between the threads of a pipeline: it holds no more than was agreed, and ends for all of them at once."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """Hands things from some threads to others, in the order in which they were put.

    Whoever puts something asks for room first, so that what takes memory is not even made before there is some; the
    room is taken until it is given back, which who took the thing out does when it is done with it.

    Args:
        most: room, in whatever the things are measured in. What needs more has all of it for itself.
    """

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._things: deque[T] = deque()
        self._finished = self._closed = False
        lock = threading.Lock()
        self._room, self._filled = threading.Condition(lock), threading.Condition(lock)
        self._turn = threading.Lock()

    def room_for(self, amount: int) -> bool:
        """Wait until there is so much room, and take it; False where nobody takes anything out any more."""
        with self._turn, self._room:  # who is next waits with the turn, so that nobody who needs much waits for ever
            self._room.wait_for(lambda: self._closed or self._taken == 0 or self._taken + amount <= self._most)
            self._taken += amount
            return not self._closed

    def put(self, thing: T, more: int = 0) -> None:
        """Hand over a thing for which room was taken; ``more`` is what it needs beyond that, and may be negative."""
        with self._filled:
            self._taken += more
            self._things.append(thing)
            self._filled.notify()
            if more < 0:
                self._room.notify()

    def take(self, longest: float | None = None) -> T | None:
        """The next thing; None where there is and will be none. Raises ``TimeoutError`` after so many seconds."""
        with self._filled:
            if not self._filled.wait_for(lambda: self._things or self._finished or self._closed, longest):
                raise TimeoutError
            return self._things.popleft() if self._things and not self._closed else None

    def give_back(self, amount: int) -> None:
        """Room that a thing which was taken out had taken."""
        with self._room:
            self._taken -= amount
            self._room.notify()

    def finish(self) -> None:
        """Nothing more will be put; what is there is still handed out."""
        with self._filled:
            self._finished = True
            self._filled.notify_all()

    def close(self) -> None:
        """Nothing more will be taken out: whoever waits for something or for room stops waiting."""
        with self._filled:
            self._closed = True
            self._things.clear()
            self._filled.notify_all()
            self._room.notify_all()
