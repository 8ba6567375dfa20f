"""Photos that were turned by quarters, without a word of it in EXIF, are found as copies in any proportion."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageOps

from searcher.service import SearchService
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


def test_brightness_a_badge_and_a_border_leave_a_copy_a_copy(tmp_path: Path) -> None:
    """A grey border is a pad, a brighter photo no other one, a badge beside the piece no variant."""
    photos = pieces(6, seed=31, size=256)
    shots = [Shot(f"P{number}", image) for number, image in enumerate(photos)]
    for number, image in enumerate(photos[:2]):
        shots.append(Shot(f"bright-P{number}", ImageEnhance.Brightness(image).enhance(1.18)))
    for number, image in enumerate(photos[2:4], start=2):
        shots.append(Shot(f"border-P{number}", ImageOps.expand(image, 20, (128, 128, 128))))
    for number, image in enumerate(photos[4:6], start=4):
        stamped = image.copy()
        stamped.paste("#d81e2c", (4, 4, 54, 40))
        shots.append(Shot(f"badge-P{number}", stamped))
    report = indexed(tmp_path, shots).duplicates()
    copies = [set(group.products) for group in report.groups if group.tier.is_copy]
    for shot in shots[len(photos) :]:
        assert {shot.product, shot.product.rpartition("-")[2]} in copies, shot.product
