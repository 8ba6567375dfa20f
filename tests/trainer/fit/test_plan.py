"""Which way a fit goes is found out from the photos, and said with the figures that can be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.errors import CatalogError
from indexer.photos.places import FilePlace
from trainer.data.dataset import Dataset, Sample
from trainer.data.parts.earlier import Earlier
from trainer.fit.plan import FEW, LEAST_PHOTOS, Plan, plan_fit
from trainer.settings import FitSettings


def catalog(products: dict[str, int], photos: int = 1, **more: Any) -> Dataset:
    """So many products of each category, each with so many different photos."""
    samples = []
    for category, count in products.items():
        for number in range(count):
            group = len(samples)
            for photo in range(photos):
                name = f"{category}/{number}/{photo}.jpg"
                samples.append(
                    Sample(name, FilePlace(Path(name)), category, f"{category}{number}", group, group + photo)
                )
    return Dataset(tuple(samples), (), products.get("", 0) * photos, where="the shop", **more)


def plan(products: dict[str, int], photos: int = 1, settings: FitSettings | None = None, **more: Any) -> Plan:
    return plan_fit(catalog(products, photos), settings or FitSettings(), **more)


def test_several_categories() -> None:
    found = plan({"rings": 60, "watches": 60, "pins": 3, "": 7})
    assert found.ways == "category"
    assert found.measured == ("category", "edited_copy")
    assert found.sentences == (
        "Learns category and detail: 3 categories, 130 different products.",
        "Figures on photos held out: by category, edited copies.",
        "Fewer than 6 different products: pins; too few for a figure of their own.",
        "7 photos have no category: they take part in the detail alone.",
    )
    dataset = catalog({"rings": 60, "watches": 60, "": 7})
    parts = found.split(dataset.samples, FitSettings())
    assert len(parts.held_out) == 26
    assert len(parts.train) + len(parts.validation) + len(parts.held_out) == 127


def test_what_learns_no_detail_says_so() -> None:
    products = {"rings": 60, "watches": 60, "": 7}
    found = plan(products, settings=FitSettings(task="classify"))
    assert found.sentences[0] == "Learns what tells the categories apart: 2 categories, 127 different products."
    assert found.sentences[-1] == "7 photos have no category: they show what is none of these."
    both = plan(products, settings=FitSettings(task="classify", detail=0.3))
    assert both.sentences[0] == "Learns category and detail: 2 categories, 127 different products."
    classic = plan(products, settings=FitSettings.for_run("classic"))
    assert classic.sentences[0] == found.sentences[0]


@pytest.mark.parametrize(
    ("products", "why"),
    [
        ({"rings": 120}, "all photos are of one category (rings)"),
        ({"": 120}, "no photo has a category"),
        ({"rings": 120, "": 30}, "all photos are of one category (rings)"),
        ({"rings": 120, "watches": 5}, "only rings of 2 categories has 6 different products"),
        ({f"kind {n}": 4 for n in range(30)}, "none of 30 categories has 6 different products"),
    ],
)
def test_one_category_or_none(products: dict[str, int], why: str) -> None:
    found = plan(products, photos=2)
    assert found.ways == "detail"
    assert found.measured == ("product", "edited_copy")
    assert found.sentences[0].startswith(f"Learns detail alone: {why}")
    assert found.sentences[1] == "Figures on photos held out: by product, edited copies; none by category."
    parts = found.split(catalog(products, photos=2).samples, FitSettings())
    assert parts.train
    assert parts.validation
    assert len(parts.held_out) == 2 * round(0.2 * sum(products.values()))


@pytest.mark.parametrize("products", [{"rings": 40}, {"": 40}, {"rings": 20, "watches": 20}])
def test_few_products_are_not_trained_on(products: dict[str, int]) -> None:
    found = plan(products)
    assert found.ways == "few"
    assert found.sentences[0].startswith("40 different products are too few to train on")
    assert "Nothing is held out" in found.sentences[1]
    assert found.measured == (("category", "edited_copy") if len(products) > 1 else ("edited_copy",))
    parts = found.split(catalog(products).samples, FitSettings())
    assert (len(parts.train), parts.validation, parts.held_out) == (40, (), ())
    assert len(parts.without({parts.train[0].key}).train) == 39
    with pytest.raises(CatalogError, match="cannot be read any more: 39"):
        parts.without({sample.key for sample in parts.train[1:]})


def test_few_products_with_many_photos_each_are_few() -> None:
    assert plan({"pack": 16}, photos=50).ways == "few"
    assert plan({"pack": 16}, photos=50).measured == ("product", "edited_copy")
    assert plan({"rings": FEW}).ways == "detail"


def test_few_products_are_trained_on_where_nothing_is_pretrained_or_a_model_is_gone_on_from() -> None:
    scratch = FitSettings.for_run("two-level", "none")
    assert plan({"rings": 20, "watches": 20}, settings=scratch).ways == "category"
    assert plan({"rings": 40}, settings=scratch).ways == "detail"
    assert plan({"rings": 20, "watches": 20}, earlier=Earlier(("models/a",))).ways == "category"


def test_what_was_asked_for_is_done_where_it_can_be() -> None:
    assert plan({"rings": 60, "watches": 60}, asked="detail").ways == "detail"
    assert plan({"rings": 60, "watches": 60}, asked="detail").sentences[0] == "Learns detail alone."
    with pytest.raises(CatalogError, match="all photos are of one category"):
        plan({"rings": 60}, asked="category")
    with pytest.raises(CatalogError, match="the shop: the classic recipe learns from the difference"):
        plan({"rings": 160}, settings=FitSettings.for_run("classic"))


@pytest.mark.parametrize("products", [{"rings": LEAST_PHOTOS - 1}, {"rings": 1}, {"": 3}])
def test_too_few_photos_is_one_line(products: dict[str, int]) -> None:
    with pytest.raises(CatalogError, match=r"^the shop: \d different photos are too few .*; it takes 10: add photos"):
        plan(products)


def test_all_photos_the_same_is_one_line() -> None:
    samples = tuple(Sample(f"{n}.jpg", FilePlace(Path("x")), "rings", f"p{n}", 0, 0) for n in range(40))
    with pytest.raises(CatalogError, match=r"all 40 photos show the same picture \(0\.jpg\)"):
        plan_fit(Dataset(samples, (), 0, where="the shop"), FitSettings())
