"""Parameters of routes: made from what a question declares, and refused where a route does not know them.

An option that is silently ignored looks like an answer to the question that was meant, so a name that a route does
not take is refused with the names that it does: in the address, among the parts of a form, and in JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any, get_args

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from searcher.questions.fields import takes_list, text_fields

TAKE_ANYTHING = frozenset({"/v1/pictures/{sha256}", "/v1/duplicates/pictures/{sha256}", "/v1/duplicates/difference"})
"""Pictures: pages and proxies append what they like to their addresses, and no option could be meant by it."""

_known: dict[Callable[..., Any], tuple[Mapping[str, bool], Mapping[str, bool]]] = {}


def given_in(place: Callable[..., Any], *kinds: type, **names: str) -> Callable[..., Any]:
    """A dependency that reads the options that dataclasses declare from an address or a form, as a dictionary.

    Args:
        place: `fastapi.Query` or `fastapi.Form`.
        kinds: dataclasses of options, such as `Options`.
        names: the parameter's name for options that have another one here, by the option's name.
    """

    async def given(**values: Any) -> dict[str, Any]:
        return values

    def parameter(name: str, kind: Any, said: dict[str, Any], default: Any) -> Parameter:
        named = {"alias": names[name]} if name in names else {}
        annotation = Annotated[kind, place(**said, **named)]
        return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    given.__signature__ = Signature([parameter(*one) for one in text_fields(*kinds)])  # type: ignore[attr-defined]
    return given


async def refuse_unknown(request: Request) -> None:
    """Dependency of all routes under /v1: 422 for a parameter or part that is not known, or given more than once.

    Raises:
        RequestValidationError: names each of them, and what there is.
    """
    route: APIRoute = request.scope["route"]
    if route.path in TAKE_ANYTHING:
        return
    if route.endpoint not in _known:
        _known[route.endpoint] = _parameters(route.dependant)
    query, parts = _known[route.endpoint]
    refused = _refused("query", [name for name, _ in request.query_params.multi_items()], query)
    if parts:  # FastAPI has read the form by now, and keeps it
        refused += _refused("body", [name for name, _ in (await request.form()).multi_items()], parts)
    if refused:
        raise RequestValidationError(refused)


def unknown_names_told(request: Request, found: Sequence[Any]) -> list[Any]:
    """The errors of a request whose body has names that are not known: each with the names that there are."""
    route = request.scope.get("route")
    bodies = route.dependant.body_params if isinstance(route, APIRoute) else []
    return told(found, bodies[0].field_info.annotation, 1) if len(bodies) == 1 else list(found)


def told(found: Sequence[Any], model: Any, depth: int) -> list[Any]:
    """pydantic's errors, those of unknown names with the names that there are; ``depth``: where the model begins."""
    return [
        {**one, "type": "unknown_name", "msg": _message(_names_at(model, one["loc"][depth:-1]))}
        if one["type"] == "extra_forbidden"
        else one
        for one in found
    ]


def _parameters(dependant: Dependant) -> tuple[dict[str, bool], dict[str, bool]]:
    """The parameters in the address, and the parts of the form: by name, whether one may be repeated."""
    query = {one.alias: takes_list(one.field_info.annotation) for one in dependant.query_params}
    parts = {
        one.alias: takes_list(one.field_info.annotation)
        for one in dependant.body_params
        if isinstance(one.field_info, params.Form)
    }
    for further in dependant.dependencies:
        more_query, more_parts = _parameters(further)
        query, parts = {**query, **more_query}, {**parts, **more_parts}
    return query, parts


def _refused(place: str, names: Iterable[str], known: Mapping[str, bool]) -> list[dict[str, Any]]:
    refused = []
    for name, count in Counter(names).items():
        if name not in known:
            refused.append({"type": "unknown_parameter", "loc": (place, name), "msg": _message(known)})
        elif count > 1 and not known[name]:
            refused.append({"type": "repeated", "loc": (place, name), "msg": f"is given {count} times; give it once"})
    return refused


def _message(known: Iterable[str]) -> str:
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
