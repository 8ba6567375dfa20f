"""Talking to the service in tests: apps, keys, raw requests, problems."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, File, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.testclient import TestClient

from indexer import errors
from searcher.http.access.keys import KeyFile
from searcher.http.app import create_app
from searcher.http.problems import Problem
from searcher.http.server.bounded import Bounded
from searcher.http.server.connections import Connections, Limits
from searcher.http.server.httptools_protocol import BoundedHttpTools
from searcher.http.server.sockets import bind
from searcher.search.ground.stages import stage
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.indexes.built_index import Photographed
from tests.shops.whole_shop import Shop

probe = APIRouter(prefix="/v1/probe")
"""Routes that do what a test needs a route to do."""

MakeApp = Callable[..., FastAPI]


def problem_of(answer: Any, status: int) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = Problem.model_validate_json(answer.content)
    assert document.status == status
    assert document.request_id == answer.headers["x-request-id"]
    assert document.detail.isprintable()
    return document


@contextmanager
def unlimited(shop: Shop, *, most_pixels: int | None = None) -> Iterator[TestClient]:
    """A client of the service over a shop, without keys and without a limit of requests."""
    settings = ServeSettings(_env_file=None, index=shop.index.root, rate_limit=0)  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(shop.index, most_pixels=most_pixels))) as client:
        yield client


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    k: int = Field(gt=0)
    name: str = ""


@probe.post("/json")
def take_json(asked: Asked) -> int:
    return asked.k


@probe.get("/raise/{kind}")
def fail(kind: str) -> None:
    with stage("search"):
        if kind == "bug":
            raise ZeroDivisionError("secret /srv/internals")
        raise getattr(errors, kind)("what is wrong at /srv/shop/index; secret\x1b[31m\nsecond line")


@probe.get("/products/{product_id}")
def look(product_id: str) -> dict[str, str]:
    with stage("search"), stage("decode"):
        return {"product_id": product_id}


def app_over(photographed: Photographed, **options: Any) -> FastAPI:
    """The service with the routes to try things on."""
    settings = ServeSettings(_env_file=None, index=photographed.root, **options)  # type: ignore[call-arg]
    app = create_app(settings, SearchService(photographed.index))
    app.include_router(probe)
    return app


class Keyring:
    """A key file with a key of each scope."""

    def __init__(self, path: Path) -> None:
        self.file = KeyFile(path)
        self.read_key, self.read = self.file.add("reader", "read")
        self.admin_key, self.admin = self.file.add("boss", "admin")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def running(app: FastAPI, limits: Limits | None = None, connection: type[Bounded] = BoundedHttpTools) -> Iterator[int]:
    """The app behind a real server on loopback, as `searcher serve` makes it; gives the port."""
    limits = limits or Limits(connections=100)
    with bind("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=limits.header_bytes + 1024,
            http=Connections(limits, connection),  # type: ignore[arg-type]  # makes them
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def exchange(port: int, *pieces: bytes, end: bool = False) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Send bytes as they are, read one answer until the server closes or it is complete: status, headers, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if end:
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            headers = {}
            while (line := answer.readline().decode().strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = answer.read(int(headers["content-length"]))
    return status, headers, json.loads(body)


@probe.post("/photo")
async def take_photo(photo: UploadFile = File()) -> int:  # noqa: B008
    return len(await photo.read())


ADDRESSES = {
    "/": "/",
    "/review": "/review",
    "/favicon.ico": "/favicon.ico",
    "/static/{name:path}": "/static/page/main.js",
    "/livez": "/livez",
    "/readyz": "/readyz",
    "/metrics": "/metrics",
    "/openapi.json": "/openapi.json",
    "/v1/similar": "/v1/similar?product_id=P001&k=3",
    "/v1/facets": "/v1/facets?field=category",
    "/v1/products/{product_id:path}": "/v1/products/P001",
    "/v1/pictures/{sha256}": "/v1/pictures/FIRST",
    "/v1/reports": "/v1/reports",
    "/v1/reports/model/{name}": "/v1/reports/model/report.html",
    "/v1/reports/{kind}/{name}": "/v1/reports/duplicates/report.csv",
    "/v1/duplicates": "/v1/duplicates",
    "/v1/duplicates/pictures/{sha256}": "/v1/duplicates/pictures/FIRST",
    "/v1/duplicates/difference": "/v1/duplicates/difference?first=FIRST&second=SECOND",
    "/v1/mislabels": "/v1/mislabels",
    "/v1/outliers": "/v1/outliers",
    "/v1/clusters": "/v1/clusters",
    "/v1/decisions": "/v1/decisions",
    "/v1/admin/status": "/v1/admin/status",
}
"""Of each route that has GET an address that it answers; FIRST and SECOND are photos of the report of duplicates."""


def answered(first: str, second: str) -> dict[str, str]:
    """The addresses by route, with the sha256 of two photos of a group of the report of duplicates."""
    return {route: path.replace("FIRST", first).replace("SECOND", second) for route, path in ADDRESSES.items()}
