"""The shop whose service, store and client are forked."""

from __future__ import annotations

import pytest

from tests.shops.indexes.built_index import Photographed, make_photographed


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    return make_photographed(tmp_path_factory.mktemp("forks"))
