"""Declared options as fields of pydantic models: for JSON, which has types of its own, and for text, which has none.

JSON is taken at its word: ``"5"`` is not a number and ``1`` is not true. Addresses and forms carry text alone. What is
``null`` or an empty text is not given at all, as programs send what their own form left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import get_annotations
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    create_model,
    model_validator,
)

from searcher.questions.declared import Declared, declared

Text = Annotated[str, StringConstraints(max_length=1000)]


def _number(value: Any) -> Any:
    """Refuse what pydantic would read as a number although it is not one in JSON: true, and a text of digits."""
    if isinstance(value, bool | str):
        raise ValueError(f"must be a number, not {'true or false' if isinstance(value, bool) else 'text'}")
    return value


IsNumber = BeforeValidator(_number)  # goes last: bounds that come after it are not in the OpenAPI document


def _truth(value: Any) -> Any:
    """Refuse what pydantic would read as true or false although the document names these two alone: 1, yes, on."""
    if isinstance(value, str) and value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value


Truth = Annotated[bool, BeforeValidator(_truth)]
"""True or false where values are text."""


class Body(BaseModel):
    """A request body; a name that is not known is refused, so that a typing error is not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    option_names: ClassVar[tuple[str, ...]] = ()
    """The fields that `taking` has added."""

    @model_validator(mode="before")
    @classmethod
    def _given(cls, sent: Any) -> Any:
        """Without what stands there and says nothing; a name that is not known is refused, whatever its value."""
        if not isinstance(sent, Mapping):
            return sent
        meant = {name: cls.meant(name, value) if name in cls.model_fields else value for name, value in sent.items()}
        return {name: value for name, value in meant.items() if value is not None or name not in cls.model_fields}

    @classmethod
    def meant(cls, name: str, value: Any) -> Any:
        """The value of a field as it is read on; None where it says nothing.

        Null and an empty text say nothing, and so does, of an option, a list of these alone: what a list of examples
        holds is what is asked with.
        """
        empty = _is_empty_list(value) if isinstance(value, list) and name in cls.option_names else value == ""
        return None if empty else value

    def wanted(self) -> dict[str, Any]:
        """The declared options as keyword arguments of `SearchService`."""
        return {name: getattr(self, name) for name in self.option_names}


def _is_empty_list(values: list[Any]) -> bool:
    """Whether a list has entries that say nothing, and no others; one without entries says something: no fields."""
    return bool(values) and all(one is None or one == "" for one in values)


Model = TypeVar("Model", bound=Body)


def taking(*kinds: type, tool: bool = False) -> Callable[[type[Model]], type[Model]]:
    """Class decorator: the model takes the options that dataclasses declare besides its own fields, which win.

    Args:
        kinds: dataclasses of options, such as `Options`.
        tool: with the texts for language models, and filters as texts alone.
    """

    options = [one for kind in kinds for one in declared(kind)]

    def with_options(model: type[Model]) -> type[Model]:
        own = get_annotations(model)
        made: dict[str, Any] = {one.name: _json_field(one, tool) for one in options if one.name not in own}
        taken = create_model(model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **made)
        taken.option_names = tuple(dict.fromkeys((*model.option_names, *(one.name for one in options))))
        return taken

    return with_options


def text_fields(*kinds: type) -> Iterator[tuple[str, Any, dict[str, Any], Any]]:
    """Name, type, keywords of `fastapi.Query` or `Form`, and default of each option where values are text."""
    for one in (one for kind in kinds for one in declared(kind)):
        default = [] if one.many and not one.nullable else one.default
        if one.many:
            yield one.name, list[Text], _said(one), default
        elif get_origin(one.kind) is tuple:
            yield one.name, _listed_numbers(one), _said(one), default
        else:
            kind = {str: Text, bool: Truth}.get(one.kind, one.kind)
            yield one.name, kind, {**_said(one), **_bounds(one)}, default


def takes_list(annotation: Any) -> bool:
    """Whether a field takes several values."""
    return any(get_origin(one) in (list, tuple) for one in (annotation, *get_args(annotation)))


def _json_field(one: Declared, tool: bool) -> tuple[Any, Any]:
    said, kind = _said(one, tool), _json_type(one)
    if one.is_filter and not tool:
        said["description"] += " Or one filter in Qdrant's JSON."
        kind = kind | dict[str, Any]
    if one.many and not one.nullable:
        return kind, Field(default_factory=list, **said)
    return kind | None if one.nullable else kind, Field(one.default, **said)


def _json_type(one: Declared) -> Any:
    if one.many:
        return list[Text]
    if one.kind in (int, float):
        return Annotated[one.kind, Field(**_bounds(one)), IsNumber]
    if get_origin(one.kind) is tuple:
        return _numbers(one)
    return {str: Text, bool: StrictBool}.get(one.kind, one.kind)


def _numbers(one: Declared) -> Any:
    """So many numbers as are declared, in JSON."""
    return tuple[tuple(Annotated[kind, Field(**_bounds(one)), IsNumber] for kind in get_args(one.kind))]  # type: ignore[misc]


def _listed_numbers(one: Declared) -> Any:
    """The same in text: a list whose name is repeated, or which is one text."""
    kind, count = Annotated[get_args(one.kind)[0], Field(**_bounds(one))], len(get_args(one.kind))
    whole = Field(min_length=count, max_length=count)
    return Annotated[list[kind], whole, BeforeValidator(_split), AfterValidator(tuple)]  # type: ignore[valid-type]


def _split(given: Any) -> Any:
    """``0,0,1,0.5`` as the numbers that it holds; they may be given one by one too."""
    return [part for text in given for part in text.split(",")] if isinstance(given, list) else given


def _bounds(one: Declared) -> dict[str, Any]:
    finite = False if float in (one.kind, *get_args(one.kind)) else None
    bounds = {"ge": one.option.least, "gt": one.option.above, "le": one.option.most, "allow_inf_nan": finite}
    return {name: value for name, value in bounds.items() if value is not None}


def _said(one: Declared, tool: bool = False) -> dict[str, Any]:
    option = one.option
    said: dict[str, Any] = {"description": (option.tool if tool else None) or option.text}
    if option.items is not None:
        said["max_length"] = option.items
    if option.example is not None and not tool:
        said["examples"] = [option.example]
    return said
