"""What several threads want of one photo at once is done once; and what was fetched ahead is held until it is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from indexer.photos.fetch.many.bounds import HELD

T = TypeVar("T")


class Flights:
    """Work that is under way, by what it is for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def once(self, what: Hashable, work: Callable[[], T]) -> T:
        """Do it, or wait for who is doing it; raises what it raises."""
        with self._lock:
            flight = self._under_way.get(what)
            mine = flight is None
            if flight is None:
                flight = self._under_way[what] = Future()
        if not mine:
            return flight.result()  # type: ignore[no-any-return]
        try:
            result = work()
        except BaseException as error:
            self._end(what)
            flight.set_exception(error)
            raise
        self._end(what)
        flight.set_result(result)
        return result

    def _end(self, what: Hashable) -> None:
        with self._lock:
            del self._under_way[what]


class Held:
    """Bytes of photos that are going to be read, each once.

    Args:
        limit: bytes of all of them together; what is more is not held.
    """

    def __init__(self, limit: int = HELD) -> None:
        self._limit, self._size = limit, 0
        self._lock = threading.Lock()
        self._photos: dict[str, bytes] = {}

    def put(self, url: str, data: bytes) -> None:
        """Hold a photo's bytes, where there is room."""
        with self._lock:
            if url not in self._photos and self._size + len(data) <= self._limit:
                self._photos[url] = data
                self._size += len(data)

    def pop(self, url: str) -> bytes | None:
        """A photo's bytes, which are not held any longer; None where they are not."""
        with self._lock:
            data = self._photos.pop(url, None)
            self._size -= 0 if data is None else len(data)
        return data
