"""Words of a question in everyday English: what counts as a word, which say nothing or no, and plural forms."""

from __future__ import annotations

from indexer.store.beside.summary.folding import runs_of
from searcher.search.nearness.spelling import singular

STOP_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "any",
        "anything",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "do",
        "for",
        "from",
        "has",
        "have",
        "i",
        "in",
        "is",
        "it",
        "its",
        "like",
        "looking",
        "me",
        "my",
        "of",
        "on",
        "one",
        "or",
        "s",
        "show",
        "some",
        "something",
        "t",
        "than",
        "that",
        "the",
        "their",
        "this",
        "to",
        "want",
        "we",
        "which",
        "with",
        "you",
        "your",
    )
)
"""Words that are in every question and say nothing about a product; ``s`` and ``t`` are what is left of 's and 't."""

NEGATING = frozenset(("not", "no", "without", "non", "nothing", "neither", "nor", "except", "excluding"))
"""The word that follows is one that a product must not have."""
JOINING = frozenset(("and", "or"))
"""So is the word behind these, after one that it must not have."""


def words_of(text: str) -> tuple[str, ...]:
    """The distinct words of a text in lower case, in order."""
    return tuple(dict.fromkeys(word.lower() for word in runs_of(text)))


def forms(word: str) -> tuple[str, ...]:
    """The word, its singular and its plural, each once: what a title may have instead of it."""
    one = singular(word)
    if one.endswith("y") and one[-2:-1] not in tuple("aeiou"):
        many = f"{one[:-1]}ies"
    else:
        many = f"{one}es" if one.endswith(("s", "x", "z", "ch", "sh")) else f"{one}s"
    return tuple(dict.fromkeys((word, one, many)))
