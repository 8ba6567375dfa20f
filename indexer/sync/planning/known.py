"""What a sync knows of a catalog from the last time: the ledger of the published generation, asked by products."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import indexer
from indexer.catalog.named.look import Look
from indexer.catalog.named.photos import names_in
from indexer.catalog.products import Told
from indexer.fields.types import LIST_SEPARATOR
from indexer.store.beside.ledger import Ledger
from indexer.system.names import composed

_READING = ("catalog", "fields", "sync/payload.py", "store/beside/ledger.py")
"""The parts of the package that decide which payload the same cells become."""


class LastTime:
    """A ledger, and what it says of the products of a manifest; see `indexer.catalog.named.told.Known`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        salt, _, self._reading = ledger.reading.partition(" ")
        self.salt = bytes.fromhex(salt)
        self.aside = np.zeros(len(ledger), bool)
        """The rows of the products that were put aside."""

    @classmethod
    def of(cls, ledger: Ledger | None) -> LastTime | None:
        """None where no sync has written down yet what the rows of its products say."""
        return cls(ledger) if ledger is not None and ledger.reading else None

    def unchanged(self, told: Told, root: Path) -> bytearray:
        """See `Known.unchanged`."""
        rows, aside = self.ledger.rows, bytearray(len(told.numbers))
        if not len(rows) or reading_of(told) != self.ledger.reading:
            return aside
        order = np.lexsort((rows["path"], rows["product"]))
        products = rows["product"][order]
        hashes = np.fromiter(map(self.ledger.hash, told.numbers), np.uint64, len(told.numbers))
        first, end = np.searchsorted(products, hashes), np.searchsorted(products, hashes, "right")
        said = digests_of(told.digests)
        same = end > first
        same[same] = (rows["rows"][order[first[same]]] == said[same]).all(axis=1)
        same[list(told.doubtful)] = False
        at, seen = self._look(told, np.flatnonzero(same), first, end - first, Look(root))
        if not len(at):
            return aside
        row = order[at]
        as_it_was = (rows["path"][row] == seen[:, 0]) & (rows["rows"][row] == said[seen[:, 3].astype(np.int64)]).all(1)
        as_it_was &= (rows["bytes"][row] == seen[:, 1].view(np.int64)) & (
            rows["mtime_ns"][row] == seen[:, 2].view(np.int64)
        )
        number = seen[:, 3].astype(np.int64)
        unchanged = np.zeros(len(aside), bool)
        unchanged[number] = True
        unchanged[number[~as_it_was]] = False
        self.aside[row[unchanged[number]]] = True
        return bytearray(unchanged.tobytes())

    def _look(
        self, told: Told, numbers: NDArray[np.int64], first: NDArray[np.int64], count: NDArray[np.int64], look: Look
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Of all photos of these products: where their rows should be, and [hash of path, size, time, product]."""
        at: list[int] = []
        seen: list[tuple[int, int, int, int]] = []
        hashed, images = self.ledger.hash, told.images
        for number, begins, photos in zip(
            numbers.tolist(), first[numbers].tolist(), count[numbers].tolist(), strict=True
        ):
            named = images[number]
            if photos == 1 and LIST_SEPARATOR not in named:  # as most are, and there may be a million
                if (facts := look(named)) is not None:
                    at.append(begins)
                    seen.append((hashed(named), facts[0], facts[1] & _MASK, number))
                continue
            names = names_in(named)
            if len(names) != photos:
                continue
            found = []
            for name in names:
                facts = look(name)
                if facts is None:
                    break
                found.append((hashed(name), facts[0], facts[1] & _MASK, number))
            else:
                found.sort()
                at += range(begins, begins + photos)
                seen += found
        return np.array(at, np.int64), np.array(seen, np.uint64).reshape(-1, 4)


_MASK = (1 << 64) - 1
"""Files from before 1970 have times below zero."""


def reading_of(told: Told) -> str:
    """What a ledger keeps of the way in which rows were read: digests of another way say nothing."""
    return f"{told.salt.hex()} {hashlib.sha256((told.reading + code_digest()).encode()).hexdigest()}"


def digests_of(digests: list[bytes]) -> NDArray[np.uint64]:
    """As a ledger holds them, [n, 2]."""
    return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)


def path_hash(ledger: Ledger, key: str) -> int:
    """Of a photo's key, as a ledger holds it."""
    return ledger.hash(composed(key))


@cache
def code_digest() -> str:
    """A digest of the program text that reads rows: another version may make other payloads of the same cells."""
    root = Path(indexer.__file__).parent
    found = hashlib.sha256()
    for name in _READING:
        for path in sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / name]:
            found.update(path.read_bytes())
    return found.hexdigest()
