"""A small shop whose photos are behind URLs of a server on loopback."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image
from qdrant_client import QdrantClient

from indexer.store.records import Point
from indexer.store.server.connection import Connection
from indexer.store.server.index import ServerIndex
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.indexer.photos.fetch.photo_host import PhotoHost
from tests.shops.catalogs.row_catalog import Shop


def drawn(seed: str, size: int = 32) -> bytes:
    """A photo of random colour fields; every seed gives other ones."""
    fields = np.random.default_rng(crc32(seed.encode())).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(fields).resize((size, size), Image.Resampling.NEAREST).save(file, "JPEG", quality=95)
    return file.getvalue()


def in_memory(local: Path) -> ServerIndex:
    """An index that costs next to nothing: what these tests are about happens before anything is stored."""
    return ServerIndex(Connection(QdrantClient(":memory:"), ":memory:"), "jewelry", local)


class WebShop(Shop):
    """Products p0, p1 … with a photo each, half of them rings; ``index`` is this machine's folder of it."""

    def __init__(self, root: Path, host: PhotoHost, products: int = 6) -> None:
        super().__init__(root)
        self.catalog.mkdir()
        self.store = in_memory(self.index)
        self.host = host
        self.urls = [host.put(f"/{n}.jpg", drawn(f"{n}")) for n in range(products)]
        self.listed()

    def listed(self, price: Callable[[int], int] = lambda n: n, *more: str) -> None:
        """Write the manifest anew."""
        kinds = ("rings", "watches")
        self.rows(*(f"p{n},{url},{kinds[n % 2]},{price(n)},true" for n, url in enumerate(self.urls)), *more)

    def sync(self, **options: Any) -> SyncReport:
        """Forget what was asked before."""
        self.host.log.clear()
        return sync(self.catalog, self.model, self.store, allow_private=True, **options)

    def points(self) -> dict[tuple[str, str], Point]:
        """What is in the index, by product and photo."""
        points = self.store.read().scroll(vectors=True)
        return {(str(p.payload["product_id"]), p.payload["photo"]["path"]): p for p in points}

    @property
    def asked(self) -> dict[tuple[str, int], int]:
        """Requests of the last sync by method and status."""
        return dict(self.host.log.counts())
