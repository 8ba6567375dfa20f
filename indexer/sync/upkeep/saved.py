"""Photos of a damaged generation, as the journal keeps them: what is whole of it is not embedded again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.photos.places import FilePlace
from indexer.photos.reading import read_otherwise
from indexer.store.records import GenerationRecord, Repair
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts


def saved_photos(repair: Repair, record: GenerationRecord) -> Iterator[EmbeddedPhoto]:
    """Those whose vectors are good, by the models of the generation to come and of the pixels that are made now."""
    if repair.record is None or not repair.record.is_comparable(record):
        return
    points = list(repair.points)
    places = [FilePlace(Path(record.catalog_root, point.payload["photo"]["path"])) for point in points]
    for point, otherwise in zip(points, read_otherwise(places, repair.record.reading), strict=True):
        photo = point.payload["photo"]
        if not otherwise and point.vector is not None and "pixel_sha256" in photo:
            facts = PhotoFacts(
                int(photo["width"]), int(photo["height"]), photo["sha256"], photo["pixel_sha256"], photo["phash"]
            )
            category, confidence = point.payload.get("predicted_category"), point.payload.get("predicted_confidence")
            vectors = point.vector, category, float(confidence or 0.0), point.text_vector, point.colour_vector
            yield EmbeddedPhoto(facts, *vectors)
