"""Photos that show the same thing are one group, and every unusable photo is a reject."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from tests.shops.catalogs.drawn_catalog import draw
from trainer.data.dataset import read_dataset


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return draw(tmp_path / "shop")


def groups_by_key(folder: Path) -> dict[str, int]:
    return {sample.key: sample.group for sample in read_dataset(read_catalog(folder)).samples}


def test_photos_of_a_product_are_one_group(catalog: Path) -> None:
    groups = groups_by_key(catalog)
    assert groups["discs/discs-0/0.png"] == groups["discs/discs-0/1.png"]
    assert len(set(groups.values())) > 3


def test_a_copied_photo_joins_two_products(catalog: Path) -> None:
    shutil.copy(catalog / "rings/rings-0/0.png", catalog / "discs/discs-1/copy.png")
    groups = groups_by_key(catalog)
    assert groups["rings/rings-0/1.png"] == groups["discs/discs-1/0.png"]


def test_near_group_wins_over_the_hash(catalog: Path) -> None:
    shutil.copy(catalog / "rings/rings-0/0.png", catalog / "rings/rings-1/copy.png")
    rows = ["product_id,image,category,near_group"]
    names = ["rings/rings-0/0.png", "rings/rings-1/copy.png", "discs/discs-0/0.png", "discs/discs-1/0.png"]
    for number, (name, mark) in enumerate(zip(names, ["1", "2", "3", "3"], strict=True)):
        rows.append(f"p{number},{name},{name.split('/')[0]},{mark}")
    (catalog / "catalog.csv").write_text("\n".join(rows))
    groups = groups_by_key(catalog)
    assert groups[names[0]] != groups[names[1]]
    assert groups[names[2]] == groups[names[3]]


def test_variants_of_one_design_are_not_told_apart_by_a_split(catalog: Path) -> None:
    names = [f"rings/rings-{number}/0.png" for number in range(4)]
    rows = [f"p{number},{name},rings,{group}" for number, (name, group) in enumerate(zip(names, "AAB ", strict=True))]
    rows.append("p9,discs/discs-0/0.png,discs,")
    (catalog / "catalog.csv").write_text("\n".join(["product_id,image,category,group_id", *rows]) + "\n")
    groups = groups_by_key(catalog)
    assert groups[names[0]] == groups[names[1]]
    assert len({groups[name] for name in names}) == 3


def test_a_bad_photo_is_a_reject(catalog: Path) -> None:
    (catalog / "rings" / "broken.jpg").write_text("not a photo")
    whole = (catalog / "discs/discs-0/0.png").read_bytes()
    (catalog / "discs" / "cut.png").write_bytes(whole[: len(whole) // 2])
    dataset = read_dataset(read_catalog(catalog))
    assert sorted(reject.where for reject in dataset.rejects) == ["discs/cut.png", "rings/broken.jpg"]
    assert all(reject.reason and reject.product_id for reject in dataset.rejects)
    assert len(dataset.samples) == 48


def test_photos_without_category_are_counted_and_kept_as_such(catalog: Path) -> None:
    names = [f"{shape}/{shape}-{n}/0.png" for shape in ("rings", "discs") for n in range(3)]
    rows = [f"p{n},{name},{name.split('/')[0] if n else ''}" for n, name in enumerate(names)]
    (catalog / "catalog.csv").write_text("\n".join(["product_id,image,category", *rows]))
    dataset = read_dataset(read_catalog(catalog))
    assert (len(dataset.samples), dataset.without_category) == (6, 1)
    assert [sample.key for sample in dataset.samples if not sample.category] == [names[0]]
    assert dataset.categories == ("discs", "rings")


def test_only_bad_photos_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "rings").mkdir()
    (tmp_path / "rings" / "a.jpg").write_text("not a photo")
    with pytest.raises(CatalogError, match=r"no photo could be used; the first: rings/a\.jpg"):
        read_dataset(read_catalog(tmp_path))
