"""Catalogs of one-byte files for the readers' tests, and what to ask of the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError


def touch(root: Path, *names: str) -> Path:
    """Files with a byte in them: a reader finds photos, it does not open them."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def manifest(root: Path, content: str | bytes) -> Path:
    """A catalog.csv beside the photos a.jpg … d.jpg and rings/e.jpg."""
    touch(root, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "rings/e.jpg")
    (root / "catalog.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def photos(catalog: Catalog) -> dict[str, list[str]]:
    return {product.id: [image.key for image in product.images] for product in catalog.products}


def reasons(catalog: Catalog) -> dict[str, str]:
    for reject in catalog.rejects:
        assert reject.reason.isprintable()
    return {reject.where: reject.reason for reject in catalog.rejects}


def refused(path: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        read_catalog(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.isprintable(), message
    return message
