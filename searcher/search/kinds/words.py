"""A question in words as a search like any other: its products can be filtered, paged, capped and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.fields.identity import point_id
from indexer.store.filters.tree import Filter
from searcher.questions.options import STYLE_POOL
from searcher.search.ground.candidate import Candidate
from searcher.search.ground.published import Published, photo_key
from searcher.search.kinds.question import Search
from searcher.search.words.search import search_text
from searcher.search.words.vocabulary import vocabulary_of


def by_words(published: Published, text: str, said: Sequence[str] = ()) -> Search:
    """Products by the words of their titles and attributes; a candidate's score is the share of words it matches.

    ``said`` are notes that the answer begins with. Finding raises ``UsageError`` where the text holds no word.
    """
    parts: dict[str, Mapping[str, Any]] = {}
    notes = list(said)

    def find(where: Filter | None, count: int) -> list[Candidate]:
        limit = min(count, STYLE_POOL)
        found = search_text(published.store, text, limit, where, vocabulary=published.memo(vocabulary_of))
        if found.unknown_words and len(notes) == len(said):
            notes.append(f"No product has a word {', '.join(map(repr, found.unknown_words))}.")
        ids = {point_id(hit.product_id, photo_key(hit.payload)): hit for hit in found.hits}
        points = {point.id: point for point in published.store.retrieve(list(ids), vectors="image")}
        candidates = []
        for identifier, hit in ids.items():
            point = points.get(identifier)
            if point is None or point.vector is None:
                continue
            parts[hit.product_id] = {"matched": list(hit.matched)}
            candidates.append(Candidate(hit.product_id, hit.score, hit.score, point.payload, point.vector))
        return candidates

    return Search(query={"text": text, "mode": "words"}, find=find, parts=parts, notes=notes)
