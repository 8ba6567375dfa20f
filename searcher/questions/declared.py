"""How an option of a question is declared: once, as ``Annotated[type, Option(…)]`` at a field of a class.

The command line, the JSON bodies, addresses and forms of the HTTP service and the tools for language models are made
from these fields. Nothing here costs start-up time, so that ``--help`` can be made from them too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, ForwardRef, Literal, NamedTuple, Union, get_args, get_origin

from indexer.errors import UsageError
from indexer.store.filters.where import Where, where_of
from indexer.system.arguments import number_of, refused, said, text_of, texts_of, truth_of, whole_of


class Option(NamedTuple):
    """What is declared of an option besides its type and its default."""

    text: str
    """What it means, in one sentence that every form can show."""
    flags: tuple[str, ...] = ()
    """Its names on the command line, ``("--where", "-w")``; none: it is not an option there."""
    metavar: str | None = None
    """What its value is called on the command line."""
    least: float | None = None
    most: float | None = None
    """Least and greatest number."""
    above: float | None = None
    """In place of the least one: the number that it has to exceed."""
    items: int | None = None
    """Most entries of a list that comes from another machine."""
    example: Any = None
    """A value for the OpenAPI document."""
    command: str | None = None
    """The text on the command line, where that is another one."""
    tool: str | None = None
    """The text for language models, where that is another one."""


class Declared(NamedTuple):
    """An option as it was declared."""

    name: str
    kind: Any
    """Its type; ``None`` is left out of it where it stands for "not given"."""
    nullable: bool
    """Whether it may be ``None``."""
    default: Any
    option: Option

    @property
    def many(self) -> bool:
        """Whether it is a list of texts; filters are, among other things."""
        return self.is_filter or get_origin(self.kind) is Sequence

    @property
    def is_filter(self) -> bool:
        """Whether it is a filter, in any of its forms."""
        return bool(self.kind == ForwardRef(str(Where)))  # an alias by its text, see there


@cache
def declared(of: type) -> tuple[Declared, ...]:
    """The options that a class declares, in their order; fields without an `Option` are left out."""
    found, defaults = [], {one.name: one.default for one in fields(of)} if is_dataclass(of) else vars(of)
    for name, hint in of.__annotations__.items():  # evaluated already: see the modules that declare
        options = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Option)]
        if options:
            kind, nullable = _without_none(get_args(hint)[0])
            found.append(Declared(name, kind, nullable, defaults[name], options[0]))
    return tuple(found)


def _without_none(kind: Any) -> tuple[Any, bool]:
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else ()
    rest = [part for part in parts if part is not NoneType]
    return (rest[0], True) if len(rest) == 1 and len(parts) == 2 else (kind, False)


def check(options: object) -> None:
    """Hold options to what is declared of them, and make their lists tuples.

    Raises:
        UsageError: a value of another kind, such as a text in place of a list of texts, or a number out of bounds.
        FilterError: what is no filter.
    """
    of: type = type(options)
    for one in declared(of):
        object.__setattr__(options, one.name, _taken(one, getattr(options, one.name)))


def checked(of: type, **given: Any) -> Any:
    """Arguments held to what a class declares of the options of these names: an object that has each by its name.

    Raises:
        UsageError, FilterError: as `check` does.
    """
    options = {one.name: one for one in declared(of)}
    return SimpleNamespace(**{name: _taken(options[name], value) for name, value in given.items()})


def check_names(of: type, given: Iterable[str]) -> None:
    """Refuse names of options that a class does not declare; raises ``UsageError`` with those that it does."""
    from difflib import get_close_matches  # no command line needs it

    known = [one.name for one in declared(of)]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no option {name!r}; {hint}Options of every question: {', '.join(known)}")


def _taken(one: Declared, value: Any) -> Any:
    """A value of an option as it is kept."""
    if value is None and one.nullable:
        return None
    if one.is_filter:
        return where_of(value, one.name)
    if one.many:
        return texts_of(one.name, value)
    if one.kind is bool:
        return truth_of(one.name, value)
    if one.kind in (int, float):
        return _number(one, value)
    return _text(one, value)


def _number(one: Declared, value: Any) -> Any:
    least, most, above = one.option.least, one.option.most, one.option.above
    within = f"more than {above}, {most} at most" if above is not None else f"{least} to {most}"
    take, kind = (whole_of, "a whole number") if one.kind is int else (number_of, "a number")
    number = take(one.name, value, f"{kind}, {within}")
    low, high = -math.inf if least is None else least, math.inf if most is None else most
    if not low <= number <= high or (above is not None and number <= above):
        raise UsageError(f"{one.name} is {said(number)}; give {within}")
    return number


def _text(one: Declared, value: Any) -> str:
    names = get_args(one.kind) if get_origin(one.kind) is Literal else ()
    give = f"one of: {', '.join(names)}" if names else "text"
    if text_of(one.name, value, give) not in (names or (value,)):
        raise refused(one.name, value, give)
    return str(value)
