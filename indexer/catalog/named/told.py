"""What rows say, listened to before anything is made of them: whose are as they were is not read again."""

from __future__ import annotations

import hashlib
import json
import secrets
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from indexer.catalog.columns import Columns
from indexer.catalog.products import Told
from indexer.catalog.tables.table import Sheet

DIGEST = 16
"""Bytes of a digest."""
_BETWEEN = "\x1f"
"""Between the cells of a row (ASCII's unit separator)."""


class Known(Protocol):
    """What is known of the products of a manifest from the last time."""

    @property
    def salt(self) -> bytes:
        """The salt of the digests that were taken then."""

    def unchanged(self, told: Told, root: Path) -> bytearray:
        """Of each product, 1 where its rows and its photos are certainly as they were.

        Args:
            told: what the rows say now.
            root: the catalog's, below which the photos are.
        """


def listen(sheet: Sheet, columns: Columns, known: Known | None) -> Told:
    """Go through all rows, without making anything of them.

    Args:
        sheet: the rows in our own words.
        columns: how their cells are read.
        known: whose salt the digests are to have; a new one if None.
    """
    salt = secrets.token_bytes(DIGEST) if known is None else known.salt
    told = Told(salt, json.dumps([sheet.columns, columns.reading]))
    numbers, digests, images, doubtful = told.numbers, told.digests, told.images, told.doubtful
    cells_of, between = itemgetter(*sheet.columns), len(sheet.columns) - 1
    blake2b, fit = hashlib.blake2b, columns.fit
    for row in sheet.rows:
        cells = row.cells
        text = _BETWEEN.join(cells_of(cells))
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST, salt=salt).digest()
        product = cells["product_id"]
        number = numbers.get(product)
        if number is None:
            number = numbers[product] = len(digests)
            digests.append(digest)
            images.append(cells["image"])
        else:
            digests[number] = blake2b(digests[number] + digest, digest_size=DIGEST, salt=salt).digest()
            images[number] += f"|{cells['image']}"
        if row.problem or row.is_open or text.count(_BETWEEN) != between or not fit(cells):
            doubtful.add(number)
    return told
