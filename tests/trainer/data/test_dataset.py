"""Photos that show the same thing are one group, and every unusable photo is a reject."""

from __future__ import annotations

import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.photos.fingerprints import pixel_sha256
from indexer.photos.opening import open_image
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


def with_charts(folder: Path, *, anew: bool) -> list[str]:
    """A size chart in every product's folder: the same file, or saved anew each time, larger and smaller."""
    chart = Image.new("RGB", (90, 120), "white")
    pen = ImageDraw.Draw(chart)
    for line in range(6):
        pen.text((8, 8 + 18 * line), f"{44 + 2 * line} mm   {14 + line} US", fill="black")
    pen.rectangle((2, 2, 87, 117), outline=(30, 60, 160), width=2)
    names = []
    for number, product in enumerate(sorted(folder.glob("*/*"))):
        path = product / ("size-chart.jpg" if anew else "size-chart.png")
        if anew:
            side = 90 + 5 * (number % 7)
            chart.resize((side, side * 4 // 3)).save(path, quality=60 + 4 * (number % 9))
        else:
            chart.save(path)
        names.append(path.relative_to(folder).as_posix())
    return names


@pytest.mark.parametrize("anew", [False, True], ids=["the same file", "saved anew"])
@pytest.mark.parametrize("photos", [1, 2])
def test_a_size_chart_in_every_folder_is_no_bond_and_no_lesson(tmp_path: Path, photos: int, anew: bool) -> None:
    folder = draw(tmp_path, photos=photos)
    groups = len(set(groups_by_key(folder).values()))
    charts = with_charts(folder, anew=anew)
    dataset = read_dataset(read_catalog(folder))
    assert len({sample.group for sample in dataset.samples}) == groups
    assert len(dataset.samples) == 24 * photos
    assert [hub.record() for hub in dataset.hubs] == [{"photo": charts[0], "photos": 24, "products": 24}]
    (note,) = dataset.notes
    assert note.startswith(f"{charts[0]} is one picture in 24 products (24 photos)")


def test_many_such_pictures_are_counted(tmp_path: Path) -> None:
    folder = draw(tmp_path, photos=1, size=16)
    for number in range(5):
        noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        for product in folder.glob("*/*"):
            Image.fromarray(noise).save(product / f"card-{number}.png")
    dataset = read_dataset(read_catalog(folder))
    assert len(dataset.hubs) == 5
    assert dataset.notes[3] == "2 more pictures of many products are left out; model.json lists them"


def test_the_same_photo_everywhere_is_an_error(tmp_path: Path) -> None:
    for category in ("rings", "watches"):
        (tmp_path / category).mkdir()
        for number in range(8):
            Image.new("RGB", (16, 16), "navy").save(tmp_path / category / f"{category}-{number}.png")
    with pytest.raises(CatalogError, match=r"the photos are one picture, rings/rings-0\.png, in 16 products"):
        read_dataset(read_catalog(tmp_path))


def test_a_category_in_two_normal_forms_is_one_and_names_in_two_cases_are_said(tmp_path: Path) -> None:
    read = read_catalog(draw(tmp_path, per_category=3, size=16))
    names = [unicodedata.normalize(form, "Ohrstücke") for form in ("NFC", "NFD")]
    names += ["Rings", "rings "]
    products = [replace(product, category=names[n % 4]) for n, product in enumerate(read.products)]
    dataset = read_dataset(replace(read, products=tuple(products)))
    assert dataset.categories == ("Ohrstücke", "Rings", "rings")
    assert dataset.notes == ("Rings and rings are two categories; if they are one, write them alike in the catalog",)


def test_photos_are_told_by_content(catalog: Path) -> None:
    shutil.copy(catalog / "rings/rings-0/0.png", catalog / "rings/rings-1/copy.png")
    Image.open(catalog / "rings/rings-0/0.png").save(catalog / "rings/rings-2/anew.png", compress_level=0)
    samples = {sample.key: sample for sample in read_dataset(read_catalog(catalog)).samples}
    first, copy, anew = (samples[f"rings/rings-{n}.png"] for n in ("0/0", "1/copy", "2/anew"))
    assert first.content == copy.content != anew.content
    assert first.pixels == copy.pixels == anew.pixels == pixel_sha256(open_image(catalog / first.key))
    assert first.near == copy.near == anew.near != samples["rings/rings-0/1.png"].near
    assert first.group == samples["rings/rings-0/1.png"].group
