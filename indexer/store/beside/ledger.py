"""The ledger of a generation: one row a point, of fixed width, so that a sync sees what changed without opening points.

It holds what a catalog is compared by: which photo of which product a point is, size and time of its file, its content,
and digests of what the catalog says of it. Names are held as salted hashes (BLAKE2b, whose salt costs no time: Aumasson
et al., *BLAKE2*, 2.8), the salt drawn for each ledger: nobody can choose two names that count as one. The file is
mapped and not read, as arrays of numpy.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from indexer.fields.roles import KEPT, RESERVED
from indexer.fields.types import Payload
from indexer.store.records import Point
from indexer.system.names import composed

NAME = "ledger"
VERSION = 1
ROW = np.dtype(
    [
        ("id", "<u8", (2,)),
        ("product", "<u8"),
        ("path", "<u8"),
        ("bytes", "<i8"),
        ("mtime_ns", "<i8"),
        ("sha256", "V32"),
        ("said", "<u8", (2,)),
        ("rows", "<u8", (2,)),
        ("category", "<i4"),
        ("kept", "<u4"),
    ]
)
"""``said`` is of the catalog's part of the payload, ``rows`` of the product's rows as they stand in the file, and zero
where these are not known; ``category`` counts from 0 in the ledger's list, -1 is none; ``kept`` has a bit for each
field that others than a sync wrote."""
Rows = NDArray[np.void]
_PACKED = struct.Struct("<QQQQqq32s16s16siI")
_MAGIC = b"jewelry ledger\n"
_HEAD = struct.Struct("<II")
_NO_ROWS = bytes(16)
GONE = 1 << 31
"""In ``kept``: the point was removed; never in a file."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, struct.error)
"""What a payload raises that no sync wrote."""


class Ledger:
    """Rows in order of id, with what their numbers mean.

    Args:
        rows: of `ROW`.
        categories: the names that ``category`` counts in.
        salt: 16 bytes, of all hashes.
        reading: what else decides how rows of a catalog are read; digests of rows of another reading mean nothing.
    """

    def __init__(self, rows: Rows, categories: Sequence[str], salt: bytes, reading: str = "") -> None:
        self.rows, self.categories, self.salt, self.reading = rows, list(categories), salt, reading

    @classmethod
    def empty(cls) -> Ledger:
        """Without a row, and with a new salt."""
        return cls(np.zeros(0, ROW), (), secrets.token_bytes(16))

    @classmethod
    def read(cls, path: Path | None) -> Ledger | None:
        """The ledger in a file, mapped; None where there is none that this version reads."""
        try:
            if path is None:
                return None
            with path.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    return None
                version, length = _HEAD.unpack(file.read(_HEAD.size))
                if version != VERSION:
                    return None
                head = json.loads(file.read(length))
                offset = file.tell()
            count = int(head["rows"])
            rows: Rows = np.memmap(path, ROW, "r", offset, (count,)) if count else np.zeros(0, ROW)
            return cls(rows, head["categories"], bytes.fromhex(head["salt"]), head["reading"])
        except (OSError, *MALFORMED):
            return None

    def write(self, path: Path) -> None:
        """As a file; raises ``OSError``."""
        head = {
            "rows": len(self.rows),
            "categories": self.categories,
            "salt": self.salt.hex(),
            "reading": self.reading,
        }
        text = json.dumps(head).encode()
        text += b" " * (-(len(_MAGIC) + _HEAD.size + len(text)) % 64)
        with path.open("wb") as file:
            file.write(_MAGIC + _HEAD.pack(VERSION, len(text)) + text)
            np.ascontiguousarray(self.rows).tofile(file)

    def __len__(self) -> int:
        return len(self.rows)

    def hash(self, text: str) -> int:
        """Of a name, 64 bits."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, salt=self.salt).digest()
        return int.from_bytes(digest, "little")

    def said(self, payload: Payload, rank: int) -> bytes:
        """Of the catalog's part of a payload and the photo's place in the order, 128 bits; whole numbers are floats."""
        part = {n: float(v) if type(v) is int else v for n, v in payload.items() if n not in RESERVED}
        text = json.dumps([rank, part], sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16, salt=self.salt).digest()

    def find(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """For each id the number of its row, -1 where there is none."""
        return find(self.rows, keys_of(ids))

    def ids(self, numbers: NDArray[Any]) -> list[str]:
        """Point ids of rows."""
        return [str(UUID(bytes=key.tobytes())) for key in self.rows["id"][numbers].astype(">u8")]

    def kept_fields(self) -> set[str]:
        """The fields that others than a sync wrote on any point."""
        seen = int(np.bitwise_or.reduce(self.rows["kept"])) if len(self.rows) else 0
        return {name for bit, name in enumerate(KEPT) if seen >> bit & 1}


def keys_of(ids: Sequence[str]) -> NDArray[np.uint64]:
    """Point ids as two numbers each, [n, 2]."""
    raw = bytes.fromhex("".join(ids).replace("-", ""))
    return np.frombuffer(raw, ">u8").astype("<u8").reshape(-1, 2)


def find(rows: Rows, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each key the number of its row among sorted ones, -1 where there is none."""
    first, found = np.ascontiguousarray(rows["id"][:, 0]), np.full(len(keys), -1, np.int64)
    at, left = np.searchsorted(first, keys[:, 0]), np.arange(len(keys))
    while len(left):  # once, but for ids that begin with the same 64 bits
        left = left[at[left] < len(rows)]
        left = left[first[at[left]] == keys[left, 0]]
        same = rows["id"][at[left], 1] == keys[left, 1]
        found[left[same]] = at[left[same]]
        left = left[~same]
        at[left] += 1
    return found


