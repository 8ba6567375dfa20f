"""Names in JSON that a question does not know: refused with the names that it does, in every form alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel


def told(found: Sequence[Any], model: Any, depth: int = 0) -> list[Any]:
    """pydantic's errors, those of unknown names with the names that there are, and first.

    A name that is not known is what is wrong; that an example is not a text either is not.

    Args:
        found: errors as pydantic lists them.
        model: the model, or a union or list of models, that was to be made.
        depth: where in the path of an error the model begins.
    """
    unknown = [
        {**one, "type": "unknown_name", "msg": not_known(_names_at(model, one["loc"][depth:-1]))}
        for one in found
        if one["type"] == "extra_forbidden"
    ]
    return [*unknown, *(one for one in found if one["type"] != "extra_forbidden")]


def not_known(known: Iterable[str]) -> str:
    """What is said of a name that is not among those known."""
    names = ", ".join(known)
    return f"is not known here; there is: {names}" if names else "is not known here; the address takes no parameters"


def _names_at(kind: Any, path: Sequence[str | int]) -> list[str]:
    """The fields of the models that a path through nested models, lists and unions leads to."""
    models = _models_of(kind)
    for part in path:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        named = [model for model in models if model.__name__ == part]
        if fields or named:
            models = named or [model for field in fields for model in _models_of(field.annotation)]
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def _models_of(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models_of(part)]
