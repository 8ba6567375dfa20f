"""An index for filters to be tried on."""

from __future__ import annotations

import pytest

from tests.shops.indexes.built_index import Built, make_built


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Sixty products, with every kind of field."""
    return make_built(tmp_path_factory.mktemp("built"))
