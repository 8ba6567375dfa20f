"""Values of every kind that a program may pass by mistake, and what a refusal of one has to look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

VALUES: dict[str, Callable[[], Any]] = {
    "text": lambda: "J0004",
    "text of a number": lambda: "5",
    "text of numbers": lambda: "123",
    "text of a truth": lambda: "true",
    "empty text": lambda: "",
    "long text": lambda: "x" * 5000,
    "text with a line": lambda: "two\nlines",
    "bytes": lambda: b"J0004",
    "nothing": lambda: None,
    "true": lambda: True,
    "number": lambda: 5,
    "fraction": lambda: 5.5,
    "whole fraction": lambda: 5.0,
    "no number": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "below 0": lambda: -1,
    "great number": lambda: 10**5000,
    "numpy number": lambda: np.int64(5),
    "numpy fraction": lambda: np.float32(0.5),
    "numpy truth": lambda: np.bool_(True),
    "array of numbers": lambda: np.ones(3, np.float32),
    "array of rows": lambda: np.ones((2, 3), np.float32),
    "array of texts": lambda: np.array(["J1", "J2"]),
    "array of one number": lambda: np.array(5),
    "empty list": list,
    "list of texts": lambda: ["J1", "J2"],
    "list of numbers": lambda: [1, 2.5],
    "list of nothing": lambda: [None],
    "list of lists": lambda: [[1.0], ["J1"]],
    "list of objects": lambda: [object()],
    "pair of three": lambda: [("J1", "J2", "J3")],
    "pair that is a text": lambda: ("J1", "J2"),
    "dictionary": lambda: {"product_id": "J0004"},
    "dictionary of numbers": lambda: {1: 2},
    "set": lambda: {"J1"},
    "generator": lambda: (text for text in ("J1", "J2")),
    "generator of numbers": lambda: (number for number in (1, 2)),
    "path": lambda: Path("no-such-file.jpg"),
    "object": object,
    "class": lambda: dict,
    "function": lambda: lambda: 5,
}
TEXTS = {
    "text",
    "text of a number",
    "text of numbers",
    "text of a truth",
    "empty text",
    "long text",
    "text with a line",
}
WHOLE = {"number", "whole fraction", "below 0", "great number", "numpy number"}
NUMBERS = WHOLE | {"fraction", "infinity", "no number", "numpy fraction"}
"""Bounds are another matter: a number beyond them, or none, is refused too."""
TRUTHS = {"true", "numpy truth"}
LISTS = {"empty list", "list of texts", "pair that is a text", "array of texts", "generator"}
"""Texts one after the other."""
SETS = LISTS | {"set"}

NAMES_OF_TYPES = re.compile(
    r"NoneType|Traceback|np\.|numpy|pydantic|ndarray|PosixPath|argument|not iterable|unpack|attribute"
    r"|<(class|function)|0x"
)


def assert_readable(error: Exception) -> str:
    """One short line for people; returns it."""
    said = str(error)
    assert said
    assert said == said.strip()
    assert "\n" not in said
    assert len(said) < 700
    assert not NAMES_OF_TYPES.search(said), said
    return said


def assert_refused_or_right(
    ask: Callable[[Any], Any],
    name: str,
    right: Collection[str],
    refusals: type[Exception],
    kinds: Iterable[str] = VALUES,
) -> None:
    """Ask with a value of each kind: a wrong one is refused in a line that names the argument, others may be answered.

    Whatever else is raised fails the test that calls this.

    Args:
        ask: called with the value.
        name: of the argument.
        right: the kinds of values that it may be.
        refusals: what may be raised.
        kinds: of `VALUES`.
    """
    for kind in kinds:
        try:
            said = _refusal(ask, VALUES[kind](), refusals)
        except Exception as error:
            error.add_note(f"{name} was given: {kind}")
            raise
        if kind not in right:
            assert said is not None, f"{name} was taken: {kind}"
            assert name in said, f"of {kind}: {said}"
            assert ";" in said, f"says nothing of what to give in place of {kind}: {said}"


def _refusal(ask: Callable[[Any], Any], value: Any, refusals: type[Exception]) -> str | None:
    try:
        ask(value)
    except refusals as error:
        return assert_readable(error)
    return None
