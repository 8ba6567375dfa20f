"""Strangers are drawn: the same for the same seed, of every kind, and no two alike."""

from __future__ import annotations

import numpy as np

from trainer.data.strangers.drawing import KINDS, draw_strangers


def test_the_same_pictures_for_the_same_seed() -> None:
    first, again, other = (list(draw_strangers(1, seed)) for seed in (0, 0, 1))
    assert len(first) == len(KINDS)
    assert all(image.mode == "RGB" for image in first)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))
    assert not any(a.tobytes() == b.tobytes() for a, b in zip(first, other, strict=True))


def test_every_picture_is_another_and_shows_something() -> None:
    pictures = list(draw_strangers(3))
    assert len({picture.tobytes() for picture in pictures}) == 3 * len(KINDS)
    sizes = {picture.size for picture in pictures}
    assert len(sizes) > 2
    assert {picture.size[0] > picture.size[1] for picture in pictures} == {True, False}
    blank = [number for number, picture in enumerate(pictures) if np.asarray(picture, float).std() < 1.0]
    assert set(blank) <= {3, 4, 5}, "only plain ground may be"
