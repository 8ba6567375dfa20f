"""Photos that a model has learnt from are told, by themselves and by what shows the same; labels drawn stay honest."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import ModelError, UsageError
from indexer.models.directory import load_model
from tests.shops.models.tiny_model import write_tiny_model
from trainer.cli.main import main
from trainer.data.groups.pictures import look_at
from trainer.data.parts.lists import SEEN_NAME, Listed, write_list
from trainer.evaluation.evaluate import evaluate_model
from trainer.evaluation.leaks import near_any, read_duplicates


def write_photo(path: Path, seed: int, *, darker: int = 0) -> None:
    """A patchwork of its own; a darker one is a near-duplicate of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.random.default_rng(seed).integers(60, 255, (6, 6, 3))
    Image.fromarray((cells - darker).astype(np.uint8)).resize((96, 96), Image.Resampling.BICUBIC).save(path)


def shop(folder: Path, *, products: int = 30, photos: int = 2, first: int = 0) -> Catalog:
    """Products whose photos are near-duplicates, with categories drawn at random."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.random.default_rng(5).integers(0, 2, products)
    with (folder / "catalog.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["product_id", "image", "category"])
        for product in range(products):
            for photo in range(photos):
                write_photo(folder / f"{product}-{photo}.png", first + product, darker=20 * photo)
                writer.writerow([f"p{product}", f"{product}-{photo}.png", "ab"[labels[product]]])
    return read_catalog(folder)


def listed(folder: Path, keys: Iterable[str]) -> list[Listed]:
    looks = {key: look_at((folder / key).read_bytes()) for key in keys}
    return [Listed(key, look.pixels, look.hash) for key, look in looks.items()]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "model", categories=("a", "b"))


def test_random_labels_with_two_photos_a_product_are_at_chance(model: Path, tmp_path: Path) -> None:
    """The other photo of a product has its category, whatever the network knows: it is left out."""
    result = evaluate_model(load_model(model), shop(tmp_path / "shop", products=80))
    low, high = result["intervals"]["category"]["P@1"]
    assert low <= result["chance"] <= high
    assert high - low < 0.45
    assert result["product"]["photo_vs_photos"]["R@1"] > 0.9  # it does find products


def test_without_near_duplicates_stands_beside(model: Path, tmp_path: Path) -> None:
    """Each photo a product of its own: near-duplicates find each other, and labels of pairs are drawn."""
    folder = tmp_path / "shop"
    shop(folder, products=60)
    lines = (folder / "catalog.csv").read_text().splitlines()
    lines[1:] = [f"{number}{line}" for number, line in enumerate(lines[1:])]
    (folder / "catalog.csv").write_text("\n".join(lines))
    result = evaluate_model(load_model(model), read_catalog(folder))
    beside = result["without_near_duplicates"]
    low, high = result["intervals"]["without_near_duplicates"]["category"]["P@1"]
    assert result["category"]["P@1"] > 0.9
    assert low <= beside["chance"] <= high
    assert set(beside) == {"category", "category_macro", "per_category", "chance"}
    copies = result["edited_copy"]
    assert copies["R@1"] < copies["with_near_duplicates"]["R@1"]


def test_photos_that_trained_the_model_are_told(model: Path, tmp_path: Path) -> None:
    catalog = shop(tmp_path / "shop")
    assert evaluate_model(load_model(model), catalog)["seen"] is None
    # Renamed and saved anew, it is the same picture; of p1 another photo, nearly the same, was learnt from.
    keys = ["0-0.png", "0-1.png", "1-0.png"]
    write_list(model / SEEN_NAME, [one._replace(key=f"old/{one.key}") for one in listed(tmp_path / "shop", keys)])
    result = evaluate_model(load_model(model), catalog)
    assert result["seen"] == {"photos": 3, "near_duplicates": 1, "products": 0, "unseen": 56, "known": True}
    assert result["unseen"]["images"]["count"] == 56
    rest = [image.key for product in catalog.products[2:] for image in product.images]
    again = evaluate_model(load_model(model), catalog, image_keys=rest)
    assert again["seen"]["unseen"] == 56
    assert again["unseen"] is None  # nothing to leave out
    for name in ("category", "product", "edited_copy", "intervals", "classification"):
        assert result["unseen"][name] == again[name]
    assert result["unseen"]["classification"]["photos"] == 56


def test_figures_of_few_unseen_photos_are_not_given(model: Path, tmp_path: Path) -> None:
    catalog = shop(tmp_path / "shop")
    keys = [image.key for product in catalog.products[4:] for image in product.images]
    write_list(model / SEEN_NAME, listed(tmp_path / "shop", keys))
    result = evaluate_model(load_model(model), catalog)
    assert result["seen"]["unseen"] == 8
    assert result["unseen"] is None


def test_a_near_duplicate_in_another_catalog_is_a_leak(model: Path, tmp_path: Path) -> None:
    trained = tmp_path / "trained"
    shop(trained, products=6, photos=1)
    catalog = shop(tmp_path / "shop", products=20, photos=1, first=4)  # p0 and p1 show what p4 and p5 there do
    for number in range(2):
        write_photo(tmp_path / "shop" / f"{number}-0.png", 4 + number, darker=20)
    write_list(model / SEEN_NAME, listed(trained, [f"{n}-0.png" for n in range(6)]))
    seen = evaluate_model(load_model(model), catalog)["seen"]
    assert (seen["photos"], seen["near_duplicates"], seen["unseen"]) == (0, 2, 18)


def test_another_photo_of_a_product_that_was_seen_is_told(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shop(folder)
    write_photo(folder / "3-1.png", 999)
    write_list(model / SEEN_NAME, listed(folder, ["3-0.png"]))
    seen = evaluate_model(load_model(model), read_catalog(folder))["seen"]
    assert (seen["photos"], seen["near_duplicates"], seen["products"]) == (1, 0, 1)


def test_an_old_list_of_names_alone_goes_by_names(model: Path, tmp_path: Path) -> None:
    catalog = shop(tmp_path / "shop")
    (model / SEEN_NAME).write_text("0-0.png\n7-1.png\n")
    assert evaluate_model(load_model(model), catalog)["seen"]["photos"] == 2


def test_a_model_that_began_with_an_unknown_one_says_so(model: Path, tmp_path: Path) -> None:
    record = json.loads((model / "model.json").read_text())
    record["training"]["seen"] = {"known": False}
    (model / "model.json").write_text(json.dumps(record))
    (model / SEEN_NAME).write_text("")
    shop(tmp_path / "shop")
    result = CliRunner().invoke(main, ["evaluate", str(model), str(tmp_path / "shop")])
    assert result.exit_code == 0, result.output
    assert "began with one that does not say what it had seen" in " ".join(result.stdout.split())


def report(*pairs: tuple[str, str, str]) -> dict[str, Any]:
    """As ``searcher duplicates --json`` prints it: pairs of photo and photo, and their tier."""
    groups = [
        {"members": [{"photo": a, "sha256": f"sha-{a}"}, {"photo": b, "sha256": f"sha-{b}", "tier": tier}]}
        for a, b, tier in pairs[1:]
    ]
    a, b, tier = pairs[0]
    photos = {"first": {"photo": a, "sha256": f"sha-{a}"}, "second": {"photo": b, "sha256": f"sha-{b}"}}
    return {"kind": "duplicates", "groups": groups, "loose_pairs": [{**photos, "tier": tier}]}


def test_rows_of_a_report_on_duplicates_are_leaks_too(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    catalog = shop(folder, photos=1)
    write_list(model / SEEN_NAME, listed(folder, ["0-0.png"]))
    file = tmp_path / "duplicates.json"
    file.write_text(
        json.dumps(
            report(
                ("0-0.png", "1-0.png", "edited"),
                ("1-0.png", "2-0.png", "other_photo"),
                ("0-0.png", "3-0.png", "variant"),
                ("4-0.png", "5-0.png", "edited"),
            )
        )
    )
    seen = evaluate_model(load_model(model), catalog, duplicates=file)["seen"]
    assert (seen["photos"], seen["near_duplicates"], seen["unseen"]) == (1, 2, 27)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"kind": "outliers"}',
        '{"kind": "duplicates", "groups": [{}]}',
        '{"kind": "duplicates", "groups": [{"members": []}]}',
    ],
)
def test_a_file_that_is_no_report_on_duplicates_is_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "duplicates.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"duplicates\.json: is no .*searcher duplicates --json > "):
        read_duplicates(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_duplicates(tmp_path)


def test_duplicates_need_to_know_what_was_seen(model: Path, tmp_path: Path) -> None:
    shop(tmp_path / "shop", products=3)
    file = tmp_path / "duplicates.json"
    file.write_text(json.dumps(report(("0-0.png", "1-0.png", "edited"))))
    asked = ["evaluate", str(model), str(tmp_path / "shop"), "--duplicates", str(file)]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 2
    assert "has no seen.txt" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_broken_list_of_seen_photos_names_the_file(model: Path, tmp_path: Path) -> None:
    catalog = shop(tmp_path / "shop", products=3)
    (model / SEEN_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"seen\.txt"):
        evaluate_model(load_model(model), catalog)


def test_the_command_says_what_was_seen(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    catalog = shop(folder)
    keys = [image.key for product in catalog.products[:10] for image in product.images]
    write_list(model / SEEN_NAME, listed(folder, keys))
    result = CliRunner().invoke(main, ["evaluate", str(model), str(folder)], env={"COLUMNS": "100"})
    words = " ".join(result.stdout.split())
    assert "Of 60 photos 20 trained this model" in words
    assert ": 40 unseen photos alone" in words
    assert "Telling the category: 40 unseen photos alone" in words
    assert words.count("Told right: ") == 2
    shutil.rmtree(folder)


def test_near_hashes_across_two_sets_are_all_found() -> None:
    """Equal hashes, chains of them and near ones: as comparing each with each finds them."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2**63, 40, dtype=np.uint64)
    flips = np.array(
        [np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, k).astype(np.uint64)) for k in range(1, 9)]
    )
    hashes = np.concatenate([base, base[:20], base[:8] ^ flips])
    others = np.concatenate([base[10:25] ^ flips[2], base[:8]])
    near = [any(int(one ^ other).bit_count() <= 6 for other in others) for one in hashes]
    assert near_any(hashes, others).tolist() == near
    assert not near_any(hashes, others[:0]).any()
