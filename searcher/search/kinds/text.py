"""A text as a search: by words of the catalog, or by looks through a text model."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.errors import MissingExtra, ModelError
from indexer.store.filters.tree import Filter
from indexer.store.records import TEXT_VECTOR_NAME
from indexer.system.arguments import text_of
from searcher.questions.declared import checked
from searcher.questions.kinds import TextMode, TextOptions
from searcher.search.ground.candidate import Candidate
from searcher.search.ground.published import Published
from searcher.search.kinds.question import Asking, Question, Search
from searcher.search.kinds.words import by_words
from searcher.search.reading.texts import TextReader

NOT_AT_HAND = "Found by words: the index has a text model, but it cannot be used here; mode looks says why."
CUT = "The text model reads no further, so the end of the text was left out."


@dataclass(frozen=True, kw_only=True)
class Text(Question):
    """Products by a text. ``auto`` falls back to words, with a note, where the index's text model is not at hand.

    Raises:
        UsageError: an unknown mode, or something else than a text.
    """

    text: str
    mode: TextMode
    reader: TextReader

    def __post_init__(self) -> None:
        text_of("text", self.text)
        checked(TextOptions, mode=self.mode)

    def check(self, asking: Asking) -> None:
        """By words, no more products are ordered than are ranked."""
        if self._by_words(asking.published):
            asking.check_reach()

    def search(self, asking: Asking) -> Search:
        """See `Question.search`.

        Raises:
            UsageError: no text, or ``looks`` in an index that has no text model.
            ModelError, MissingExtra: ``looks``, and the text model cannot be used.
        """
        published = asking.published
        if self._by_words(published):
            return by_words(asking, self.text)
        try:
            vectors, cut = self.reader.read(published, self.text)
        except (ModelError, MissingExtra):
            if self.mode == "looks":
                raise
            asking.check_reach()
            return by_words(asking, self.text, [NOT_AT_HAND])

        def find(where: Filter | None, count: int) -> list[Candidate]:
            return asking.near(vectors, count, where, using=TEXT_VECTOR_NAME)

        return Search(query={"text": self.text, "mode": "looks"}, find=find, scored=True, notes=[CUT] if cut else [])

    def _by_words(self, published: Published) -> bool:
        return self.mode == "words" or (self.mode == "auto" and published.store.record.text_model is None)
