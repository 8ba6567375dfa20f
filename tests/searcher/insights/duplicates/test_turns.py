"""Photos that were turned by quarters, without a word of it in EXIF, are found as copies in any proportion."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from searcher.service import SearchService
from tests.bench.duplicates.field_edits import FIELD
from tests.shops.catalogs.field_catalog import Shot, indexed, pieces

WAYS = {
    "quarter": Image.Transpose.ROTATE_90,
    "half": Image.Transpose.ROTATE_180,
    "three": Image.Transpose.ROTATE_270,
    "upside_down": Image.Transpose.FLIP_TOP_BOTTOM,
    "transposed": Image.Transpose.TRANSPOSE,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    """Tall, wide and square photos; of some a turned copy of another size."""
    photos = pieces(22, seed=6, size=224)
    for number, image in enumerate(photos):
        width, height = ((224, 224), (224, 160), (150, 224))[number % 3]
        left, top = (image.width - width) // 2, (image.height - height) // 2
        photos[number] = image.crop((left, top, left + width, top + height))
    shots = [Shot(f"P{number}", image) for number, image in enumerate(photos)]
    for number, (name, way) in enumerate(WAYS.items()):
        for turn in range(3):
            copy = photos[3 * number + turn].transpose(way)
            copy = copy.resize((round(copy.width * 0.9), round(copy.height * 0.9))) if turn == 1 else copy
            shots.append(Shot(f"{name}-P{3 * number + turn}", copy))
    return indexed(tmp_path_factory.mktemp("turned"), shots)


def test_they_are_called_copies(service: SearchService) -> None:
    report = service.duplicates()
    found = {}
    for group in report.groups:
        for member in group.members[1:]:
            both = {group.members[0].photo.product_id, member.photo.product_id}
            copy = next((name for name in both if "-" in name), "")
            if group.tier.is_copy:
                assert copy.rpartition("-")[2] in both, "of its own source"
                found[copy] = member
    for name in WAYS:
        assert sum(one.startswith(f"{name}-") for one in found) >= (3 if name in ("quarter", "half", "three") else 2), (
            found
        )
    turned = [member.evidence for name, member in found.items() if name.startswith("half")]
    assert [one.turned for one in turned if one is not None] == [180] * 3
    assert all("turned by 180°" in row["reasons"] for row in report.rows() if (row.get("turned") == 180))


def test_a_new_photo_that_was_turned_is_known(service: SearchService, tmp_path: Path) -> None:
    path = sorted((service.published().catalog_root / "photos").glob("P17-*"))[0]
    with Image.open(path) as image:
        image.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "new.png")
    check = service.check_duplicates(tmp_path / "new.png")
    assert check.is_duplicate
    assert check.matches[0].photo.product_id == "P17"
    assert check.matches[0].evidence.turned


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("turn_90", 9),
        ("bright_118", 6),
        ("badge", 6),
        ("grey_border", 9),
        ("turn_sheet", 7),
        ("half_sheet", 8),
    ],
)
def test_what_shops_do_to_real_photos_leaves_a_copy_a_copy(
    real_data: Path, tmp_path: Path, kind: str, least: int
) -> None:
    """A grey border is a pad, a brighter photo no other one, a badge beside the piece no variant."""
    with (real_data / "jewelry" / "catalog.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    groups = [line["near_group"] for line in lines]
    alone = [line for line in lines if groups.count(line["near_group"]) == 1]
    shots = []
    for line in alone[:: len(alone) // 60]:
        with Image.open(real_data / "jewelry" / line["image"]) as image:
            shots.append(Shot(line["product_id"], image.convert("RGB")))
    for number, shot in enumerate(shots[:50:5]):
        shots.append(Shot(f"copy-{shot.product}", FIELD[kind](shot.image, number)))
    report = indexed(tmp_path, shots).duplicates(budget=3600)
    copies = [set(group.products) for group in report.groups if group.tier.is_copy]
    called = [
        shot for shot in shots if {shot.product, shot.product.rpartition("-")[2]} in copies and "-" in shot.product
    ]
    assert len(called) >= least
