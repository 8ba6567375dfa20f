"""A question in words as a search like any other: its products can be filtered, paged, capped and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.store.filters.tree import Filter, both
from searcher.questions.options import STYLE_POOL
from searcher.search.ground.candidate import Candidate
from searcher.search.kinds.question import Asking, Search
from searcher.search.words.meaning import read_meaning
from searcher.search.words.search import find_products
from searcher.search.words.vocabulary import vocabulary_of


def by_words(asking: Asking, text: str, said: Sequence[str] = ()) -> Search:
    """Products by the words of their titles and attributes; a candidate's score is the share of words it matches.

    ``said`` are notes that the answer begins with. Raises ``UsageError`` where the text holds no word.
    """
    published, least = asking.published, asking.options.min_score
    vocabulary = published.memo(vocabulary_of)
    meaning = read_meaning(vocabulary, text)
    parts: dict[str, Mapping[str, Any]] = {}

    def find(where: Filter | None, count: int) -> list[Candidate]:
        found = find_products(published.store, vocabulary, meaning, min(count, STYLE_POOL), where, per=asking.per)
        points = {one.id: one for one in published.store.retrieve([hit.point for hit in found.hits], vectors="image")}
        candidates = []
        for hit in found.hits:
            point = points.get(hit.point)
            if point is None or point.vector is None:
                continue
            parts[hit.product_id] = {"matched": list(hit.matched)}
            candidates.append(Candidate(hit.product_id, hit.score, hit.score, point.payload, point.vector))
        return candidates

    matching = meaning.matching(least)
    return Search(
        query={"text": text, "mode": "words"},
        find=find,
        matching=both(meaning.left, matching),
        by_filter=matching is not None or not meaning.known,
        scored=True,
        parts=parts,
        notes=[*said, *meaning.notes()],
    )
