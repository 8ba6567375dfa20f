"""How an option of a question is declared: once, as ``Annotated[type, Option(…)]`` at a field of a class.

The command line, the JSON bodies, addresses and forms of the HTTP service and the tools for language models are made
from these fields. Nothing here costs start-up time, so that ``--help`` can be made from them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, ForwardRef, NamedTuple, Union, get_args, get_origin

from indexer.errors import UsageError
from indexer.store.filters.where import Where


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
        UsageError: a number out of bounds, or a text in place of a list of texts.
    """
    of: type = type(options)
    for one in declared(of):
        value = getattr(options, one.name)
        if one.many and not one.is_filter and value is not None:
            if isinstance(value, str):
                raise UsageError(f"{one.name} is the text {value!r}; give a list of texts")
            object.__setattr__(options, one.name, tuple(value))
        else:
            _check_number(one, value)


def check_numbers(of: type, **given: float) -> None:
    """Hold numbers to what a class declares of the options of these names; raises ``UsageError``."""
    for one in declared(of):
        _check_number(one, given.get(one.name))


def _check_number(one: Declared, value: Any) -> None:
    least, most, above = one.option.least, one.option.most, one.option.above
    if value is None or most is None:
        return
    if above is not None and not above < value <= most:
        raise UsageError(f"{one.name} is {value}; give more than {above}, {most} at most")  # NaN is refused too
    if least is not None and not least <= value <= most:
        raise UsageError(f"{one.name} is {value}; give {least} to {most}")
