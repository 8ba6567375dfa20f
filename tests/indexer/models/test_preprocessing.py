"""The letterbox: whole photo, right proportions, white around it, whatever its shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.errors import ModelError
from indexer.models.preprocessing import Preprocessing
from indexer.photos.opening import open_image


@settings(deadline=None, max_examples=100)
@given(width=st.integers(1, 700), height=st.integers(1, 700), size=st.integers(16, 260))
@example(width=1, height=5000, size=224)
@example(width=5000, height=1, size=225)
@example(width=1, height=1, size=16)
def test_any_shape_becomes_a_white_framed_square(width: int, height: int, size: int) -> None:
    pixels = Preprocessing(size=size).apply(Image.new("RGB", (width, height), (10, 20, 30)))
    assert pixels.shape == (size, size, 3)
    assert pixels.dtype == np.uint8
    photo = (pixels == (10, 20, 30)).all(axis=2)
    assert (photo | (pixels == 255).all(axis=2)).all()
    rows, columns = np.flatnonzero(photo.any(axis=1)), np.flatnonzero(photo.any(axis=0))
    assert photo[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert max(len(rows), len(columns)) == size
    assert abs(min(len(rows), len(columns)) - max(1, size * min(width, height) / max(width, height))) <= 0.5
    for inside in (rows, columns):
        assert abs(inside[0] - (size - 1 - inside[-1])) <= 1  # centred


def test_a_photo_of_the_right_size_is_left_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(Preprocessing(size=32).apply(Image.fromarray(pixels)), pixels)


def test_load_equals_open_and_apply(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((500, 300), 60).convert("RGB").save(path)
    transform = Preprocessing(size=64)
    assert np.array_equal(transform.load(path), transform.apply(open_image(path, fit=transform.fit)))
    assert np.array_equal(transform.load(path), transform.load(path.read_bytes()))


def test_reduced_decoding_hardly_changes_the_input(real_data: Path) -> None:
    transform = Preprocessing(size=64)
    for path in sorted((real_data / "jewelry" / "rings").glob("*.jpg"))[:20]:
        full = transform.apply(open_image(path)).astype(int)
        assert np.abs(transform.load(path) - full).mean() < 3


def test_record_round_trip() -> None:
    transform = Preprocessing(size=225)
    assert transform.record() == {"size": 225, "policy": "letterbox", "resample": "bilinear"}
    assert Preprocessing.from_record(transform.record()) == transform


@pytest.mark.parametrize(
    "record",
    [
        {"size": 15},
        {"size": 1025},
        {"size": "224"},
        {"size": 224.0},
        {"size": True},
        {"policy": "crop"},
        {"resample": "nearest"},
        {"mean": [0.5]},
        [224],
        "224",
        None,
    ],
)
def test_a_record_this_version_cannot_do_is_refused(record: object) -> None:
    with pytest.raises(ModelError):
        Preprocessing.from_record(record)  # type: ignore[arg-type]
