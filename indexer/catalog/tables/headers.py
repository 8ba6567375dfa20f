"""The names of a table's columns: known ones whatever their case, near misses, and names that cannot be used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from indexer.fields.roles import RESERVED
from indexer.system.names import composed

_NAME = re.compile(r"[^\W\d][\w-]*\Z")
_NAMED, _LONGEST = 40, 60
"""Columns that a message names, and characters of each."""
_INVISIBLE = str.maketrans("", "", "\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}")
"""A file that was marked twice begins with one; no person sees it in front of the first name."""
_NEAR = 0.77
"""``categories`` and ``Catgory`` are this close to ``category``, ``material`` is not to ``metal``."""


def name_of(cell: str) -> str:
    """The name that a cell of a header is for a person: in composed characters, without what nobody sees."""
    return composed(cell.translate(_INVISIBLE).strip())


def canonical(written: str, known: Collection[str]) -> str:
    """The name of a column: a known one whatever its case and with any sign between its words, others as written.

    ``Product ID``, ``product-id`` and ``productId`` are ``product_id``. Names in composed and in decomposed
    characters are one (Unicode's normal form C).
    """
    name = name_of(written)
    return {squeezed(one): one for one in known}.get(squeezed(name), name)


def squeezed(name: str) -> str:
    """What all the spellings of a name have in common: case and the signs between its words do not count."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def near_miss(name: str, known: Collection[str]) -> str | None:
    """The known name that a column was probably meant to have; None where it looks like none of them."""
    by_form = {squeezed(one): one for one in known}
    found = get_close_matches(squeezed(name), by_form, n=1, cutoff=_NEAR)
    return by_form[found[0]] if found else None


def header_problems(
    written: Sequence[str], names: Sequence[str], required: Collection[str], valued: Mapping[int, int]
) -> list[str]:
    """Everything that is wrong with a header, so that one run is enough to mend it.

    Args:
        written: the cells of the header.
        names: what each is called here, see `canonical`; blank where it has no name.
        required: the columns without which there is no catalog.
        valued: by position from 0, the first line in which a column without a name has a value.
    """
    there = [name for name in names if name]
    problems = [_missing(name, there, required) for name in required if name not in there]
    for name, count in Counter(there).items():
        if count > 1:
            forms = list(dict.fromkeys(f"{w}" for w, n in zip(written, names, strict=True) if n == name))
            problems.append(
                f"column {name!r} appears {'twice' if count == 2 else f'{count} times'}; rename or remove one"
                if len(forms) == 1
                else f"columns {' and '.join(map(repr, forms))} are both {name!r} here; rename or remove one"
            )
    problems += [
        f"column {position + 1} has a value in line {line} but no name; name or empty it"
        for position, line in sorted(valued.items())
    ]
    return problems + [problem for name in dict.fromkeys(there) if (problem := name_problem(name))]


def _missing(name: str, there: Sequence[str], required: Collection[str]) -> str:
    near = next((other for other in there if near_miss(other, required) == name), None)
    meant = f"; did you mean {near!r}? rename it to {name!r}" if near else ""
    return f"no column {name!r}; it has {_listed(there) or 'no columns at all'}{meant}"


def _listed(names: Sequence[str]) -> str:
    """Names in a message: a file of another kind may have one as long as itself."""
    more = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
    return ", ".join(map(_short, names[:_NAMED])) + more


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def name_problem(name: str) -> str | None:
    """Why the index could not store a column or filter by it, with another name for it; None where it can."""
    if name in RESERVED:
        return f"column {name!r} is written by the index itself; rename it, e.g. to {RESERVED[name]!r}"
    if _NAME.match(name):
        return None
    suggestion = re.sub(r"\W+", "_", name).strip("_") or "column"
    if not _NAME.match(suggestion):
        suggestion = f"c_{suggestion}"
    suggestion = RESERVED.get(suggestion, suggestion)
    return (
        f"column {_short(name)!r} cannot be used in a filter; rename it, e.g. to {_short(suggestion)!r} "
        "(letters, digits, _ and -, not starting with a digit)"
    )
