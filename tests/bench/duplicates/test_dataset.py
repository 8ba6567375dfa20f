"""The benchmark's labelled photos: repeatable, splits that share no design, and labels that say what is true."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from indexer.catalog.reading import read_catalog
from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.edits.edits import EDITS, STRENGTHS
from tests.bench.duplicates.dataset import HELD_OUT, SPLITS, Labelled, cell, read_dataset, truth, write_dataset
from tests.bench.duplicates.hard_negatives import KINDS, hard_negatives, is_chiral, shoot

PRODUCTS, DRAWN, SIZE = 4, 3, 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(folder / "made", products=PRODUCTS, edits=(2, 2), drawn=DRAWN, size=SIZE)
    return folder / "made"


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Labelled]:
    return [row for split in SPLITS for row in read_dataset(folder, split)]


def test_every_base_has_its_copies_and_hard_negatives(rows: list[Labelled]) -> None:
    roles = Counter(row.role for row in rows)
    assert roles["base"] == PRODUCTS
    assert roles["edit"] == 2 * PRODUCTS
    assert roles["drawn"] == DRAWN
    assert roles["mirrored"] == roles["other_photo"] == PRODUCTS
    assert set(roles) <= {"base", "edit", "drawn", *KINDS}
    assert roles["metal"] >= PRODUCTS // 2


def test_the_splits_share_no_design_and_calibration_lacks_one_family(rows: list[Labelled]) -> None:
    designs = [{row.design for row in rows if row.split == split} for split in SPLITS]
    assert not designs[0] & designs[1]
    assert HELD_OUT not in {row.edit for row in rows if row.split == "calibration"}
    assert len({row.key for row in rows}) == len(rows)


def test_edits_come_in_turn() -> None:
    cells = Counter(cell("test", turn) for turn in range(2 * len(EDITS) * len(STRENGTHS)))
    assert set(cells.values()) == {2}
    assert len(cells) == len(EDITS) * len(STRENGTHS)
    assert HELD_OUT not in {cell("calibration", turn)[0] for turn in range(100)}


def test_both_catalogs_can_be_read(folder: Path, rows: list[Labelled]) -> None:
    for split in SPLITS:
        catalog = read_catalog(folder / split)
        keys = {row.key for row in rows if row.split == split}
        assert {product.id for product in catalog.products} == keys
    for row in rows:
        with Image.open(folder / row.split / row.path) as photo:
            assert photo.format == {"webp": "WEBP", "png": "PNG", "jpg": "JPEG"}[row.path.rsplit(".", 1)[1]]


def test_the_same_arguments_write_the_same_files(folder: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "again", products=PRODUCTS, edits=(2, 2), drawn=DRAWN, size=SIZE)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert files == sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.*"))
    for file in files:
        assert (folder / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_what_two_photos_are_to_each_other(rows: list[Labelled]) -> None:
    family = [row for row in rows if row.base == rows[0].base]
    by_role = {row.role: row for row in family}
    base, copies = by_role["base"], [row for row in family if row.role == "edit"]
    assert truth(base, copies[0]) == truth(copies[1], copies[0]) == "copy"
    assert truth(base, by_role["other_photo"]) == truth(copies[0], by_role["other_photo"]) == "other_photo"
    for kind in {"metal", "stone", "size", "engraving", "sibling"} & set(by_role):
        assert truth(base, by_role[kind]) == truth(by_role[kind], copies[1]) == "variant"
    assert truth(base, by_role["mirrored"]) in ("variant", "other_photo")
    assert {truth(base, row) for row in rows if row.base != base.base} == {"different"}


def test_near_copies_among_real_photos_are_left_out() -> None:
    def real(key: str, group: str) -> Labelled:
        return Labelled(key, "test", f"{key}.jpg", "rings", "real", "", -1, key, key, key, group)

    assert truth(real("a", "real-1"), real("b", "real-1")) == "ignore"
    assert truth(real("a", "real-1"), real("b", "real-2")) == "different"


def test_shooting_again_with_nothing_changed_is_the_first_photo() -> None:
    """Else a hard negative could be told from its base by how it was drawn."""
    product = draw_products(8, 0)[0]
    view = photo_views(product, 1)[0]
    again = shoot(product, view, view.seed, 96, np.random.default_rng(0))
    difference = np.asarray(draw_photo(product, view, 96), dtype=int) - np.asarray(again, dtype=int)
    assert np.abs(difference).mean() < 2 * view.noise  # of two grains


def test_hard_negatives_are_drawn_anew() -> None:
    product = draw_products(8, 0)[0]
    photo = np.asarray(draw_photo(product, photo_views(product, 1)[0], 96), dtype=int)
    found = hard_negatives(product, 96, np.random.default_rng(0))
    assert [negative.kind for negative in found] == [kind for kind in KINDS if kind in {n.kind for n in found}]
    for negative in found:
        assert np.abs(np.asarray(negative.image, dtype=int) - photo).mean() > 0.5
        flipped = np.asarray(ImageOps.mirror(negative.image), dtype=int)
        assert np.abs(flipped - photo).mean() > 0.5


def test_a_watch_has_a_left_and_a_right_and_a_pair_of_studs_has_not() -> None:
    products = draw_products(64, 0)
    assert not is_chiral(next(p for p in products if p.design.family == "strand"))
    assert not is_chiral(next(p for p in products if p.design.family == "stud"))
    assert is_chiral(next(p for p in products if p.design.category == "watches"))
