"""Words as they are compared: where one begins and ends in a text, and the same one without case and accents."""

from __future__ import annotations

import re
import unicodedata

from indexer.system.names import composed

_WORD = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"\u0131": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not take apart, and that people write without what makes them special."""
_OF_KANA = ("\u3099", "\u309a")
"""Voicing marks: no accents, but other syllables."""


def fold(word: str) -> str:
    """The word without case and accents: ``Doré`` is ``dore``, ``Straße`` is ``strasse``, ``İnci`` is ``inci``."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word).casefold().translate(_LETTERS)
    return composed("".join(one for one in apart if unicodedata.category(one) != "Mn" or one in _OF_KANA))


def runs_of(text: str) -> list[str]:
    """The words of a text as they stand: runs of letters and digits, as the text index has them."""
    return _WORD.findall(text)
