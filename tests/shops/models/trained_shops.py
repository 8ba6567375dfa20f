"""Two shops with trained models: the sample catalog, and real photos of which the model saw the other half."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from indexer.catalog.reading import read_catalog
from indexer.sample_catalog import write_sample
from indexer.store.embedded.index import EmbeddedIndex
from indexer.sync.run import sync


@dataclass(frozen=True)
class TrainedShop:
    """A catalog, the model and the index of it."""

    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / "catalog"

    @property
    def index(self) -> Path:
        return self.root / "index"

    def truth(self) -> list[dict[str, str]]:
        """The rows of the sample catalog's truth, one a photo."""
        with (self.catalog / "truth.csv").open() as lines:
            return list(csv.DictReader(lines))


def make_sample_shop(root: Path, weights: Path) -> TrainedShop:
    """240 drawn products, and a model trained on them."""
    from trainer.fit.run import fit
    from trainer.settings import FitSettings

    write_sample(root / "catalog", products=240, size=224)
    fit(read_catalog(root / "catalog"), root / "model", FitSettings(weights=str(weights)))
    sync(root / "catalog", root / "model", root / "index")
    return TrainedShop(root)


def make_real_shop(root: Path, data: Path, weights: Path) -> TrainedShop:
    """Half of the real photos, by groups of near-identical ones, indexed with a model trained on the other half."""
    from trainer.fit.run import fit
    from trainer.settings import FitSettings

    with (data / "jewelry" / "catalog.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    groups = sorted({row["near_group"] for row in rows})
    np.random.default_rng(0).shuffle(groups)
    held = set(groups[: len(groups) // 2])
    for name in ("train", "catalog"):
        (root / name).mkdir(parents=True)
        with (root / name / "catalog.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for row in rows:
                if (row["near_group"] in held) == (name == "catalog"):
                    (root / name / row["image"]).parent.mkdir(exist_ok=True)
                    shutil.copy(data / "jewelry" / row["image"], root / name / row["image"])
                    writer.writerow(row)
    fit(read_catalog(root / "train"), root / "model", FitSettings(weights=str(weights)))
    sync(root / "catalog", root / "model", root / "index")
    return TrainedShop(root)


def draw_flips(categories: Mapping[str, str], share: float, seed: int) -> dict[str, str]:
    """A wrong category for that share of the products, drawn evenly."""
    names, products = sorted(set(categories.values())), sorted(categories)
    random = np.random.default_rng(seed)
    drawn = random.choice(len(products), max(1, round(share * len(products))), replace=False)
    return {
        products[number]: str(random.choice([name for name in names if name != categories[products[number]]]))
        for number in drawn
    }


def with_labels(index: Path, folder: Path, categories: Mapping[str, str]) -> EmbeddedIndex:
    """A copy of an index in which some products have other categories."""
    source, copy = EmbeddedIndex(index).read(), EmbeddedIndex(folder)
    with copy.write() as writer:
        draft = writer.draft(replace(source.record), from_published=False)
        points = [
            replace(p, payload=p.payload | {"category": categories.get(p.payload["product_id"], p.payload["category"])})
            for p in source.scroll(vectors=True)
        ]
        draft.upsert(points)
        draft.publish()
    source.close()
    return copy


def categories_of(index: Path) -> dict[str, str]:
    """The category of every product."""
    store = EmbeddedIndex(index).read()
    found = {p.payload["product_id"]: p.payload["category"] for p in store.scroll(fields=["product_id", "category"])}
    store.close()
    return found
