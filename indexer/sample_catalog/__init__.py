"""A sample catalog of drawn jewelry: eight categories, designs and their variants, photos, manifest and truth.

Nothing is downloaded and no picture is stored: products are drawn from a seed. ``designs`` says what a product is,
``shapes`` builds it as points on the ``solids`` bench, ``camera`` and ``materials`` show it, ``scene`` takes the photo,
``writer`` writes the files.
"""

from __future__ import annotations

from indexer.sample_catalog.designs import Design, Product, draw_products
from indexer.sample_catalog.scene import View, draw_photo, photo_views
from indexer.sample_catalog.writer import SampleSummary, write_sample

__all__ = ["Design", "Product", "SampleSummary", "View", "draw_photo", "draw_products", "photo_views", "write_sample"]
