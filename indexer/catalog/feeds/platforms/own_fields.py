"""Fields that a shop has named itself: options, attributes, labels. What they are called here, and their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from indexer.catalog.columns import NAMES, STRUCTURE
from indexer.catalog.tables.headers import canonical, name_problem
from indexer.fields.roles import RESERVED
from indexer.fields.types import LIST_SEPARATOR, FieldTable, FieldType


class OwnFields:
    """The names of such fields, as they come up.

    Args:
        taken: the columns that a feed fills itself: what a shop calls like one of them gets a word before it.
        kind: that word, as ``option`` makes ``option_price``.
    """

    def __init__(self, taken: Collection[str], kind: str) -> None:
        self._taken, self._kind = frozenset((*taken, *STRUCTURE)), kind
        self._known: dict[str, str] = {}

    def name(self, written: str) -> str:
        """What a field is called here: ``Ring size`` is ``ring_size``; blank where there is nothing to call it by."""
        if written not in self._known:
            called = canonical(re.sub(r"\W+", "_", written.lower()).strip("_"), NAMES)
            called = RESERVED.get(called, called)
            if called and (called in self._taken or name_problem(called)):
                called = f"{self._kind}_{called}"
            self._known[written] = called
        return self._known[written]

    @property
    def names(self) -> list[str]:
        """All the names, each once."""
        return list(dict.fromkeys(name for name in self._known.values() if name))


def texts(columns: Iterable[str]) -> FieldTable:
    """The type of columns that are not known otherwise: what a shop writes for people is matched as it stands.

    Sizes are numbers until there is an S; a type that is found out would make a reject of it then.
    """
    return dict.fromkeys(columns, FieldType.KEYWORD)


def listed(values: Iterable[str]) -> str:
    """Values as a cell has them: joined, each once, in their order."""
    return LIST_SEPARATOR.join(dict.fromkeys(text for value in values if (text := plain(value))))


def plain(value: str) -> str:
    """A value that is one and no list, whatever stands in it."""
    return value.replace(LIST_SEPARATOR, "/").strip()


def one_category(paths: Iterable[Iterable[str]]) -> tuple[str, str]:
    """The category of a product that is in several: the longest path, and the first of such paths.

    Returns:
        It, as ``Jewelry > Rings``, and all the paths as a list.
    """
    ways = [way for path in paths if (way := [word for part in path if (word := plain(part))])]
    longest = max(ways, key=len, default=[])
    return " > ".join(longest), listed(" > ".join(way) for way in ways)
