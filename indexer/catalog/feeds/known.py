"""The feeds that are known, and which of them a table is: its header says so."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalog.feeds.feed import Feed, Headerless
from indexer.catalog.feeds.plain import Plain
from indexer.catalog.feeds.platforms.google_merchant import GoogleMerchant
from indexer.catalog.feeds.platforms.magento import Magento
from indexer.catalog.feeds.platforms.shopify import Shopify
from indexer.catalog.feeds.platforms.vision import Vision
from indexer.catalog.feeds.platforms.woocommerce import WooCommerce
from indexer.catalog.tables.table import Header

PLAIN, VISION = Plain(), Vision()
FEEDS: tuple[Feed, ...] = (PLAIN, VISION, Shopify(), WooCommerce(), Magento(), GoogleMerchant())
"""Our own columns before all others, and feeds with columns that nobody else has before those with common ones."""
HEADERLESS: tuple[Headerless, ...] = (VISION,)


def feed_of(header: Header) -> Feed | None:
    """The feed that has these columns; None where none has."""
    return next((feed for feed in FEEDS if feed.fits(header)), None)


def names_without_header(cells: Sequence[str]) -> Sequence[str] | None:
    """The names of a file's columns whose first line is already a product; None where it does not look like one."""
    return next((names for feed in HEADERLESS if (names := feed.without_header(cells)) is not None), None)
