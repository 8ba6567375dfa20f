"""Pictures that stand for a missing photo: one that many products of different kinds share says nothing of any of them.

Few products with one photo are copies, and so are many sizes of one design. A "no image" or a shop's mark goes through
categories and titles that have nothing in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from searcher.insights.duplicates.answers import Photo

PRODUCTS = 5
"""Products that share a picture at least, before it is taken for a placeholder."""
SHARED_WORDS = 2
"""Words, besides that of the category, which the titles of one design have in common at least."""
_WORD = re.compile(r"[^\W\d_]{3,}")


def is_placeholder(photos: Sequence[Photo]) -> bool:
    """Whether copies of one picture, with their payloads, stand for missing photos of different products."""
    first = {photo.product_id: photo for photo in reversed(photos)}
    if len(first) < PRODUCTS:
        return False
    titles = [_words(photo) for photo in first.values()]
    if all(titles):
        if len(set.intersection(*titles)) >= SHARED_WORDS:
            return False  # sizes or colours of one design
        return len({photo.category for photo in first.values()}) > 1 or len(set(map(frozenset, titles))) >= PRODUCTS
    return True


def _words(photo: Photo) -> set[str]:
    """The words of a title, without numbers, sizes and what the category says."""
    kind = (photo.category or "").lower()
    return {word for word in _found(photo.payload.get("title")) if not kind.startswith(word) and word != kind}


def _found(title: object) -> Iterable[str]:
    return _WORD.findall(str(title or "").lower())
