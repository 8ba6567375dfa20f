"""The service over the indexes of the searcher's tests: in the process, and on loopback as a real server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.faults.serving.service_process import SCRIPT
from tests.searcher.http.conversation import Keyring, MakeApp, app_over
from tests.shops.indexes.built_index import Photographed


@pytest.fixture
def make_app(photographed: Photographed) -> MakeApp:
    """Makes an app with other settings."""
    return partial(app_over, photographed)


@pytest.fixture(scope="session")
def client(photographed: Photographed) -> Iterator[TestClient]:
    """A client of the service without keys, and without a limit: all tests share it."""
    with TestClient(app_over(photographed, rate_limit=0)) as client:
        yield client


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys.json")


@pytest.fixture
def guarded(make_app: MakeApp, keyring: Keyring) -> Iterator[TestClient]:
    """A client of the service with keys."""
    with TestClient(make_app(keys=keyring.file.path)) as client:
        yield client


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path
