"""Blank pictures and placeholders: said by name, in no group, never to delete; copies of two or three stay copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from searcher.cli.main import main
from searcher.service import SearchService
from tests.shops.catalogs.field_catalog import Shot, indexed, pieces

TITLES = (
    "Oval pearl studs",
    "Signet for men",
    "Rope chain",
    "Tennis bracelet",
    "Diver watch",
    "Moon pendant",
    "Ear cuff",
)
KINDS = ("earrings", "rings", "necklaces", "bracelets", "watches", "necklaces", "earrings")


def white_drawing(number: int) -> Image.Image:
    """White lines on transparent white, as a logo for dark pages is drawn."""
    image = Image.new("RGBA", (200, 200), (255, 255, 255, 0))
    ImageDraw.Draw(image).ellipse((40, 40 + 5 * number, 160, 160), outline=(255, 255, 255, 255), width=4)
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def nearly_blank(seed: int) -> Image.Image:
    """A grey sheet with a scanner's noise."""
    noise = np.random.default_rng(seed).normal(0, 2, (240, 200, 3))
    return Image.fromarray((np.full((240, 200, 3), 201.0) + noise).astype(np.uint8))


def no_image() -> Image.Image:
    """What a shop's software shows where there is no photo."""
    image = Image.new("RGB", (220, 220), "#e6e6e6")
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 50, 160, 130), outline="#888888", width=6)
    pen.polygon([(70, 125), (105, 80), (150, 125)], fill="#888888")
    pen.text((70, 160), "no image available", fill="#444444")
    return image


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    photos = pieces(12)
    shots = [
        Shot(f"P{n:02d}", photo, fields={"title": f"Piece {n}", "category": "rings"}) for n, photo in enumerate(photos)
    ]
    shots += [Shot(f"WHITE{n}", white_drawing(n), "png", {"title": f"Logo {n}", "category": "rings"}) for n in range(3)]
    shots += [Shot(f"GREY{n}", nearly_blank(n), "jpg", {"title": f"Scan {n}", "category": "rings"}) for n in range(2)]
    card = Image.new("RGB", (200, 200), "#777777")
    card.paste("#d0d0d0", (15, 15, 185, 185))
    shots.append(Shot("CARD", card, "png", {"title": "Card", "category": "rings"}))
    for number, (title, kind) in enumerate(zip(TITLES, KINDS, strict=True)):
        shown = no_image() if number > 1 else no_image().resize((180, 180))
        shots.append(Shot(f"NONE{number}", shown, "jpg", {"title": title, "category": kind}))
    shots += [
        Shot(f"SKU{n}", photos[3], "jpg", {"title": f"Piece 3, size {50 + n}", "category": "rings"}) for n in range(2)
    ]
    return indexed(tmp_path_factory.mktemp("no-evidence"), shots)


@pytest.fixture(scope="module")
def document(service: SearchService) -> dict[str, Any]:
    return service.duplicates().to_json()


def grouped(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Members by their product, of groups and loose pairs."""
    found: dict[str, list[dict[str, Any]]] = {}
    for group in document["groups"]:
        for member in group["members"]:
            found.setdefault(member["product_id"], []).append(member)
    for pair in document["loose_pairs"]:
        for side in ("first", "second"):
            found.setdefault(pair[side]["product_id"], []).append(pair[side])
    return found


def test_blank_pictures_are_evidence_of_nothing(document: dict[str, Any]) -> None:
    blank = {"WHITE0", "WHITE1", "WHITE2", "GREY0", "GREY1", "CARD"}
    assert not blank & set(grouped(document))
    assert {photo["product_id"] for photo in document["blank"]} == blank
    assert document["summary"]["blank"] == len(blank)


def test_a_placeholder_is_named_and_nothing_of_it_is_deleted(document: dict[str, Any]) -> None:
    named = {f"NONE{number}" for number in range(7)}
    assert not named & set(grouped(document))
    assert [set(one["products"]) for one in document["placeholders"]] == [named]
    assert document["summary"]["photos_of_placeholders"] == 7


def test_one_photo_of_three_products_is_still_copied(document: dict[str, Any]) -> None:
    members = grouped(document)
    marks = [one["delete"] for product in ("P03", "SKU0", "SKU1") for one in members[product]]
    assert sorted(marks) == [False, True, True]
    assert document["summary"]["deletable"] == 2


def test_the_table_and_the_page_say_it(service: SearchService, tmp_path: Path) -> None:
    page, table = tmp_path / "r.html", tmp_path / "r.csv"
    run = CliRunner().invoke(
        main, ["duplicates", "--index", str(service.index.local), "--html", str(page), "--csv", str(table)]
    )
    assert run.exit_code == 0
    assert "6 photos are blank, compared with nothing" in run.output
    assert "show one picture for 7 products; nothing of it is deleted" in run.output
    entries = [line.split(",")[0] for line in table.read_text().splitlines()]
    assert (entries.count("blank"), entries.count("placeholder")) == (6, 7)
    assert "Blank photos" in page.read_text()
    assert "Placeholder" in page.read_text()


def test_a_blank_new_photo_is_compared_with_nothing(service: SearchService, tmp_path: Path) -> None:
    white_drawing(7).save(tmp_path / "new.png")
    check = service.check_duplicates(tmp_path / "new.png").to_json()
    assert (check["blank"], check["duplicate"], check["matches"]) == (True, False, [])
    run = CliRunner().invoke(
        main, ["duplicates", "--index", str(service.index.local), "--image", str(tmp_path / "new.png")]
    )
    assert run.output.startswith("Blank: the photo shows nothing but one colour")


def test_a_placeholder_is_no_duplicate_of_the_products_that_lack_a_photo(
    service: SearchService, tmp_path: Path
) -> None:
    no_image().save(tmp_path / "new.png")
    check = service.check_duplicates(tmp_path / "new.png").to_json()
    assert check["matches"], "it is known"
    assert (check["placeholder"], check["duplicate"]) == (True, False)
    run = CliRunner().invoke(
        main, ["duplicates", "--index", str(service.index.local), "--image", str(tmp_path / "new.png")]
    )
    assert "A placeholder: it stands for missing photos of many products" in run.output
