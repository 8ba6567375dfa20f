"""Whitening is what its description says: views differ by about 1, photos differ most in the first directions."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.network.heads.whitening import whiten


def drawn(photos: int = 200, views: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Photos that differ in the first two of six features; their views differ most in the last two."""
    rng = np.random.default_rng(seed)
    photo = rng.normal(size=(photos, 1, 6)) * [5.0, 3.0, 0.1, 0.1, 0.1, 0.1]
    view = rng.normal(size=(photos, views, 6)) * [0.5, 0.5, 0.5, 0.5, 8.0, 8.0]
    return (photo + view + 7).astype(np.float32), np.arange(photos)


def test_views_of_a_photo_differ_by_one_in_every_direction() -> None:
    features, photos = drawn()
    whitened = whiten(features, photos, [6], directions=6, shrink=0.0).apply(features.reshape(-1, 6))
    within = whitened.reshape(200, 5, 6)
    within = (within - within.mean(axis=1, keepdims=True)).reshape(-1, 6)
    assert np.allclose(within.T @ within / len(within), np.eye(6), atol=1e-6)


def test_the_first_directions_are_those_in_which_photos_differ() -> None:
    features, photos = drawn()
    weight = np.abs(whiten(features, photos, [6], directions=6).weight)
    assert set(weight[:2].argmax(axis=1)) == {0, 1}
    spread = whiten(features, photos, [6], directions=6).apply(features.mean(axis=1)).std(axis=0)
    assert (np.diff(spread) <= 1e-6).all()


def test_a_stage_with_large_numbers_weighs_no_more() -> None:
    features, photos = drawn()
    larger = features.copy()
    larger[:, :, 3:] *= 1000
    near = whiten(features, photos, [3, 3]).apply(features[:, 0])
    far = whiten(larger, photos, [3, 3]).apply(larger[:, 0])
    assert np.allclose(np.abs(near), np.abs(far), rtol=1e-3, atol=1e-3)


def test_photos_of_one_product_are_views_of_it() -> None:
    """What differs among a product's own photos counts for nothing, as what differs among views does."""
    features, photos = drawn(views=1)
    features[:, 0, 2] = np.random.default_rng(1).normal(size=200) * 10  # differs from photo to photo of a product
    products = photos // 2
    features[1::2, 0, :2] = features[::2, 0, :2]
    apart = np.abs(whiten(features, photos, [6], directions=1).weight[0])
    together = np.abs(whiten(features, products, [6], directions=1).weight[0])
    assert apart.argmax() == 2
    assert together.argmax() in (0, 1)


@pytest.mark.parametrize("photos", [1, 2, 10])
def test_fewer_photos_than_directions(photos: int) -> None:
    features, classes = drawn(photos)
    whitening = whiten(features, classes, [6])
    assert whitening.weight.shape == (6, 6)
    assert np.isfinite(whitening.weight).all()
    assert np.isfinite(whitening.bias).all()


def test_the_same_photos_give_the_same_map() -> None:
    features, photos = drawn()
    first, second = (whiten(features, photos, [6]) for _ in range(2))
    assert np.array_equal(first.weight, second.weight)
    assert (first.weight[np.arange(6), np.abs(first.weight).argmax(axis=1)] > 0).all()


def test_stages_that_do_not_fit() -> None:
    features, photos = drawn(10)
    with pytest.raises(ValueError, match="stages of 5 features"):
        whiten(features, photos, [2, 3])