class LedgerRows:
    """Rows while points come by, in the order in which they were written: the last word on a point counts.

    Args:
        base: what was there before; its salt and its categories are gone on with.
    """

    def __init__(self, base: Ledger | None = None) -> None:
        self._base = Ledger.empty() if base is None else base
        self._categories = {name: number for number, name in enumerate(self._base.categories)}
        self._packed = bytearray()

    def add(self, point: Point) -> None:
        """A point that is written, or whose payload is replaced; raises one of `MALFORMED` where no sync wrote it."""
        payload, base = point.payload, self._base
        photo, category = payload["photo"], payload.get("category")
        number = -1 if category is None else self._categories.setdefault(category, len(self._categories))
        self._packed += _PACKED.pack(
            *_key(point.id),
            base.hash(str(payload["product_id"])),
            base.hash(composed(str(photo["path"]))),
            int(photo["bytes"]),
            int(photo["mtime_ns"]),
            bytes.fromhex(photo["sha256"]),
            base.said(payload, photo["rank"]),
            _NO_ROWS,
            number,
            sum(1 << bit for bit, name in enumerate(KEPT) if name in payload),
        )

    def remove(self, identifier: str) -> None:
        """A point that goes."""
        self._packed += _PACKED.pack(*_key(identifier), 0, 0, 0, 0, b"", b"", b"", 0, GONE)

    def ledger(self) -> Ledger:
        """Of what is there after all that."""
        base = self._base
        new: Rows = np.frombuffer(self._packed, ROW)
        rows = np.concatenate([np.asarray(base.rows), new]) if len(new) else np.asarray(base.rows)
        if len(new):
            rows = _last_words(rows)
            _go_on(base.rows, rows)
        return Ledger(rows, list(self._categories), base.salt, base.reading)


def made_of(points: Callable[[], Any]) -> Ledger | None:
    """The ledger of points that are scrolled through, without holding them; None where a sync did not write them."""
    rows = LedgerRows()
    try:
        for point in points():
            rows.add(point)
    except MALFORMED:
        return None
    return rows.ledger()


def _last_words(rows: Rows) -> Rows:
    order = np.lexsort((rows["id"][:, 1], rows["id"][:, 0]))  # stable: of one id, the last stays the last
    rows = rows[order]
    last = np.ones(len(rows), bool)
    last[:-1] = (rows["id"][1:] != rows["id"][:-1]).any(axis=1)
    rows = rows[last]
    there: Rows = rows[rows["kept"] & np.uint32(GONE) == 0]
    return there


def _go_on(before: Rows, rows: Rows) -> None:
    """What a product's rows were when this was said of the same file stays true where it is said again."""
    unknown = np.flatnonzero(~rows["rows"].any(axis=1))
    if not len(unknown) or not len(before):
        return
    old = find(before, rows["id"][unknown])
    unknown, old = unknown[old >= 0], old[old >= 0]
    same = np.ones(len(unknown), bool)
    for name in ("bytes", "mtime_ns", "product", "path", "category"):
        same &= rows[name][unknown] == before[name][old]
    same &= (rows["said"][unknown] == before["said"][old]).all(axis=1)
    rows["rows"][unknown[same]] = before["rows"][old[same]]


def _key(identifier: str) -> tuple[int, int]:
    number = UUID(identifier).int
    return number >> 64, number & (1 << 64) - 1


class KeptLedger:
    """The ledger while a draft is written; see `indexer.store.beside.keeping.Kept`."""

    name = NAME

    def __init__(self, draft: Any, base: Any, *, known: bool) -> None:  # noqa: ARG002 - each payload says all
        there = None if base is None else Ledger.read(base.path(NAME, whole=True))
        self._rows = LedgerRows(there)
        self._known = known and (base is None or there is not None)

    def before(self, ids: Sequence[str]) -> None:
        """Nothing that a payload replaces is needed."""

    def written(self, points: Sequence[Point]) -> None:
        """See `Kept.written`."""
        if self._known:
            try:
                for point in points:
                    self._rows.add(point)
            except MALFORMED:
                self._known = False

    def removed(self, ids: Sequence[str]) -> None:
        """See `Kept.removed`."""
        if self._known:
            for identifier in ids:
                self._rows.remove(identifier)

    def write(self, store: Any, path: Path) -> bool:
        """See `Kept.write`; False where points were there before that nobody counted."""
        if not self._known:
            return False
        ledger = self._rows.ledger()
        if len(ledger) != store.count():
            return False
        ledger.write(path)
        return True
