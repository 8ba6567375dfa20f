"""Embeddings that are finished but not yet published, so that a crash never makes a photo be embedded twice."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import numpy as np

from indexer.models.directory import ModelFile
from indexer.photos.colour.palette import COLOURS
from indexer.photos.reading import READING
from indexer.store.records import TextModelRecord
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts

AT_ONCE = 1 << 20
"""Bytes that are read at a time when the file is opened."""


class Journal:
    """An append-only file of fixed-size records, keyed by content hash, for one model, or one and a text model.

    And for one `READING` of photos: the same file read in another way has another vector. The colours of a photo may be
    unknown: what was saved of a damaged generation may have none.

    A generation's shard has no write-ahead log, so what a killed sync wrote there is lost; what it appended
    here is not. A record cut short by the kill, or damaged, ends the file: the next sync goes on from there.

    In memory is only where each content's record stands, some 200 bytes a photo; the records are read where they are
    asked for. It may be used by several threads.
    """

    def __init__(self, index_root: Path, model: ModelFile, text_model: TextModelRecord | None = None) -> None:
        names = [model.fingerprint, *([] if text_model is None else [text_model.fingerprint])]
        name = "-".join(name[:16] for name in names)
        self.path = index_root / "work" / f"{name}-r{READING}-c{COLOURS}.journal"
        self._of_before = [self.path.with_name(f"{name}{end}.journal") for end in ("", "-r2")]
        self._text = text_model
        text = [] if text_model is None else [("text_embedding", "<f4", (text_model.dimension,))]
        self._categories = model.categories
        self._record = np.dtype(
            [
                ("sha256", "V32"),
                ("pixel_sha256", "V32"),
                ("phash", "V8"),
                ("width", "<u4"),
                ("height", "<u4"),
                ("category", "<i4"),
                ("confidence", "<f4"),
                ("embedding", "<f4", (model.dimension,)),
                *text,
                ("colours", "<f4", (COLOURS,)),
                ("crc", "<u4"),
            ]
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._places: dict[bytes, int] = {}
        """Number of each content's record in the file."""
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._find()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
        if not self._places:
            self.path.unlink(missing_ok=True)

    def get(self, sha256: str) -> EmbeddedPhoto | None:
        """The photo with this file hash, if this sync or one that did not finish embedded it."""
        place = self._places.get(bytes.fromhex(sha256))
        if place is None:
            return None
        raw = _read(self._file, self._record.itemsize, place * self._record.itemsize)
        return self._unpack(raw) if self._is_whole(raw) and raw[:32].hex() == sha256 else None

    def append(self, photos: Iterable[EmbeddedPhoto]) -> None:
        """Add photos in one write; raises ``OSError`` when the disk refuses, and then has none of them."""
        with self._writing:
            new = {
                digest: self._pack(photo)
                for photo in photos
                if (digest := bytes.fromhex(photo.facts.sha256)) not in self._places
            }
            end = len(self._places)
            try:
                _write(self._file, b"".join(new.values()), end * self._record.itemsize)
            except OSError:
                os.ftruncate(self._file, end * self._record.itemsize)  # half a record would hide those behind it
                raise
            self._places |= zip(new, range(end, end + len(new)), strict=True)

    def clear(self) -> None:
        """Forget everything: it has been published."""
        self._places.clear()
        os.ftruncate(self._file, 0)
        self.path.unlink(missing_ok=True)
        for path in self._of_before:
            path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._places)

    def _pack(self, photo: EmbeddedPhoto) -> bytes:
        row, facts = np.zeros((), self._record), photo.facts
        for name in ("sha256", "pixel_sha256", "phash"):
            row[name] = np.void(bytes.fromhex(getattr(facts, name)))
        row["width"], row["height"] = facts.width, facts.height
        row["category"] = -1 if photo.category is None else self._categories.index(photo.category)
        row["confidence"], row["embedding"] = photo.confidence, photo.embedding
        if self._text is not None:
            row["text_embedding"] = photo.text_embedding
        row["colours"] = np.nan if photo.colours is None else photo.colours
        row["crc"] = _crc(row.tobytes())
        return row.tobytes()

    def _unpack(self, raw: bytes) -> EmbeddedPhoto:
        row = np.frombuffer(raw, self._record)[0]
        hexes = (bytes(row[name]).hex() for name in ("sha256", "pixel_sha256", "phash"))
        facts = PhotoFacts(int(row["width"]), int(row["height"]), *hexes)
        category = self._categories[row["category"]] if row["category"] >= 0 else None
        text = None if self._text is None else row["text_embedding"].astype(np.float32)
        colours = None if np.isnan(row["colours"]).any() else row["colours"].astype(np.float32)
        return EmbeddedPhoto(
            facts, row["embedding"].astype(np.float32), category, float(row["confidence"]), text, colours
        )

    def _find(self) -> None:
        """Note where each record stands, up to the first that is not whole, and cut the file there."""
        size, at_once = self._record.itemsize, max(1, AT_ONCE // self._record.itemsize)
        while True:
            data = _read(self._file, at_once * size, len(self._places) * size)
            for start in range(0, len(data) - size + 1, size):
                raw = data[start : start + size]
                if not self._is_whole(raw) or raw[:32] in self._places:
                    os.ftruncate(self._file, len(self._places) * size)
                    return
                self._places[raw[:32]] = len(self._places)
            if len(data) < at_once * size:
                os.ftruncate(self._file, len(self._places) * size)
                return

    def _is_whole(self, raw: bytes) -> bool:
        return len(raw) == self._record.itemsize and int.from_bytes(raw[-4:], "little") == _crc(raw)


def _crc(raw: bytes) -> int:
    """Checksum of a packed record without its last field, the checksum itself."""
    return zlib.crc32(raw[:-4])


def _read(file: int, length: int, offset: int) -> bytes:
    """So many bytes from there on, fewer only at the end of the file."""
    data = os.pread(file, length, offset)
    while len(data) < length and (more := os.pread(file, length - len(data), offset + len(data))):
        data += more
    return data


def _write(file: int, data: bytes, offset: int) -> None:
    """All of it: a disk that is filling up takes a part first, and says why it takes no more when asked again."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
