"""The words that a generation's texts are written with: looked up in its summary, or read once where it has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from indexer.store.beside.summary.folding import fold
from indexer.store.beside.summary.reading import Summed
from indexer.store.beside.summary.words import Word, words_of_texts
from indexer.store.interface import Store
from indexer.system.names import decomposed
from searcher.search.words.english import STOP_WORDS

MAX_READ = 300_000
"""Photos whose texts are read for their words; what is written in later ones alone is found as it is typed."""
LONGEST = 1_000_000
"""No word is longer."""


class WrittenWords:
    """Words of texts, folded; see `indexer.store.beside.summary.folding.fold`. For one thread at a time."""

    def __init__(self, store: Store, text_fields: tuple[str, ...], summed: Summed) -> None:
        self._store, self._fields, self._summed = store, text_fields, summed
        self._read_once: tuple[dict[str, list[Word]], Counter[str]] | None = None

    def spelled(self, folded: str) -> set[str]:
        """How the texts spell a word."""
        if not self._fields:
            return set()
        found = self._summed.ask(lambda summary: summary.spellings(folded))
        known = self._read()[0].get(folded, []) if found is None else found
        return {form for word in known for form in _spellings(word)}

    def often(self, shortest: int = 0, longest: int = LONGEST) -> Counter[str]:
        """In how many texts each word of some length is, but for words that say nothing."""
        if not self._fields:
            return Counter()
        found = self._summed.ask(lambda summary: summary.often(shortest, longest))
        known = self._read()[1] if found is None else found
        return Counter(
            {
                word: count
                for word, count in known.items()
                if word not in STOP_WORDS and shortest <= len(word) <= longest
            }
        )

    def _read(self) -> tuple[dict[str, list[Word]], Counter[str]]:
        if self._read_once is None:
            words: dict[str, list[Word]] = {}
            often: Counter[str] = Counter()
            points = islice(self._store.scroll(fields=list(self._fields)), MAX_READ)
            counts = Counter(word for point in points for word in words_of_texts(point.payload, self._fields))
            for word, count in counts.items():
                folded = fold(word.text)
                words.setdefault(folded, []).append(word)
                often[folded] += count
            self._read_once = words, often
        return self._read_once


def _spellings(word: Word) -> Iterable[str]:
    """How texts spell a word of theirs, for a store that compares letters: an old index may hold them taken apart. What
    a capital with a dot is in lower case is for the store to say: it is two characters, and may be two words."""
    small = word.text.lower()
    spelled = small if len(small) == len(word.text) else word.text
    return (spelled,) if word.composed else (spelled, decomposed(spelled))
