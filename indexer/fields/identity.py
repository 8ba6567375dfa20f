"""Point ids: one per photo, the same on every machine and in every run."""

from __future__ import annotations

from uuid import UUID, uuid5

NAMESPACE = UUID("6c1f7a0e-5d0a-5a34-9a53-3a7f4f0f5b1e")
"""Fixed forever: changing it would orphan every point that was ever written."""


def point_id(product_id: str, image_key: str) -> str:
    """UUIDv5 (RFC 9562) of a product's photo, from its product id and its path in the catalog."""
    # The length keeps ("a", "b/c") and ("a/b", "c") apart whatever characters ids and paths hold.
    return str(uuid5(NAMESPACE, f"{len(product_id)}:{product_id}/{image_key}"))
