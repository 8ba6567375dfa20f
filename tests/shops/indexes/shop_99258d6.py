"""A shop as commit 99258d6 left it: catalog, model, an index of two generations with thumbnails, and its answers.

In a test: ``from tests.shops.indexes.shop_99258d6 import unpack_shop``. What lies in shop_99258d6.tar.xz beside it was
made by the code and the test builders of that commit, in /shop, and never changes:

    git worktree add --detach BASE 99258d6; cd BASE; PYTHONPATH=. python - <<'END'
    import json, os
    from pathlib import Path
    import numpy as np
    from indexer.co_view_update import update_co_views
    from indexer.generations import open_index
    from indexer.sync import sync
    from searcher.service import SearchService
    from tests import small_catalog, tiny_model

    shop, drawn = Path("/shop"), tiny_model._weights
    catalog, model, index = shop / "catalog", shop / "model", shop / "index"
    tiny_model._weights = lambda n, seed: {name: np.sign(w) for name, w in drawn(n, seed).items()}  # packs well
    tiny_model.write_tiny_model(model)
    small_catalog.write_small_catalog(catalog, products=12, photos=1)
    for second, path in enumerate(sorted(catalog.rglob("*.jpg"))):
        os.utime(path, (1_764_000_000 + second,) * 2)
    small_catalog.write_manifest(catalog, small_catalog.read_manifest(catalog)[:-1])
    sync(catalog, model, index)
    small_catalog.write_small_catalog(shop / "all", products=12, photos=1)
    (shop / "all" / "catalog.csv").replace(catalog / "catalog.csv")
    sync(catalog, model, index)
    views = [("a", "P001"), ("a", "P002"), ("b", "P001"), ("b", "P002"), ("b", "P007")]
    lines = [json.dumps({"session": s, "product": p, "time": 1_764_000_000 + n}) for n, (s, p) in enumerate(views)]
    (shop / "events.jsonl").write_text("\\n".join(lines) + "\\n")
    update_co_views(shop / "events.jsonl", open_index(index))
    service = SearchService(index)
    asked = [
        ["similar", {"product_id": "P003", "k": 12}],
        ["similar", {"product_id": "P003", "k": 12, "where": ["price<=400", "in_stock=true"]}],
        ["similar", {"image": "earrings/P006/0.jpg", "k": 12}],
        ["text", {"text": "gold ring", "k": 12}],
        ["also_viewed", {"product_ids": ["P001"], "k": 12}],
    ]
    answers = []
    for kind, options in asked:
        given = {**options, "image": catalog / options["image"]} if "image" in options else options
        found = getattr(service, kind)(**given)
        answers.append([kind, options, [[m.product_id, m.score, m.payload] for m in found.matches]])
    [facet] = service.facets(["category"])
    kinds = dict(service.classify(catalog / "earrings/P006/0.jpg").categories)
    document = {"answers": answers, "categories": {v.value: v.count for v in facet.values}, "P006": kinds}
    (shop / "answers.json").write_text(json.dumps(document))
    END
    cd /shop; tar --sparse --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - \\
        answers.json catalog model index | xz -9e > shop_99258d6.tar.xz
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARCHIVE = Path(__file__).with_name("shop_99258d6.tar.xz")


@dataclass(frozen=True)
class OldShop:
    """Where it was unpacked, and what that commit answered."""

    catalog: Path
    model: Path
    index: Path
    answers: list[tuple[str, dict[str, Any], list[tuple[str, float, dict[str, Any]]]]]
    """Kind of question, its arguments, and product id, score and payload of each match."""
    categories: dict[str, int]
    """Products of each category."""
    photo_is: dict[str, float]
    """Categories and probabilities of earrings/P006/0.jpg."""


def unpack_shop(folder: Path) -> OldShop:
    """Unpack it; photos have the times that the index knows, and files with holes stay files with holes."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    document = json.loads((folder / "answers.json").read_text())
    answers = [(kind, options, [tuple(match) for match in found]) for kind, options, found in document["answers"]]
    return OldShop(
        folder / "catalog", folder / "model", folder / "index", answers, document["categories"], document["P006"]
    )
