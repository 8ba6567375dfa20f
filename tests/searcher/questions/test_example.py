"""What can be asked with: one thing at a time, crops as shares, vectors scaled; anything else is refused in a line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.errors import ImageError, UsageError
from searcher.questions.example import Asked, Example, unit_vector
from searcher.questions.photo import query_photo
from searcher.service import SearchService
from tests.shops.indexes.built_index import Photographed, unit_vectors


@pytest.mark.parametrize(
    "given",
    [{}, {"product_id": "a", "url": "http://b"}, {"image": b"x", "vector": [1.0]}, {"product_id": "a", "image": b"x"}],
)
def test_exactly_one_thing(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="either a product id or a photo"):
        Example(**given)


@pytest.mark.parametrize(
    "crop",
    [
        (0, 0, 0, 1),
        (0.5, 0, 0.4, 1),
        (-0.1, 0, 1, 1),
        (0, 0, 1, 1.1),
        (math.nan, 0, 1, 1),
        (0, 0, math.inf, 1),
        (0, 0, 1),
    ],
)
def test_a_crop_box_lies_in_the_photo(crop: Any) -> None:
    with pytest.raises(UsageError, match="crop box"):
        Example(image=b"x", crop=crop)


def test_a_crop_box_needs_a_photo() -> None:
    with pytest.raises(UsageError, match="needs a photo"):
        Example(product_id="P1", crop=(0, 0, 1, 1))


def test_what_is_meant() -> None:
    picture = Image.new("RGB", (4, 4))
    assert Example.of("P1") == Example(product_id="P1")
    assert Example.of(Path("a.jpg")) == Example(image=Path("a.jpg"))
    assert Example.of(b"x") == Example(image=b"x")
    assert Example.of(picture).image is picture
    assert Example.of([1.0, 2.0]).vector == [1.0, 2.0]
    assert Example.of(np.ones(3, np.float32)).vector is not None
    already = Example(url="http://a")
    assert Example.of(already) is already


share = st.floats(0, 1, width=32)


@given(width=st.integers(1, 60), height=st.integers(1, 60), box=st.tuples(share, share, share, share))
def test_a_crop_is_that_part_of_the_photo(width: int, height: int, box: tuple[float, float, float, float]) -> None:
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    pixels = np.random.default_rng(width * 61 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if left == right or top == bottom:
        return
    with query_photo(Image.fromarray(pixels), (left, top, right, bottom)) as (_, part):
        assert isinstance(part, Image.Image)
    assert part.width >= 1
    assert part.height >= 1
    assert abs(part.width - (right - left) * width) <= 1.5
    assert abs(part.height - (bottom - top) * height) <= 1.5
    x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
    np.testing.assert_array_equal(np.asarray(part), pixels[y : y + part.height, x : x + part.width])


def test_the_whole_photo_as_a_crop_changes_nothing(photographed: Photographed) -> None:
    service = SearchService(photographed.index)
    photo = photographed.catalog / photographed.payloads[3]["photo"]["path"]
    whole = service.similar(image=photo, crop=(0, 0, 1, 1))
    assert [m.to_json() for m in whole.matches] == [m.to_json() for m in service.similar(image=photo).matches]
    part = service.similar(image=photo, crop=(0, 0, 0.5, 0.5))
    assert [m.score for m in part.matches] != [m.score for m in whole.matches]


def test_a_crop_is_taken_from_the_upright_photo(photographed: Photographed, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    Image.fromarray(pixels).save(upright)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(pixels, 1)).save(turned, exif=exif)
    service = SearchService(photographed.index)
    scores = [[m.score for m in service.similar(image=p, crop=(0, 0, 0.3, 0.6)).matches] for p in (upright, turned)]
    assert scores[0] == scores[1]


def test_a_broken_photo_with_a_crop_is_named(photographed: Photographed, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + b"x" * 50)
    with pytest.raises(ImageError, match=r"broken\.jpg: "):
        SearchService(photographed.index).similar(image=broken, crop=(0, 0, 0.5, 0.5))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([1.0, 2.0], "holds vectors of"),
        ([math.nan] * 4, "cannot be used"),
        ([math.inf] * 4, "cannot be used"),
        ([0.0] * 4, "cannot be used"),
        (["a"] * 4, "cannot be used"),
        ([[1.0], [2.0]], "holds vectors of"),
        ([10**400] * 4, "cannot be used"),
    ],
)
def test_a_vector_that_is_none(values: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        unit_vector(values, 4)
    assert "\n" not in str(caught.value)


def test_a_vector_is_scaled() -> None:
    np.testing.assert_allclose(unit_vector([3.0, 0.0, 4.0, 0.0], 4), [[0.6, 0.0, 0.8, 0.0]], atol=1e-7)


def test_the_centre_of_an_example() -> None:
    vectors = unit_vectors(3)
    centre = Asked(Example(product_id="P"), (), vectors).centre
    assert np.linalg.norm(centre) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(centre, vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0)), atol=1e-6)
    with pytest.raises(UsageError, match="opposites"):
        _ = Asked(Example(product_id="P"), (), np.stack([vectors[0], -vectors[0]])).centre
