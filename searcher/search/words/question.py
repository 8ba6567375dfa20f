"""What a text asks for: words to have, words not to have, and what in it may be a product's id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexer.errors import UsageError
from indexer.store.filters.check import is_unicode
from indexer.system.names import composed
from searcher.search.words.english import JOINING, NEGATING, STOP_WORDS, words_of

MAX_LENGTH = 1_000
"""Characters of a question."""
MAX_WORDS = 32
SPAN = 5
"""Words between spaces that a product id may have."""
_NOT = re.compile(
    r"n['\u2019]t\b|(?<!\S)[-\u2212](?=\w)|\b(?:other|rather)\s+than\b|\binstead\s+of\b|\bfree\s+(?:of|from)\b"
    r"|\b(?:any|every)thing\s+but\b|\ball\s+but\b|(?<!\S)w/o(?!\w)",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bnothing\s+but\b", re.IGNORECASE)
_FREE = re.compile(r"(\w+)[-\u2010\u2011]free\b", re.IGNORECASE)
_TRIM = " \t\n\r.,;:!?'\"()[]{}«»\u2018\u2019\u201c\u201d"


@dataclass(frozen=True, slots=True)
class Asked:
    """A text taken apart; nothing of it is compared with a catalog yet."""

    words: tuple[str, ...]
    """What a product should have, in lower case."""
    without: tuple[str, ...]
    """What it must not have."""
    spans: tuple[str, ...]
    """Pieces of the text, as typed, that may be product ids; the whole text comes first."""


def read_question(text: str) -> Asked:
    """Take a text apart.

    A word after *not*, *no*, *without*, *non*, *nothing*, *neither*, *nor*, *except*, *excluding*, *other than*,
    *anything but*, *free of*, ``w/o``, ``n't`` or a minus sign, or before ``-free``, is one not to have, and so are
    those joined to it by *and* or *or*: "without pearls or opals". Words that say nothing may stand between. *No*
    before a number is a number's.

    Raises:
        UsageError: no word in it, or too many.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the text has {len(text)} characters; {MAX_LENGTH} are the most")
    text = composed(text)
    words, without = _parted(_NOT.sub(" not ", _FREE.sub(r" not \1 ", _ONLY.sub(" ", text))))
    if not words and not without:
        words = words_of(text)
    if not words and not without:
        raise UsageError(f"{text[:80]!r} holds no word to look for; write for example: gold ring with a red stone")
    if (many := len(words) + len(without)) > MAX_WORDS:
        raise UsageError(f"the text has {many} different words; {MAX_WORDS} are the most")
    return Asked(words, without, _spans(text))


def _parted(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words to have and those not to have, each once, without those that say nothing."""
    chunks = [chunk for part in text.split() if (chunk := words_of(part))]
    words: dict[str, None] = {}
    without: dict[str, None] = {}
    negating = ""
    joined = False
    for place, chunk in enumerate(chunks):
        alone = chunk[0] if len(chunk) == 1 else ""
        if alone in NEGATING and not (alone == "no" and _is_number(chunks[place + 1 : place + 2])):
            negating = alone
        elif alone in JOINING:
            negating = alone if joined else negating
        elif alone in STOP_WORDS:
            negating = "" if joined and alone == "with" else negating
        else:
            none_of = negating or (chunk[0] == "non" and len(chunk) > 1)
            told = [word for word in chunk if word not in STOP_WORDS and word != "non"] if none_of else list(chunk)
            (without if none_of else words).update(dict.fromkeys(word for word in told if word not in STOP_WORDS))
            negating, joined = "", bool(none_of)
    if negating and negating not in JOINING:  # "forget me not": nothing follows, so that it is a word like others
        words[negating] = None
    return tuple(words), tuple(without)


def _is_number(following: list[tuple[str, ...]]) -> bool:
    return bool(following) and following[0][0].isdecimal()


def _spans(text: str) -> tuple[str, ...]:
    """The whole text, and runs of up to `SPAN` words between spaces, without the punctuation around them."""
    parts = text.split()
    runs = (" ".join(parts[i : i + n]) for n in range(min(SPAN, len(parts)), 0, -1) for i in range(len(parts) - n + 1))
    trimmed = (piece for run in (text.strip(), *runs) for piece in (run, run.strip(_TRIM)))
    return tuple(dict.fromkeys(piece for piece in trimmed if piece and is_unicode(piece)))
