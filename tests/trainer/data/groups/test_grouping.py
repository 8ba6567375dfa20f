"""Groups are those of a plain loop over all pairs, and a picture that many products share joins none of them."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.photos.components import components
from trainer.data.groups.grouping import HUB_PRODUCTS, Grouping, Shown, group
from trainer.data.groups.near_duplicates import MAX_DISTANCE
from trainer.data.groups.pictures import SIDE, Look

CHART = 9999


@cache
def look(picture: int, copy: int = 0) -> Look:
    """A picture of that number; copies of it differ a little, in two bits of the hash and one level of the colours."""
    rng = np.random.default_rng(picture)
    value, thumbnail = int(rng.integers(0, 2**63)), rng.integers(2, 254, 3 * SIDE * SIDE)
    if copy:
        changed = np.random.default_rng([picture, copy])
        value ^= 1 << int(changed.integers(0, 31)) | 1 << int(changed.integers(31, 63))
        thumbnail = thumbnail + changed.integers(-1, 2, len(thumbnail))
    return Look("", "", value, thumbnail.astype(np.uint8).tobytes())


def photo(product: int, picture: int, category: str = "rings", **more: str | int) -> Shown:
    copy = int(more.pop("copy", 0))
    return Shown(f"p{product}", category, look(picture, copy), **{name: str(value) for name, value in more.items()})


def with_charts(products: int, *, share: float = 1.0, copies: bool = False) -> list[Shown]:
    """Products with a photo of their own, of which the first ones have the size chart as well."""
    shown = [photo(n, n) for n in range(products)]
    return shown + [photo(n, CHART, copy=n + 1 if copies else 0) for n in range(round(products * share))]


def distinct(grouping: Grouping, photos: int) -> int:
    """In how many groups the first photos are."""
    return len(set(grouping.groups[:photos]))


@pytest.mark.parametrize("copies", [False, True], ids=["the same file", "saved anew each time"])
@pytest.mark.parametrize(("products", "share"), [(60, 1.0), (60, 0.6), (12, 0.5)])
def test_a_size_chart_joins_no_products(products: int, share: float, copies: bool) -> None:
    grouping = group(with_charts(products, share=share, copies=copies))
    assert distinct(grouping, products) == products
    assert grouping.hubs == (tuple(range(products, products + round(products * share))),)


def test_two_pictures_that_all_share_are_two_hubs() -> None:
    shown = with_charts(20) + [photo(n, CHART + 1) for n in range(20)]
    grouping = group(shown)
    assert distinct(grouping, 20) == 20
    assert [len(hub) for hub in grouping.hubs] == [20, 20]


def test_a_photo_of_a_few_products_joins_them() -> None:
    few = HUB_PRODUCTS - 1
    grouping = group(with_charts(12, share=few / 12))
    assert distinct(grouping, few) == 1
    assert distinct(grouping, 12) == 12 - few + 1
    assert not grouping.hubs


def test_listings_of_one_piece_that_share_all_their_photos_are_one_group() -> None:
    sizes = [photo(n, view) for n in range(12) for view in (1, 2)]
    others = [photo(n, n) for n in range(20, 30)]
    grouping = group(sizes + others)
    assert not grouping.hubs
    assert distinct(grouping, len(sizes)) == 1
    assert len(set(grouping.groups)) == 11


def test_one_photo_of_many_listings_is_a_piece_in_one_category_and_no_piece_in_several() -> None:
    listings = [photo(n, 1) for n in range(10)]
    assert group(listings).hubs == ()
    assert len(set(group(listings).groups)) == 1
    mixed = [photo(n, 1, ("rings", "watches")[n % 2]) for n in range(10)]
    assert group(mixed).hubs == (tuple(range(10)),)


def test_the_same_chart_in_each_size_of_one_design_is_a_photo_of_the_design() -> None:
    sizes = [photo(n, n, variants="A") for n in range(8)] + [photo(n, CHART, variants="A") for n in range(8)]
    grouping = group(sizes + [photo(n, n) for n in range(20, 30)])
    assert not grouping.hubs
    assert distinct(grouping, len(sizes)) == 1


def test_a_chart_that_is_marked_as_one_thing_is_a_hub_as_well() -> None:
    shown = [photo(n, n, mark=n) for n in range(10)] + [photo(n, 100 + n, mark="chart") for n in range(10)]
    grouping = group(shown)
    assert grouping.hubs == (tuple(range(10, 20)),)
    assert distinct(grouping, 10) == 10


def test_pieces_that_look_alike_are_no_hub() -> None:
    """Plain rings on white have near hashes; their thumbnails are apart, and each is a photo of its own piece."""
    alike = look(1)
    rings = [Shown(f"p{n}", "rings", look(n)._replace(hash=alike.hash)) for n in range(20)]
    grouping = group(rings + [photo(n, 100 + n) for n in range(20)])
    assert grouping.hubs == ()
    assert distinct(grouping, 20) == 1  # by the hash, as ever


def test_near_is_by_the_eye_alone() -> None:
    grouping = group([photo(0, 1), photo(0, 2), photo(1, 2, copy=1), photo(2, 3)])
    assert grouping.near == [0, 1, 1, 3]
    assert grouping.groups == [0, 0, 0, 3]


def test_nothing_is_nothing() -> None:
    assert group([]) == Grouping([], [], ())


photos = st.tuples(
    st.integers(0, 12), st.integers(0, 12), st.integers(0, 2), st.sampled_from([None, None, "1", "2"]), st.booleans()
)


@settings(max_examples=40)
@given(st.lists(photos, max_size=40))
def test_groups_are_those_of_a_plain_loop(rows: list[tuple[int, int, int, str | None, bool]]) -> None:
    shown = [
        Shown(f"p{product}", "rings", look(picture, copy), mark, "design" if variant else None)
        for product, picture, copy, mark, variant in rows
    ]
    grouping = group(shown)
    apart = {photo for hub in grouping.hubs for photo in hub}
    alike, together = [], []
    for a, b in combinations(range(len(shown)), 2):
        one, other = shown[a], shown[b]
        if a in apart or b in apart:
            continue
        near = (one.look.hash ^ other.look.hash).bit_count() <= MAX_DISTANCE
        if (one.mark is None or other.mark is None) and near:
            alike.append((a, b))
        if one.mark is not None and one.mark == other.mark:
            alike.append((a, b))
        same_design = (
            one.mark is None and other.mark is None and one.variants is not None and other.variants is not None
        )
        if one.product == other.product or same_design:
            together.append((a, b))
    assert grouping.near == components(len(shown), alike)
    assert grouping.groups == components(len(shown), alike + together)
