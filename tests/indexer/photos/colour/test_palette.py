"""The colours of a picture: which bin a colour is in, what is ground, and that equal pictures have equal colours."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.photos.colour.palette import COLOURS, GREYS, HUES, colours_of, no_colours

GOLD, SILVER, RED, BLUE, BLACK = (212, 175, 55), (150, 150, 152), (200, 20, 30), (30, 60, 200), (10, 10, 10)


def on_white(colour: tuple[int, int, int], side: int = 224, share: float = 0.3) -> NDArray[np.uint8]:
    """A square of one colour in the middle of a white picture."""
    picture = np.full((side, side, 3), 255, np.uint8)
    edge = round(side * (1 - share**0.5) / 2)
    picture[edge : side - edge, edge : side - edge] = colour
    return picture


@pytest.mark.parametrize("colour", [GOLD, SILVER, RED, BLUE, BLACK])
def test_a_vector_of_unit_length_that_knows_no_ground_and_no_size(colour: tuple[int, int, int]) -> None:
    colours = colours_of(on_white(colour))
    assert (colours.dtype, colours.shape) == (np.float32, (COLOURS,))
    assert np.linalg.norm(colours) == pytest.approx(1.0, abs=1e-6)
    assert colours.min() >= 0
    for side, share in ((64, 0.3), (224, 0.05), (500, 0.9)):
        assert colours @ colours_of(on_white(colour, side, share)) == pytest.approx(1.0, abs=1e-6)


def test_colours_lie_where_they_are_seen() -> None:
    """By hand, of CIE L*a*b*: the hue of gold is 88°, of red 33°, of blue 299°; the middles of hues are 45° apart."""
    found = {name: colours_of(on_white(colour)) for name, colour in {"gold": GOLD, "red": RED, "blue": BLUE}.items()}
    assert {name: sorted(np.flatnonzero(row) - HUES) for name, row in found.items()} == {
        "gold": [1, 2],  # between 45° and 90°
        "red": [0, 1],
        "blue": [6, 7],
    }
    greys = {np.flatnonzero(colours_of(on_white(c)))[0] - 2 * HUES for c in (BLACK, (90, 90, 90), SILVER, (200,) * 3)}
    assert greys == {0, 1, 2, 3} == set(range(GREYS))


def test_gold_is_nearer_to_brass_than_to_silver() -> None:
    gold, brass, silver = (colours_of(on_white(colour)) for colour in (GOLD, (190, 160, 60), SILVER))
    assert gold @ brass > 0.9
    assert gold @ silver < 0.1


def test_shares_are_square_roots_so_that_a_small_stone_is_seen_beside_much_metal() -> None:
    picture = on_white(SILVER, share=0.5)
    picture[102:122, 102:122] = RED
    colours = colours_of(picture)
    red = float((colours[HUES : 2 * HUES] ** 2).sum())
    assert red == pytest.approx(400 / (224 * 0.5**0.5) ** 2, rel=0.15)
    assert colours @ colours_of(on_white(RED)) == pytest.approx(red**0.5, rel=0.05)


def test_what_is_all_ground_is_told_by_the_ground() -> None:
    white, pale = np.full((224, 224, 3), 255, np.uint8), np.full((224, 224, 3), 235, np.uint8)
    assert colours_of(white).tolist() == colours_of(pale).tolist() == np.eye(COLOURS, dtype=np.float32)[-1].tolist()


def test_a_photo_nobody_can_look_at_is_as_near_to_every_colour() -> None:
    unknown = no_colours()
    assert np.linalg.norm(unknown) == pytest.approx(1.0, abs=1e-6)
    assert len(set(unknown.tolist())) == 1
