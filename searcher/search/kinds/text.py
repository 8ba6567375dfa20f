"""A text as a search: by words of the catalog, or by looks through a text model."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra, ModelError, UsageError
from indexer.store.filters.tree import Filter
from indexer.store.records import TEXT_VECTOR_NAME
from searcher.questions.kinds import TextMode
from searcher.questions.options import Options
from searcher.search.candidate import Candidate
from searcher.search.kinds.words import by_words
from searcher.search.nearest import nearest_products
from searcher.search.published import Published
from searcher.search.reading.texts import TextReader
from searcher.search.search import Search

NOT_AT_HAND = "Found by words: the index has a text model, but it cannot be used here; mode looks says why."
CUT = "The text model reads no further, so the end of the text was left out."


def by_text(published: Published, reader: TextReader, text: str, mode: TextMode, options: Options) -> Search:
    """Products by a text. ``auto`` falls back to words, with a note, where the index's text model is not at hand.

    Raises:
        UsageError: an unknown mode, no text, or ``looks`` in an index that has no text model.
        ModelError, MissingExtra: ``looks``, and the text model cannot be used.
    """
    if mode not in get_args(TextMode):
        raise UsageError(f"mode {mode!r} is none of {', '.join(get_args(TextMode))}")
    if mode == "words" or (mode == "auto" and published.store.record.text_model is None):
        return by_words(published, text, options)
    try:
        vectors, cut = reader.read(published, text)
    except (ModelError, MissingExtra):
        if mode == "looks":
            raise
        return by_words(published, text, options, [NOT_AT_HAND])
    return _by_looks(published, text, vectors, [CUT] if cut else [], options)


def _by_looks(
    published: Published, text: str, vectors: NDArray[np.float32], notes: list[str], options: Options
) -> Search:
    def find(where: Filter | None, count: int) -> list[Candidate]:
        return nearest_products(published.store, vectors, count, where, exact=options.exact, using=TEXT_VECTOR_NAME)

    return Search(query={"text": text, "mode": "looks"}, find=find, notes=notes)
