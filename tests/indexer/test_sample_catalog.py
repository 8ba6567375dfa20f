"""The drawn sample catalog: same arguments, same bytes; every product its own; truth that holds."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.errors import UsageError
from indexer.sample_catalog import Product, SampleSummary, draw_photo, draw_products, photo_views, write_sample, writer
from indexer.sample_catalog.contact_sheet import LABEL_WIDTH, contact_sheet
from indexer.sample_catalog.designs import CATEGORIES, FAMILIES
from indexer.sample_catalog.listing import write_listing
from indexer.sample_catalog.stones import FACETED, SMOOTH


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@cache
def many() -> Sequence[Product]:
    """Enough that every family is among them."""
    return draw_products(800, 1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("sample"), products=24, seed=3, size=32)


def test_the_same_arguments_give_the_same_bytes(sample: SampleSummary, tmp_path: Path) -> None:
    write_sample(tmp_path / "again", products=24, seed=3, size=32)
    assert files(tmp_path / "again") == files(sample.folder)


def test_another_seed_draws_other_pictures(sample: SampleSummary, tmp_path: Path) -> None:
    write_sample(tmp_path / "other", products=24, seed=4, size=32)
    ours, theirs = files(sample.folder), files(tmp_path / "other")
    pictures = {content for name, content in ours.items() if name.endswith(".jpg")}
    assert not pictures & set(theirs.values())
    assert ours["catalog.csv"] != theirs["catalog.csv"]


def test_worker_processes_write_the_same_bytes(
    sample: SampleSummary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "IN_PARALLEL", 1)
    monkeypatch.setattr(writer, "cores", lambda: 2)
    write_sample(tmp_path / "parallel", products=24, seed=3, size=32)
    assert files(tmp_path / "parallel") == files(sample.folder)


def test_the_summary_counts_what_is_there(sample: SampleSummary) -> None:
    photos = list(sample.folder.rglob("*.jpg"))
    assert sample == SampleSummary(products=24, images=len(photos), categories=8, folder=sample.folder)
    assert {path.name for path in sample.folder.iterdir()} == {*CATEGORIES, "catalog.csv", "truth.csv"}


def test_photos_are_plain_rgb_jpegs_that_show_something(sample: SampleSummary) -> None:
    for path in sample.folder.rglob("*.jpg"):
        with Image.open(path) as photo:
            assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (32, 32))
            assert not photo.getexif()
            assert np.asarray(photo.convert("L")).std() > 4


def test_the_manifest_has_one_row_per_product_and_its_images_exist(sample: SampleSummary) -> None:
    manifest = rows(sample.folder / "catalog.csv")
    assert tuple(manifest[0]) == writer.MANIFEST_COLUMNS
    assert len({row["product_id"] for row in manifest}) == len(manifest) == 24
    listed = [image for row in manifest for image in row["image"].split("|")]
    assert sorted(listed) == sorted(p.relative_to(sample.folder).as_posix() for p in sample.folder.rglob("*.jpg"))
    for row in manifest:
        assert all(image.startswith(f"{row['category']}/{row['product_id']}/") for image in row["image"].split("|"))
        assert 2 <= len(row["image"].split("|")) <= 4
        assert float(row["price"]) > 0
        assert row["in_stock"] in ("true", "false")
        assert date(2024, 1, 1) <= date.fromisoformat(row["created"]) <= date(2026, 10, 31)
        assert row["metal"] in row["title"].lower()
        assert row["stone"] == "none" or row["stone"] in row["title"].lower()


def test_the_truth_names_design_variant_and_view_of_every_image(sample: SampleSummary) -> None:
    truth = rows(sample.folder / "truth.csv")
    manifest = {row["product_id"]: row for row in rows(sample.folder / "catalog.csv")}
    assert tuple(truth[0]) == writer.TRUTH_COLUMNS
    assert [row["image"] for row in truth] == [i for row in manifest.values() for i in row["image"].split("|")]
    design_of = {row["product_id"]: row["design_id"] for row in truth}
    for row in truth:
        assert row["view"]
        if first := row["variant_of"]:
            assert design_of[first] == row["design_id"]
            assert manifest[first]["category"] == manifest[row["product_id"]]["category"]


def test_photos_and_size_are_honoured(tmp_path: Path) -> None:
    summary = write_sample(tmp_path / "one", products=9, photos=1, size=48)
    assert summary.images == 9
    with Image.open(next(summary.folder.rglob("*.jpg"))) as photo:
        assert photo.size == (48, 48)
    assert write_sample(tmp_path / "five", products=2, photos=5, size=32).images == 10


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"products": 0}, "products is 0"),
        ({"photos": 0}, "photos is 0"),
        ({"size": 31}, "size is 31"),
        ({"size": 2049}, "size is 2049"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, int], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        write_sample(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not empty"):
        write_sample(tmp_path, products=8)
    with pytest.raises(UsageError, match="is a file"):
        write_sample(tmp_path / "mine.txt", products=8)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@given(products=st.integers(1, 120), seed=st.integers(0, 2**32 - 1))
def test_the_number_of_products_is_exact_and_categories_are_even(products: int, seed: int) -> None:
    drawn = draw_products(products, seed)
    assert len(drawn) == len({product.product_id for product in drawn}) == products
    counts = Counter(product.design.category for product in drawn)
    assert len(counts) == min(products, 8)
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("seed", [0, 1])
def test_no_two_of_two_thousand_products_share_all_parameters(seed: int) -> None:
    drawn = draw_products(2000, seed)
    assert len({parameters(product) for product in drawn}) == 2000
    designs = {product.design.design_id: product.design for product in drawn}
    assert len({astuple(design)[1:] for design in designs.values()}) == len(designs)


def parameters(product: Product) -> tuple[object, ...]:
    return (*astuple(product.design)[1:], product.metal, product.stone, product.size)


def test_variants_keep_the_design_and_differ_in_metal_stone_or_size() -> None:
    drawn = draw_products(800, 5)
    by_id = {product.product_id: product for product in drawn}
    variants = [product for product in drawn if product.variant_of]
    for variant in variants:
        first = by_id[variant.variant_of]
        assert not first.variant_of
        assert variant.design == first.design
        assert (variant.metal, variant.stone, variant.size) != (first.metal, first.stone, first.size)
        assert (variant.stone in FACETED) == (first.stone in FACETED)  # a cabochon would be another shape
    families = {product.design.design_id for product in drawn}
    varied = {product.design.design_id for product in variants}
    assert 0.25 < len(varied) / len(families) < 0.45
    assert set(Counter(product.variant_of for product in variants).values()) == {1, 2, 3}


def test_every_family_metal_and_stone_occurs() -> None:
    drawn = many()
    assert {(p.design.category, p.design.family) for p in drawn} == {
        (category, family.name) for category, families in FAMILIES.items() for family in families
    }
    assert {p.stone for p in drawn} == {*FACETED, *SMOOTH, "none"}
    assert {p.metal for p in drawn} >= {"gold", "silver", "rose gold", "black steel"}
    shares = [write_listing(product).in_stock for product in drawn]
    assert 0.80 < sum(shares) / len(shares) < 0.90


def test_backgrounds_do_not_give_the_category_away() -> None:
    seen: dict[str, set[str]] = {}
    for product in draw_products(640, 2):
        for view in photo_views(product, None):
            seen.setdefault(product.design.category, set()).add(view.backdrop)
    assert len({frozenset(kinds) for kinds in seen.values()}) == 1


@pytest.mark.parametrize("category", CATEGORIES)
def test_metal_stone_and_view_change_the_picture(category: str) -> None:
    product = next(p for p in draw_products(400, 0) if p.design.category == category and p.stone in FACETED)
    first, second = photo_views(product, 2)
    shown = draw_photo(product, first, 64)
    assert shown == draw_photo(product, first, 64)
    others = [
        draw_photo(product, second, 64),
        draw_photo(replace(product, metal="silver" if product.metal != "silver" else "gold"), first, 64),
        draw_photo(replace(product, stone="ruby" if product.stone != "ruby" else "sapphire"), first, 64),
    ]
    for other in others:
        assert np.abs(np.asarray(shown, dtype=float) - np.asarray(other, dtype=float)).max() > 20


@pytest.mark.parametrize(("category", "family"), [(c, f.name) for c, fs in FAMILIES.items() for f in fs])
def test_every_family_fills_a_fair_part_of_its_picture(category: str, family: str) -> None:
    product = next(p for p in many() if (p.design.category, p.design.family) == (category, family))
    view = replace(photo_views(product, 1)[0], backdrop="white", vignette=0.0, noise=0.0, softness=0.0)
    picture = np.asarray(draw_photo(product, view, 64).convert("L"), dtype=float)
    marked = np.abs(picture - np.median(picture[0])) > 25
    assert marked.mean() > 0.02
    assert max(np.ptp(np.flatnonzero(marked.any(axis=k))) for k in (0, 1)) > 0.55 * 64


def test_the_contact_sheet_has_a_row_per_category(sample: SampleSummary, tmp_path: Path) -> None:
    contact_sheet(sample.folder, tmp_path / "new" / "sheet.png", columns=2, cell=40)
    with Image.open(tmp_path / "new" / "sheet.png") as sheet:
        assert sheet.height == 8 * 44 + 4
        assert sheet.width == LABEL_WIDTH + 2 * 44
        first = np.asarray(sheet)[4:44, LABEL_WIDTH : LABEL_WIDTH + 40]
    with Image.open(sample.folder / rows(sample.folder / "catalog.csv")[0]["image"].split("|")[0]) as photo:
        assert np.array_equal(first, np.asarray(photo.resize((40, 40), Image.Resampling.LANCZOS)))


def test_a_worker_that_cannot_start_costs_no_picture(
    sample: SampleSummary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenProcessPool("a worker was killed")

    monkeypatch.setattr(writer, "IN_PARALLEL", 1)
    monkeypatch.setattr(writer, "cores", lambda: 2)
    monkeypatch.setattr(ProcessPoolExecutor, "map", broken)
    write_sample(tmp_path / "alone", products=24, seed=3, size=32)
    assert files(tmp_path / "alone") == files(sample.folder)
