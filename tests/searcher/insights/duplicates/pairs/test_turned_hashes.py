"""The hash of a turned picture is read off that of the picture; pairs that look alike when turned are found by it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from indexer.photos.fingerprints import phash
from searcher.insights.duplicates.answers import Evidence
from searcher.insights.duplicates.pairs.turned_hashes import (
    LOOKED_FOR,
    MOST,
    Turn,
    code_of,
    turn_of,
    turned_hashes,
    turned_neighbours,
)
from tests.shops.catalogs.field_catalog import pieces

WAYS = {0: None, 1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}


def laid(image: Image.Image, turn: Turn) -> Image.Image:
    made = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turn.flipped else image
    way = WAYS[turn.quarters]
    return made if way is None else made.transpose(way)


def hashed(images: list[Image.Image]) -> np.ndarray:
    return np.array([int(phash(image), 16) for image in images], np.uint64)


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [image.resize((100, 60 + 8 * number)) for number, image in enumerate(pieces(12, size=96))]


@pytest.mark.parametrize("turn", [Turn(flipped, quarters) for flipped in (False, True) for quarters in range(4)])
def test_the_hash_of_a_turned_picture(photos: list[Image.Image], turn: Turn) -> None:
    bits = np.bitwise_count(turned_hashes(hashed(photos), turn) ^ hashed([laid(image, turn) for image in photos]))
    assert np.median(bits) <= 4
    assert bits.max() <= 14


def test_codes_and_what_undoes_a_turn(photos: list[Image.Image]) -> None:
    for turn in (*LOOKED_FOR, Turn(False, 0), Turn(False, 3)):
        assert turn_of(turn.code) == turn
        assert turn.back.back == turn
        assert np.array_equal(np.asarray(laid(laid(photos[0], turn), turn.back)), np.asarray(photos[0]))
    assert code_of(None) == code_of(Evidence(flipped=True)) == 0
    assert code_of(Evidence(turned=90, flipped=True)) == Turn(True, 1).code


@pytest.mark.parametrize("turn", [*LOOKED_FOR, Turn(False, 3)])
def test_the_turned_copy_is_found_and_how_it_lies(photos: list[Image.Image], turn: Turn) -> None:
    hashes = hashed([*photos, laid(photos[4], turn)])
    pairs, codes = turned_neighbours(hashes, np.arange(len(hashes)))
    found = {(a, b): turn_of(code) for (a, b), code in zip(pairs.tolist(), codes.tolist(), strict=True)}
    assert found[4, 12] == turn.back, "the second is turned back to lie like the first"
    assert all(a < b for a, b in found)


def test_a_thousand_equal_hashes_make_no_million_pairs() -> None:
    hashes = np.full(1000, int(phash(pieces(1)[0]), 16), np.uint64)
    hashes[500:] = turned_hashes(hashes[500:], Turn(False, 1))
    pairs, codes = turned_neighbours(hashes, np.arange(1000))
    assert 0 < len(pairs) <= 1000 * MOST * len(LOOKED_FOR)
    assert len(codes) == len(pairs)


def test_photos_without_a_hash_are_nothing_to_each_other() -> None:
    pairs, _ = turned_neighbours(np.zeros(5, np.uint64), np.arange(5))
    assert pairs.shape == (0, 2)
