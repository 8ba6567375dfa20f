"""A picture server, a shop on it, and hosts that are given up soon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.photos.fetch.many import hosts
from tests.indexer.photos.fetch.many.web_shop import WebShop
from tests.indexer.photos.fetch.photo_host import HASTY, PhotoHost, photo_host


@pytest.fixture
def host() -> Iterator[PhotoHost]:
    with photo_host() as host:
        yield host


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs lose patience as soon as a test wants."""
    monkeypatch.setattr(hosts, "Patience", lambda: HASTY)


@pytest.fixture
def shop(tmp_path: Path, host: PhotoHost, hasty: None) -> WebShop:
    return WebShop(tmp_path, host)
