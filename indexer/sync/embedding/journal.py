"""Embeddings that are finished but not yet published, so that a crash never makes a photo be embedded twice."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import numpy as np

from indexer.models.directory import ModelFile
from indexer.photos.reading import READING
from indexer.store.records import TextModelRecord
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts


class Journal:
    """An append-only file of fixed-size records, keyed by content hash, for one model, or one and a text model.

    And for one `READING` of photos: the same file read in another way has another vector.

    A generation's shard has no write-ahead log, so what a killed sync wrote there is lost; what it appended
    here is not. A record cut short by the kill, or damaged, ends the file: the next sync goes on from there.
    """

    def __init__(self, index_root: Path, model: ModelFile, text_model: TextModelRecord | None = None) -> None:
        names = [model.fingerprint, *([] if text_model is None else [text_model.fingerprint])]
        name = "-".join(name[:16] for name in names)
        self.path = index_root / "work" / f"{name}-r{READING}.journal"
        self._of_the_first_reading = self.path.with_name(f"{name}.journal")
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
                ("crc", "<u4"),
            ]
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._photos = {photo.facts.sha256: photo for photo in self._read()}
        self._file = self.path.open("ab", buffering=0)
        self._file.truncate(len(self._photos) * self._record.itemsize)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self._photos:
            self.path.unlink(missing_ok=True)

    def get(self, sha256: str) -> EmbeddedPhoto | None:
        """The photo with this file hash, if this sync or one that did not finish embedded it."""
        return self._photos.get(sha256)

    def append(self, photos: Iterable[EmbeddedPhoto]) -> None:
        """Add photos in one write; raises ``OSError`` when the disk refuses."""
        rows = []
        for photo in photos:
            if photo.facts.sha256 not in self._photos:
                self._photos[photo.facts.sha256] = photo
                rows.append(self._pack(photo))
        if rows:
            self._file.write(b"".join(rows))

    def clear(self) -> None:
        """Forget everything: it has been published."""
        self._photos.clear()
        self._file.truncate(0)
        self.path.unlink(missing_ok=True)
        self._of_the_first_reading.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._photos)

    def _pack(self, photo: EmbeddedPhoto) -> bytes:
        row, facts = np.zeros((), self._record), photo.facts
        for name in ("sha256", "pixel_sha256", "phash"):
            row[name] = np.void(bytes.fromhex(getattr(facts, name)))
        row["width"], row["height"] = facts.width, facts.height
        row["category"] = -1 if photo.category is None else self._categories.index(photo.category)
        row["confidence"], row["embedding"] = photo.confidence, photo.embedding
        if self._text is not None:
            row["text_embedding"] = photo.text_embedding
        row["crc"] = _crc(row.tobytes())
        return row.tobytes()

    def _read(self) -> Iterable[EmbeddedPhoto]:
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        seen = set()
        for start in range(0, len(data) - self._record.itemsize + 1, self._record.itemsize):
            raw = data[start : start + self._record.itemsize]
            row = np.frombuffer(raw, self._record)[0]
            if int(row["crc"]) != _crc(raw) or raw[:32] in seen:
                return
            seen.add(raw[:32])
            hexes = (bytes(row[name]).hex() for name in ("sha256", "pixel_sha256", "phash"))
            facts = PhotoFacts(int(row["width"]), int(row["height"]), *hexes)
            category = self._categories[row["category"]] if row["category"] >= 0 else None
            text = None if self._text is None else row["text_embedding"].astype(np.float32)
            yield EmbeddedPhoto(facts, row["embedding"].astype(np.float32), category, float(row["confidence"]), text)


def _crc(raw: bytes) -> int:
    """Checksum of a packed record without its last field, the checksum itself."""
    return zlib.crc32(raw[:-4])
