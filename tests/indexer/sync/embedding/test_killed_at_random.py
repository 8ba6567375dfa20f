"""A sync of two thousand photos, killed at twenty random moments: old or new, never half, and hardly anything twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from indexer.models.embedder import Embedder
from indexer.store.embedded.index import EmbeddedIndex
from tests.indexer.photos.fetch.photo_host import photo_host
from tests.shops.catalogs.row_catalog import Shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a sync is killed in a forked child"),
]

PHOTOS, NEW, KILLS, WORKERS = 2_000, 200, 20, 2
AT_ONCE = WORKERS
"""Photos that may be with the model when a kill comes: each core takes one the whole way, into the journal."""
Content = frozenset[tuple[str, float]]


class Killed:
    """Syncs in children that are killed after some time; what went through the model is counted in a file."""

    def __init__(self, shop: Shop, counts: Path) -> None:
        self.shop, self.counts = shop, counts
        counts.touch()

    def run(self, seconds: float | None) -> bool:
        """One sync; whether it was killed."""
        child = os.fork()
        if not child:
            try:
                signal.alarm(300)
                self._count()
                self.shop.sync(workers=WORKERS, allow_removal=True, allow_private=True)
                os._exit(0)
            except BaseException as error:  # noqa: BLE001 - it must not come back into the test's own process
                os.write(2, repr(error).encode())
                os._exit(1)
        if seconds is not None:
            until = time.monotonic() + seconds
            while time.monotonic() < until and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                time.sleep(0.002)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.waitstatus_to_exitcode(status) == 0
        return False

    def _count(self) -> None:
        file, run = os.open(self.counts, os.O_WRONLY | os.O_APPEND), Embedder.run

        def counted(self: Embedder, batch: Any) -> Any:
            found = run(self, batch)
            os.write(file, b"." * len(batch))
            return found

        Embedder.run = counted  # type: ignore[method-assign]

    def embedded(self) -> int:
        """Photos that went through the model in all runs together."""
        return self.counts.stat().st_size


def content(shop: Shop) -> Content:
    if EmbeddedIndex(shop.index).current() is None:
        return frozenset()
    return frozenset((product, fields[0]) for (product, _), fields in shop.said("price").items())


@pytest.mark.parametrize("where", ["by file", "by URL"])
def test_twenty_kills_at_random_moments(tmp_path: Path, where: str) -> None:
    names = [f"p/{number // 100}/{number}.jpg" for number in range(PHOTOS + NEW)]
    shop = Shop(tmp_path, *names)
    if where == "by file":
        check_kills(shop, names, names, tmp_path)
        return
    with photo_host() as host:
        urls = []
        for name in names:
            path = shop.catalog / name
            urls.append(host.put(f"/{name}", path.read_bytes()))
            path.unlink()
        check_kills(shop, names, urls, tmp_path)


def check_kills(shop: Shop, names: list[str], images: list[str], folder: Path) -> None:
    """Two turns of syncs that are killed until there were twenty kills; in the second, a tenth of the photos is new."""
    drawn = random.Random(3)

    def say(first: int, price: int) -> Content:
        rows = range(first, first + PHOTOS)
        shop.rows(*(f"s{number},{images[number]},rings,{price},true" for number in rows))
        return frozenset((f"s{number}", float(price)) for number in rows)

    killed = Killed(shop, folder / "counts")
    wanted, old, kills = say(0, 1), content(shop), 0
    began = time.monotonic()
    Killed(_beside(shop, folder), folder / "other counts").run(None)
    longest = time.monotonic() - began
    for first in (0, NEW):
        if first:
            wanted = say(first, 2)
        while kills < KILLS // 2 * (2 if first else 1):
            kills += killed.run(drawn.uniform(0, longest))
            now = content(shop)
            assert now in (old, wanted)
            if now == wanted:  # it was quicker: once more, with other prices
                old, wanted = wanted, say(first, drawn.randrange(3, 10**6))
        killed.run(None)
        old = content(shop)
        assert old == wanted
    assert len(names) <= killed.embedded() <= len(names) + kills * AT_ONCE
    assert shop.sync(allow_private=True).published is False
    assert not any(one.damage for one in EmbeddedIndex(shop.index).check())
    assert not list((shop.index / "work").glob("*.journal"))


def _beside(shop: Shop, folder: Path) -> Shop:
    """The same catalog for another index, to see how long a sync takes."""
    other = Shop.__new__(Shop)
    other.catalog, other.model, other.index = shop.catalog, shop.model, folder / "other index"
    return other
