"""Parameters of routes: made from what a question declares, and refused where a route does not know them.

An option that is silently ignored looks like an answer to the question that was meant, so a name that a route does
not take is refused with the names that it does: in the address, among the parts of a form, and in JSON. An option that
is known and has no value (``where=``) is not given, as browsers send what was left open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from searcher.http.photo_forms import PHOTO, empty_parts, is_photo
from searcher.questions.fields import takes_list, text_fields
from searcher.questions.unknown_names import not_known, told

TAKE_ANYTHING = frozenset(
    {
        "/v1/pictures/{sha256}",
        "/v1/duplicates/pictures/{sha256}",
        "/v1/duplicates/difference",
        "/v1/reports/model/{name}",
        "/v1/reports/{kind}/{name}",
    }
)
"""Pages and pictures: links and proxies append what they like to their addresses, and mean no option by it."""

EMPTY = "empty parameters"
"""Name in a request's scope of the parameters of its address that have no value."""

_known: dict[Callable[..., Any], tuple[Mapping[str, bool], Mapping[str, bool]]] = {}


class EmptyParameters:
    """Pure ASGI middleware: takes parameters without a value out of the address, before routes read it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer what is left."""
        if scope["type"] == "http" and (pieces := scope["query_string"].split(b"&")) != [b""]:
            said = [piece for piece in pieces if piece.partition(b"=")[2]]
            if len(said) < len(pieces):
                names = [name for name, value in QueryParams(scope["query_string"]).multi_items() if not value]
                scope.update({"query_string": b"&".join(said), EMPTY: names})  # in place, see `RootPath`
        await self.app(scope, receive, send)


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
    given = request.query_params.multi_items() + [(name, "") for name in request.scope.get(EMPTY, ())]
    if parts and is_photo(request):  # whose options stand in the address, for want of a form
        refused = _refused("query", given, {name: many for name, many in parts.items() if name != PHOTO})
        parts = {}
    else:
        refused = _refused("query", given, query)
    if parts:  # FastAPI has read the form by now, and keeps it
        form = await request.form()
        refused += _refused("body", form.multi_items() + [(name, "") for name in empty_parts(form)], parts)
    if refused:
        raise RequestValidationError(refused)


def unknown_names_told(request: Request, found: Sequence[Any]) -> list[Any]:
    """The errors of a request whose body has names that are not known: each with the names that there are."""
    route = request.scope.get("route")
    bodies = route.dependant.body_params if isinstance(route, APIRoute) else []
    return told(found, bodies[0].field_info.annotation, 1) if len(bodies) == 1 else list(found)


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


def _refused(place: str, given: Iterable[tuple[str, Any]], known: Mapping[str, bool]) -> list[dict[str, Any]]:
    refused, counts = [], Counter(name for name, value in given if value != "" or name not in known)
    for name, count in counts.items():
        if name not in known:
            refused.append({"type": "unknown_parameter", "loc": (place, name), "msg": not_known(known)})
        elif count > 1 and not known[name]:
            refused.append({"type": "repeated", "loc": (place, name), "msg": f"is given {count} times; give it once"})
    return refused
