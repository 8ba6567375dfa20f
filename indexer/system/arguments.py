"""What programs give to a function may be anything, and is held to what it may be.

The functions that end in ``_of`` give a value as Python's own, or raise ``UsageError`` in one line that names the
argument and says what to give: no error of another kind, and no text that is gone through letter by letter.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, cast

from indexer.errors import UsageError

LONGEST_NAME = 255
"""Bytes of a name of a file, as every file system has it."""
SAID = 100
"""Characters of a text that a message says."""
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bytes, bytearray, memoryview), "bytes"),
    ((os.PathLike,), "a path"),
    ((Mapping,), "a dictionary"),
    ((set, frozenset), "a set"),
    ((list,), "a list"),
    ((tuple,), "a tuple"),
)


def said(value: object) -> str:
    """A value as a message says it: ``the text '5'``, ``None``, ``a list``."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        text = str.__str__(value)
        return f"the text {text if len(text) <= SAID else text[:SAID] + '…'!r}"
    if isinstance(value, int | float):
        return str(value) if isinstance(value, float) or abs(value) < 10**20 else "a number of more than 20 digits"
    if hasattr(value, "dtype"):  # a number or an array of numpy's
        if getattr(value, "ndim", 1):
            return "an array"
        plain = value.tolist()  # type: ignore[attr-defined]
        return "a number" if hasattr(plain, "dtype") else said(plain)  # one of more digits than Python's stays numpy's
    named = (name for kinds, name in _KINDS if isinstance(value, kinds))
    return next(named, "a function" if callable(value) else f"a value of type {type(value).__name__}")


def refused(name: str, value: object, give: str) -> UsageError:
    """The error of an argument that is of another kind than it may be; ``give`` says what it may be."""
    return UsageError(f"{name} is {said(value)}; give {give}")


def text_of(name: str, value: object, give: str = "text") -> str:
    """A text, one of numpy's as one of Python's."""
    if not isinstance(value, str):
        raise refused(name, value, give)
    return str.__str__(value)


def truth_of(name: str, value: object) -> bool:
    """True or false; 1 and "yes" are neither."""
    if isinstance(value, bool):
        return value
    if str(getattr(value, "dtype", "")) == "bool" and not getattr(value, "ndim", 1):
        return bool(value)
    raise refused(name, value, "True or False")


def whole_of(
    name: str, value: object, give: str = "a whole number", *, least: int | None = None, most: int | None = None
) -> int:
    """A whole number within bounds, numpy's and 5.0 too; True is none."""
    whole = isinstance(value, Integral) or (isinstance(value, float) and value.is_integer())
    if not whole or isinstance(value, bool):
        raise refused(name, value, give)
    number = int(cast("int", value))
    if (least is not None and number < least) or (most is not None and number > most):
        raise refused(name, value, give)
    return number


def number_of(name: str, value: object, give: str = "a number") -> float:
    """A number, as it was given; one of numpy's as one of Python's. True is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise refused(name, value, give)
    try:
        return value if isinstance(value, int | float) else float(value)
    except OverflowError:  # a fraction beyond what any bound takes
        raise refused(name, value, give) from None


def share_of(name: str, value: object, such_as: float) -> float:
    """A share from 0 to 1."""
    give = f"a share from 0 to 1, such as {such_as:g}"
    share = number_of(name, value, give)
    if not 0 <= share <= 1:
        raise refused(name, value, give)
    return share


def listed(name: str, value: object, of: str, *, ordered: bool = False) -> Iterable[Any]:
    """Something with entries one after the other: no text, which would be taken letter by letter, and no dictionary.

    Args:
        name: of the argument.
        value: what was given.
        of: what the entries are: ``texts``.
        ordered: their order matters, so that a set will not do.
    """
    kinds = (str, bytes, bytearray, memoryview, Mapping, *((set, frozenset) if ordered else ()))
    one_number = getattr(value, "ndim", None) == 0  # an array of numpy's, which says that it could be gone through
    if isinstance(value, kinds) or one_number or not isinstance(value, Iterable):
        raise refused(name, value, f"a list of {of}")
    return value


def texts_of(name: str, value: object, of: str = "texts", *, ordered: bool = False) -> tuple[str, ...]:
    """A list of texts; see `listed`."""
    found = tuple(listed(name, value, of, ordered=ordered))
    for one in found:
        if not isinstance(one, str):
            raise UsageError(f"{name} holds {said(one)}; give a list of {of}")
    return tuple(map(str.__str__, found))


def pairs_of(name: str, value: object) -> list[tuple[Any, Any]]:
    """A list of pairs, of what is liked and what is not."""
    found = []
    for pair in listed(name, value, "pairs", ordered=True):
        row = isinstance(pair, list | tuple)
        if not (row or getattr(pair, "ndim", 0) > 0) or len(pair) != 2:
            many = f" of {len(pair)}" if row else ""
            raise UsageError(f"{name} holds {said(pair)}{many}; give pairs: [(what is liked, what is not), …]")
        found.append((pair[0], pair[1]))
    return found


def path_of(name: str, value: object) -> Path:
    """A path that stays the same when the process goes to another folder; links in it are followed when it is used."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else value
    if not isinstance(text, str) or not _can_be_path(text):
        raise refused(name, value, "a path")
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in Path(text).parts):
        raise UsageError(f"{name}: the name is too long, of {LONGEST_NAME} bytes at most; give a shorter path")
    if not text.strip():
        raise UsageError(f"{name} is empty; give a path")
    try:
        return Path(text).absolute()
    except OSError as error:  # the current folder is gone
        raise UsageError(f"{name} is {text!r}, below a folder that is gone; give a path that begins with /") from error


def _can_be_path(text: str) -> bool:
    """Whether a file could have this name: no NUL, no half of a character."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return "\0" not in text
