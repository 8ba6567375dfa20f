"""Reads photos ahead of those who decode them: few threads where a disk answers at once, many where a network does not.

What waits in memory is bounded in bytes, whatever is faster than what.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from indexer.errors import ImageError
from indexer.sync.embedding.channel import Channel
from indexer.sync.photo import Wanted

FEWEST, MOST = 2, 32
"""Threads; one more is begun whenever a core had to wait for bytes."""
READ_AHEAD = 64_000_000
"""Bytes of photos that were read, or are being read, and not yet decoded."""
LEAST = 250_000
"""What the smallest photo counts as, so that there are not thousands of them."""
UNSEEN = 2_000_000
"""What a photo counts as, until it is read, of which nobody knows how large it is."""


class Bytes(NamedTuple):
    """A photo that was read."""

    number: int
    """Its place in the input, from 0."""
    wanted: Wanted
    data: bytes | ImageError
    room: int
    """What it takes of `READ_AHEAD`, to be given back."""


class Readers:
    """Threads that take the photos in their order and put what they read into a channel.

    Args:
        source: the photos; asked by one thread at a time.
        into: where they go; it is finished when the last was put, and whoever closes it ends the threads.
        failed: told of an error that is not one of a photo.
    """

    def __init__(
        self, source: Iterable[Wanted], into: Channel[Bytes], failed: Callable[[BaseException], object]
    ) -> None:
        self._source: Iterator[tuple[int, Wanted]] = iter(enumerate(source))
        self._asking, self._growing = threading.Lock(), threading.Lock()
        self._into, self._failed = into, failed
        self._threads: list[threading.Thread] = []
        self._working = 0
        self._ended = False
        for _ in range(FEWEST):
            self.one_more()

    def one_more(self) -> None:
        """Begin another thread, unless there are enough or nothing is left to read."""
        with self._growing:
            if self._ended or len(self._threads) >= MOST:
                return
            self._working += 1
            # A daemon: a read that hangs keeps nobody from leaving.
            thread = threading.Thread(target=self._read, name=f"read-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the threads, but not so long for each that a photo from far away could hold us up."""
        for thread in self._threads:
            thread.join(seconds)
            seconds = seconds if not thread.is_alive() else 0.0

    def _read(self) -> None:
        try:
            while (found := self._next()) is not None:
                number, wanted = found
                room = max(LEAST, UNSEEN if wanted.seen is None else wanted.seen.size)
                if not self._into.room_for(room):
                    return
                data: bytes | ImageError
                try:
                    data = wanted.image.place.read()
                except ImageError as error:
                    data = error
                needed = LEAST if isinstance(data, ImageError) else max(LEAST, len(data))
                self._into.put(Bytes(number, wanted, data, needed), needed - room)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the pipeline is waited for
            self._failed(error)
        finally:
            with self._growing:
                self._ended = True  # each ends only where nothing is left
                self._working -= 1
                last = not self._working
            if last:
                self._into.finish()

    def _next(self) -> tuple[int, Wanted] | None:
        with self._asking:
            return next(self._source, None)
