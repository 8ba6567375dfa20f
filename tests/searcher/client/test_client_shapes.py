"""The client's types are what the writer makes of the OpenAPI document, and the document is the service's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from searcher.client import shapes
from searcher.client.write_shapes import write
from searcher.http.app import create_app, describe
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.indexes.built_index import Photographed


def test_the_shapes_are_those_of_the_document() -> None:
    """After a change of the service's models: python -m searcher.http.app | python -m searcher.client.write_shapes"""
    assert Path(str(shapes.__file__)).read_text(encoding="utf-8") == write(describe())


def test_the_document_without_settings_is_the_services_own(photographed: Photographed) -> None:
    settings = ServeSettings(_env_file=None, index=photographed.root)  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(photographed.index))) as client:
        served = client.get("/openapi.json").json()
    assert served["paths"] == describe()["paths"]
    assert served["components"] == describe()["components"]


def test_the_writer_refuses_what_it_does_not_know() -> None:
    document = {"paths": {}, "components": {"schemas": {"Odd": {"properties": {"x": {"not": {}}}}}}}
    with pytest.raises(ValueError, match="teach write_shapes"):
        write(document)
