"""A photo that is not in the index, against photos that are: the features that need no close comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import phash
from indexer.store.filters.tree import Filter, Match
from indexer.store.interface import Store
from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.compare.comparison import Comparison
from searcher.insights.duplicates.compare.features import compare_signatures
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.compare.signature import Signatures
from searcher.insights.duplicates.pairs.candidates import FIFTH, NEIGHBOURS, WITHIN_FRAME, known_of
from searcher.insights.duplicates.pairs.hash_neighbours import MOST
from searcher.insights.duplicates.pairs.photo_table import photo_of


@dataclass(frozen=True)
class NewPhoto:
    """A photo with its embedding."""

    name: str
    framed: FramedPicture
    vector: NDArray[np.float32]
    """[dimension], unit length."""
    sha256: str = ""
    """Of its file; empty where it came without one."""
    within: NDArray[np.float32] | None = None
    """The embedding of the photo that it frames, where it does: [dimension], unit length."""

    @cached_property
    def picture(self) -> Picture:
        """The form in which it is compared closely."""
        return Picture(self.framed)

    @cached_property
    def as_photo(self) -> Photo:
        """The form in which pairs name their photos."""
        image = self.framed.picture
        return Photo(f"new:{self.name}", "", self.name, self.sha256, "", phash(image), *image.size, 0, None)


def embed_within(framed: FramedPicture, embedder: Embedder) -> NDArray[np.float32] | None:
    """The embedding of the photo that a picture frames; None where it frames none."""
    return embedder.embed([framed.photo])[0] if framed.is_framed else None


def nearest(
    store: Store, new: NewPhoto, k: int = NEIGHBOURS
) -> tuple[list[Photo], NDArray[np.float64], NDArray[np.intp]]:
    """The k nearest photos of a generation, and those near what the new photo frames or of the same perceptual hash:
    photos, cosines, places.

    As in a report, what was found by frame or hash alone ranks behind all that the whole picture found.
    """
    vectors = new.vector[None] if new.within is None else np.stack([new.vector, new.within])
    fields = ["product_id", "category", "photo"]
    whole, *within = store.search(vectors, limit=k, fields=fields)
    same_hash = Filter(must=(Match("photo.phash", (new.as_photo.phash,)),))
    (alike,) = store.search(new.vector[None], limit=MOST, where=same_hash, fields=fields)
    known = {hit.id for hit in whole}
    framed = [hit for hits in within for hit in hits if hit.id not in known][:WITHIN_FRAME]
    further = list({hit.id: hit for hit in [*framed, *alike] if hit.id not in known}.values())
    cosines = [hit.score for hit in whole]
    if further:
        points = {point.id: point.vector for point in store.retrieve([hit.id for hit in further], vectors="image")}
        cosines += [float(vector @ new.vector) for hit in further if (vector := points[hit.id]) is not None]
    photos = [photo_of(hit.id, hit.payload) for hit in [*whole, *further]]
    return photos, np.array(cosines), np.array([*range(len(whole)), *[NEIGHBOURS] * len(further)], np.intp)


def cheap_features(
    store: Store,
    new: NewPhoto,
    others: Sequence[Photo],
    cosines: NDArray[np.float64],
    ranks: NDArray[np.intp],
    comparison: Comparison,
) -> NDArray[np.float32]:
    """Of the new photo and its nearest photos, [m, len(KNOWN) + len(COMPARED)], as a report over both would have them.

    Args:
        store: the generation in which the others are: it says how crowded their surroundings are.
        new: the photo that asks.
        others: photos of the generation, nearest first.
        cosines: of each of them to the new photo.
        ranks: their places in the list, from 0.
        comparison: loads their pictures.
    """
    points = {point.id: point.vector for point in store.retrieve([photo.id for photo in others], vectors="image")}
    vectors = np.stack([vector for photo in others if (vector := points[photo.id]) is not None])
    # One place further than among photos that are in the index: each of these finds itself first.
    around = store.search(vectors, limit=FIFTH + 2, fields=[])
    fifth = np.array([hits[min(FIFTH + 1, len(hits) - 1)].score for hits in around], np.float32)
    own = np.full(len(others), cosines[min(FIFTH, len(cosines) - 1)], np.float32)
    hashes = (
        np.full(len(others), int(new.as_photo.phash, 16), np.uint64),
        np.array([int(photo.phash or "0", 16) for photo in others], np.uint64),
    )
    known = known_of(cosines.astype(np.float32), (fifth, own), ranks.astype(np.float32), hashes)
    mine = Signatures.blank(1)
    mine.put(0, new.framed)
    theirs, rows = comparison.signatures(others), np.arange(len(others))
    return np.concatenate([known, compare_signatures(mine, np.zeros_like(rows), theirs, rows)], axis=1)
