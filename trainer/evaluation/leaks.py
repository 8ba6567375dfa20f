"""Which of the evaluated photos a model has learnt from, or from a near-duplicate: figures on them flatter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import ModelError, UsageError
from indexer.models.directory import ModelFile
from indexer.photos.components import components
from trainer.data.near_duplicates import near_pairs
from trainer.evaluation.photos import Photos

SEEN_NAME = "seen.txt"
"""In a model directory: a line for each photo that trained or tuned it: the sha256 of its pixels, a tab, its key, and,
where it is known, a tab and its perceptual hash."""

DUPLICATE_TIERS = ("identical_file", "identical_pixels", "edited", "other_photo")
"""Of a report on duplicates: a variant is another thing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The photos that a model has learnt from."""

    pixels: frozenset[str]
    keys: frozenset[str]
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True)
class Leaks:
    """What of n evaluated photos a model knows from its training, each bool [n]; no photo is in two of them."""

    photos: NDArray[np.bool_]
    """The photo itself, by its pixels."""
    near_duplicates: NDArray[np.bool_]
    """A near-duplicate of it."""
    products: NDArray[np.bool_]
    """Something else of its product, or a variant of it."""

    @property
    def any(self) -> NDArray[np.bool_]:
        """What figures on unseen photos leave out."""
        return np.asarray(self.photos | self.near_duplicates | self.products)

    def record(self) -> dict[str, int]:
        """The counts, for JSON."""
        counts = {name: int(getattr(self, name).sum()) for name in ("photos", "near_duplicates", "products")}
        return {**counts, "unseen": int((~self.any).sum())}


def read_seen(model: ModelFile) -> Seen | None:
    """What a model directory says of the photos that made it; None where it says nothing, as older ones do.

    Raises:
        ModelError: the file cannot be read, or is another.
    """
    path = model.path / SEEN_NAME
    if not path.is_file():
        return None
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); restore it or train anew") from error
    pixels, keys, hashes = set(), set(), []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        digest, *names = line.split("\t")
        if not names or len(digest) != 64 or not _is_hex(digest):
            raise ModelError(f"{path}:{number}: is no photo's digest and name; restore the file or train anew")
        pixels.add(digest)
        keys.add(names[0])
        if len(names) > 1 and len(names[1]) == 16 and _is_hex(names[1]):
            hashes.append(int(names[1], 16))
    return Seen(frozenset(pixels), frozenset(keys), np.array(hashes, dtype=np.uint64))


def find_leaks(photos: Photos, seen: Seen, duplicates: Sequence[frozenset[str]] = ()) -> Leaks:
    """Which photos the model has learnt from, and which it knows by what shows the same.

    Near-duplicates are the trainer's own, those of photos of the same catalog and, where ``seen`` has perceptual
    hashes, of any; and those of ``duplicates``.

    Args:
        photos: the evaluated ones.
        seen: what the model has learnt from.
        duplicates: sets of keys and of sha256 of files that are near-duplicates: see `read_duplicates`.
    """
    itself = np.array([photo.pixels in seen.pixels for photo in photos.items], dtype=np.bool_)
    near = _shares_with(photos.copies, itself)
    near |= near_any(np.array([photo.hash for photo in photos.items], dtype=np.uint64), seen.hashes)
    trained = seen.keys | {photo.content for photo, known in zip(photos.items, itself, strict=True) if known}
    told = frozenset().union(*(names for names in duplicates if names & trained))
    near |= np.array([photo.key in told or photo.content in told for photo in photos.items], dtype=np.bool_)
    products = _shares_with(photos.groups, itself)
    return Leaks(itself, near & ~itself, products & ~near & ~itself)


def near_any(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each perceptual hash [n] is near to one of others [m]: see `trainer.data.near_duplicates`."""
    if not len(hashes) or not len(others):
        return np.zeros(len(hashes), np.bool_)
    values, places = np.unique(np.concatenate([hashes, others]), return_inverse=True)
    trained = np.zeros(len(values), np.bool_)
    trained[places[len(hashes) :]] = True
    near = trained.copy()
    for first, second in near_pairs(values):
        near[first] |= trained[second]
        near[second] |= trained[first]
    return np.asarray(near[places[: len(hashes)]])


def read_duplicates(path: Path) -> list[frozenset[str]]:
    """The near-duplicates that ``searcher duplicates --json`` found, each as the keys and file digests of its photos.

    Raises:
        UsageError: the file cannot be read, or is no such report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no JSON; write it with: searcher duplicates --json > {path}") from error
    try:
        if report["kind"] != "duplicates":
            raise KeyError("kind")
        together = [frozenset(names) for names in _together(report)]
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: is no report on duplicates; write it with: searcher duplicates --json > {path}"
        ) from error
    return _joined(together)


def _together(report: dict[str, Any]) -> Iterator[list[str]]:
    for group in report["groups"]:
        middle, *others = group["members"]
        yield from (_names(middle, one) for one in others if one["tier"] in DUPLICATE_TIERS)
    for pair in report["loose_pairs"]:
        if pair["tier"] in DUPLICATE_TIERS:
            yield _names(pair["first"], pair["second"])


def _names(*photos: dict[str, Any]) -> list[str]:
    return [str(photo[name]) for photo in photos for name in ("photo", "sha256")]


def _joined(sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Sets that share a name become one."""
    places: dict[str, int] = {}
    edges = [(places.setdefault(name, number), number) for number, names in enumerate(sets) for name in names]
    joined: dict[int, set[str]] = {}
    for number, root in enumerate(components(len(sets), edges)):
        joined.setdefault(root, set()).update(sets[number])
    return [frozenset(names) for names in joined.values()]


def _shares_with(codes: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.isin(codes, codes[chosen]))


def _is_hex(text: Iterable[str]) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)
