"""Categories as they are learnt: one name in any normal form, and a word on names that only look like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from indexer.catalog.products import Product
from indexer.system.names import composed

NONE = ""
"""The category of a photo that has none."""


def category_of(product: Product) -> str:
    """The category of a product in composed characters, without spaces around it; ``NONE`` where it has none.

    A catalog that is read has it so already; one that a program makes may not.
    """
    return composed(product.category or NONE).strip()


def twins(categories: Iterable[str]) -> tuple[str, ...]:
    """A line for each two categories or more whose names differ in case or in spaces alone."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(categories) - {NONE}):
        alike["".join(name.casefold().split())].append(name)
    return tuple(
        f"{_listed(names)} are {_COUNTS.get(len(names), len(names))} categories; "
        "if they are one, write them alike in the catalog"
        for names in alike.values()
        if len(names) > 1
    )


_COUNTS = {2: "two", 3: "three", 4: "four"}


def _listed(names: list[str]) -> str:
    """Names as a sentence has them; in quotes where spaces are the difference."""
    if any(name.split() != [name] for name in names):
        names = [f"'{name}'" for name in names]
    return " and ".join([", ".join(names[:-1]), names[-1]])
