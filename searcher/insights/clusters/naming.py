"""Names of clusters, from what most of their products share: "gold solitaire rings, ruby"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.fields.roles import CLUSTER, UNTELLING
from indexer.fields.types import FieldTable, FieldType

SHARED = 0.6
"""Share of the products that must have a value for it to describe the cluster."""
WORDS = 2
_BEFORE, _AFTER = ("metal", "material", "colour", "color"), ("stone", "gemstone", "style")
_UNTOLD = {*UNTELLING, CLUSTER}
_WORD = re.compile(r"[^\W\d_]{3,}")
_SMALL = {"the", "and", "with", "for", "set", "pair", "mit", "und", "von", "aus"}


def shared_values(payloads: Sequence[Mapping[str, Any]], table: FieldTable) -> dict[str, Any]:
    """Field and value that at least 60 % of the products have, of keyword fields; category first.

    Of equally frequent values the first by name is taken.
    """
    told = ["category", *sorted(f for f, k in table.items() if k is FieldType.KEYWORD and f not in _UNTOLD)]
    found = {}
    for field in dict.fromkeys(told):
        common = _commonest((_values(payload.get(field)) for payload in payloads), len(payloads))
        if common:
            found[field] = common[0]
    return found


def name_of(payloads: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> str:
    """A name from the shared values and the words that most titles have; "products" where nothing is shared."""
    category = str(shared.get("category", "products"))
    before, after = (
        [str(shared[f]) for f in fields if shared.get(f, "none") != "none"] for fields in (_BEFORE, _AFTER)
    )
    told = " ".join([*before, category, *after]).casefold()
    titles = [list(dict.fromkeys(_WORD.findall(str(p.get("title") or "").casefold()))) for p in payloads]
    words = [
        word for word in _commonest(titles, len(payloads)) if word not in _SMALL and not _is_told(str(word), told)
    ][:WORDS]
    order = {word: place for title in reversed(titles) for place, word in enumerate(title)}
    words.sort(key=lambda word: (order[word], word))
    return ", ".join([" ".join([*before, *map(str, words), category]), *after])


def _is_told(word: str, told: str) -> bool:
    """Whether a title's word says what the name says already: ring, of rings."""
    return any(known.startswith(word.rstrip("s")) for known in _WORD.findall(told))


def _commonest(lists: Iterable[Iterable[Any]], count: int) -> list[Any]:
    """Values that enough of the lists hold, most frequent first."""
    seen = Counter(value for values in lists for value in values)
    enough = [(value, many) for value, many in seen.items() if many >= SHARED * count]
    return [value for value, _ in sorted(enough, key=lambda item: (-item[1], str(item[0])))]


def _values(value: Any) -> list[Any]:
    return [one for one in (value if isinstance(value, list) else [value]) if one is not None and one != ""]
