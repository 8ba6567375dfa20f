"""Point ids are forever: a change here would orphan every point of every index."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from indexer.fields.identity import NAMESPACE, point_id

NAMES = st.text(st.characters(exclude_categories=["Cs"]))


def test_golden_values() -> None:
    assert str(NAMESPACE) == "6c1f7a0e-5d0a-5a34-9a53-3a7f4f0f5b1e"
    assert point_id("J0004", "bracelets/J0004.jpg") == "efdbb684-feaf-58b2-9be8-d9a7c54f3009"
    assert point_id("rings/001", "rings/001.jpg") == "b6fe2c0d-284e-5358-9422-4ec642b512cb"
    assert point_id("Bague n° 7", "bagues/été/7.jpg") == "ce6bbf86-43f5-5539-827b-388f876df9d7"
    assert point_id("", "") == "ac9a5827-0ae6-537f-84c2-ce92e0415903"


@given(NAMES, NAMES, NAMES, NAMES)
def test_different_photos_have_different_ids(product: str, key: str, other_product: str, other_key: str) -> None:
    same = (product, key) == (other_product, other_key)
    assert (point_id(product, key) == point_id(other_product, other_key)) == same


def test_the_border_between_product_and_key_counts() -> None:
    assert point_id("a", "b/c") != point_id("a/b", "c")
    assert point_id("1", "0:1/a") != point_id("", "1/0:1/a")


@given(NAMES, NAMES)
def test_it_is_a_uuid_of_version_5(product: str, key: str) -> None:
    assert UUID(point_id(product, key)).version == 5
