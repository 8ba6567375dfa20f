"""A shop that has everything a route can be asked for: every kind of field, co-views, pictures, reports, a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from indexer.fields.co_views import CoViewed, to_payload
from indexer.fields.roles import CO_VIEWED
from indexer.models.embedder import Embedder
from indexer.photos.colour.palette import COLOURS, colours_of
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from searcher.pages.writing import write_report
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.built_index import Photographed, draw_payloads, points, publish, record
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.reports.audit_reports import clusters, mislabels, outliers
from tests.shops.reports.duplicate_reports import small_report

PRODUCTS = 30


@dataclass(frozen=True)
class Shop:
    """A published index, a photo of none of its products, and one of its vectors and pictures."""

    index: EmbeddedIndex
    photo: Path
    vector: list[float]
    picture: str


def build_shop(folder: Path) -> Shop:
    """Products with one to five photos each, embedded by a real (small) network."""
    model = write_tiny_model(folder / "model")
    (model / "report").mkdir()
    (model / "report" / "report.html").write_text("<!doctype html><title>Report</title>")
    embedder, index = Embedder(model), EmbeddedIndex(folder / "index")
    payloads: list[dict[str, Any]] = []
    rows, seen = [], []
    for number, payload in enumerate(draw_payloads(PRODUCTS, seed=2)):
        path = write_photo(folder / "catalog" / payload["photo"]["path"].replace(".jpg", ".png"), seed=number)
        own = int(payload["product_id"][1:])
        together = [CoViewed(f"P{(own + step) % PRODUCTS:03d}", 9 - step, 0.5 / step) for step in (3, 7)]
        key = path.relative_to(folder / "catalog").as_posix()
        photo = {**payload["photo"], "path": key, "sha256": sha256(path.read_bytes())}
        payloads.append({**payload, "photo": photo, CO_VIEWED: to_payload(together)})
        rows.append(embedder.embed([path])[0])
        seen.append(colours_of(embedder.prepare(path)))
        ThumbnailStore(index.root).write(photo["sha256"], open_image(path))
    of = replace(record(embedder.model.fingerprint, str(model), str(folder / "catalog")), colours=COLOURS)
    vectors, colours = np.stack(rows), np.stack(seen)
    made = points(payloads, vectors)
    publish(index, [replace(p, colour_vector=row) for p, row in zip(made, colours, strict=True)], of)
    shop = Photographed(index, index.read(), payloads, vectors, folder / "catalog", model, colours)
    for report in (small_report(shop), mislabels(shop), outliers(shop), clusters(shop)):
        write_report(index, report)
    asked = write_photo(folder / "asked.png", seed=999)
    return Shop(index, asked, [float(x) for x in rows[3]], payloads[0]["photo"]["sha256"])
