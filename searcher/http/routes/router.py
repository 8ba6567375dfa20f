"""The router of all routes: an address that answers GET answers HEAD, with the same status and headers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter


class Router(APIRouter):
    """FastAPI's, with HEAD wherever there is GET: probes, link checkers and ``wget --spider`` ask that way.

    HEAD is a route of its own behind the one for GET, with the same function: keys, limits and what a route refuses are
    the same, logs and metrics tell the two apart, and the OpenAPI document shows GET alone. The server leaves out the
    body, whoever made it.
    """

    def add_api_route(self, *where: Any, **said: Any) -> None:
        """See `APIRouter.add_api_route`, which ``get`` and its like call."""
        super().add_api_route(*where, **said)
        methods = {method.upper() for method in said.get("methods") or ("GET",)}
        if "GET" in methods and "HEAD" not in methods:
            super().add_api_route(*where, **{**said, "methods": ["HEAD"], "include_in_schema": False})
