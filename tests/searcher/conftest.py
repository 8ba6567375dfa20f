"""Indexes that many of the searcher's tests ask: built directly, or of photos."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from searcher.service import SearchService
from tests.shops.catalogs.planted import Planted, plant
from tests.shops.indexes.built_index import Built, Photographed, make_built, make_photographed


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Sixty products; the vectors of two products are equal, photo by photo."""
    return make_built(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def photographed(tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    """Twelve products with two photos each; the last product has no thumbnails and hostile texts."""
    return make_photographed(tmp_path_factory.mktemp("photographed"))


@pytest.fixture(scope="module")
def service(photographed: Photographed) -> Iterator[SearchService]:
    """What answers from them."""
    service = SearchService(photographed.index)
    yield service
    service.close()


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """A drawn catalog with planted copies and variants."""
    return plant(tmp_path_factory.mktemp("planted"))


HOSTS = "JEWELRY_ALLOWED_HOSTS"


@pytest.fixture(scope="session", autouse=True)
def host_of_shared_clients() -> Iterator[None]:
    """Clients without a network ask for the host testserver, which no service on loopback answers by of itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOSTS, "testserver")
        yield


@pytest.fixture(autouse=True)
def host_of_test_clients(no_settings_from_outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for clients that one test makes, which sees no other setting from outside."""
    monkeypatch.setenv(HOSTS, "testserver")
