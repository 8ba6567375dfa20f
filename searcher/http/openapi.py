"""The OpenAPI document: what FastAPI derives from the routes, with problem details and, where needed, API keys."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from searcher.http.access.authentication import is_public
from searcher.http.problems import Problem

TAGS = [
    {"name": "search", "description": "Products that look like a product, a photo or a vector, or match words."},
    {"name": "catalog", "description": "Products and their pictures, facets, categories of photos."},
    {"name": "reports", "description": "Duplicates, doubtful labels, outliers and clusters of the whole catalog."},
    {"name": "health", "description": "For orchestrators and monitoring."},
    {"name": "admin", "description": "Needs a key of scope admin."},
]
DESCRIPTION = """\
Visual search over a jewelry catalog: find products that look like a product or a photo.

Every error is a problem document (RFC 9457, `application/problem+json`) with a `request_id` that names the request
in the service's log; send your own as `X-Request-ID`. A W3C `traceparent` is continued. API keys go into the header
`Authorization: Bearer …` or `X-API-Key`, never into the address.
"""
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "options", "head"})


def complete_openapi(app: FastAPI, *, keyed: bool) -> None:
    """Let the app describe its problem details, and its API keys if it wants any."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(derive(), keyed=keyed)
        assert app.openapi_schema is not None  # noqa: S101
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _complete(document: dict[str, Any], *, keyed: bool) -> None:
    """Change the document that FastAPI has derived, and keeps."""
    components = document.setdefault("components", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = components.setdefault("schemas", {})
    for form in _forms(document):
        _close(schemas[form])
    schemas.update({**schema.pop("$defs", {}), "Problem": schema})
    if not keyed:
        return
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, as made by `searcher keys add`."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    }
    document["security"] = [{"bearer": []}, {"header": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS and is_public(path):
                operation["security"] = []


def _forms(document: dict[str, Any]) -> set[str]:
    """Names of the schemas of forms."""
    contents = [
        operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
        for operations in document["paths"].values()
        for operation in operations.values()
    ]
    return {content["schema"]["$ref"].rpartition("/")[2] for content in contents if content}


def _close(form: dict[str, Any]) -> None:
    """Declare that a form takes no other parts, and its files as client generators of any age expect them."""
    form["additionalProperties"] = False
    for part in form["properties"].values():
        if "contentMediaType" in part or part.get("format") == "binary":
            part |= {"format": "binary", "contentMediaType": "application/octet-stream"}
