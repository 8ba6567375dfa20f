"""A watch that runs in a thread of its own, and what it says.

In a test: ``from tests.indexer.sync.watch.running import running``.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexer.sync.watch.told import Event, Watched
from indexer.sync.watch.watching import watch
from tests.shops.catalogs.row_catalog import Shop

LONGEST = 60.0


class Running:
    """What a watch has said and nobody has asked for yet."""

    def __init__(self) -> None:
        self.said: queue.Queue[Watched | BaseException | None] = queue.Queue()
        self.stop = threading.Event()

    def next(self) -> Watched:
        """What it says next; its beginning is passed over."""
        while True:
            found = self.said.get(timeout=LONGEST)
            if isinstance(found, BaseException):
                raise found
            assert found is not None, "it has ended"
            if found.event is not Event.WATCHING:
                return found

    def photos(self) -> dict[str, int]:
        """The counts of the sync that comes next."""
        found = self.next()
        assert found.report is not None, found.message
        return {name: number for name, number in found.report.photos.items() if number}

    def is_quiet(self, seconds: float = 0.4) -> bool:
        """Whether it says nothing for a while."""
        try:
            found = self.said.get(timeout=seconds)
        except queue.Empty:
            return True
        raise AssertionError(f"it said {found}")


@contextmanager
def running(shop: Shop, catalog: str | Path | None = None, **options: Any) -> Iterator[Running]:
    """Watch a shop's catalog, or another one for its index, for as long as the block lasts."""
    run, place = Running(), shop.catalog if catalog is None else catalog

    def work() -> None:
        try:
            for one in watch(place, shop.model, shop.index, workers=1, stop=run.stop, **options):
                run.said.put(one)
        except BaseException as error:  # noqa: BLE001 - it belongs to the test
            run.said.put(error)
        run.said.put(None)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield run
    finally:
        run.stop.set()
        thread.join(timeout=LONGEST)
        assert not thread.is_alive()
