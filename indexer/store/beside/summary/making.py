"""A summary is made: of all points of a generation, or of an earlier one and the points that were touched since."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from itertools import islice
from pathlib import Path

from indexer.store.beside.summary.ids import write_ids
from indexer.store.beside.summary.products import Counted, fields_compared, look_up, remove_product, write_product
from indexer.store.beside.summary.samples import write_samples
from indexer.store.beside.summary.tables import Unusable, write_facts, writing_tables
from indexer.store.beside.summary.touched import Touched
from indexer.store.beside.summary.words import Word, add_words, text_fields, words_of_texts
from indexer.store.interface import Store
from indexer.system.files import copy_file

AT_ONCE = 1_000
"""Points that are read again by their ids at once."""
WRITTEN_AT_ONCE = 20_000
"""Products whose keys are put in order together."""
WORDS_AT_ONCE = 100_000
"""Words that are counted here before they are written: 25 MB."""


def make_summary(store: Store, path: Path) -> None:
    """Read a generation through and write its summary; 200 bytes a product are held meanwhile.

    Raises:
        StoreError: it cannot be read.
        OSError: the disk refuses.
        Unusable: it changed meanwhile.
    """
    table = store.record.field_table
    counted, words, texts = Counted(table), Counter[Word](), text_fields(table)
    with writing_tables(path, store.record, new=True) as connection:
        for point in store.scroll(fields=["product_id", "photo.rank", *fields_compared(table)]):
            counted.add(point.payload)
            words.update(words_of_texts(point.payload, texts))
            if len(words) > WORDS_AT_ONCE:  # titles with a number of their own have as many words as there are photos
                add_words(connection, words)
                words.clear()
        add_words(connection, words)
        products = counted.products(store)
        while batch := list(islice(products, WRITTEN_AT_ONCE)):
            for product in batch:
                write_product(connection, product)
            write_ids(connection, [product.name for product in batch])
        _finish(connection, store)


def correct_summary(before: Path, store: Store, path: Path, touched: Touched) -> None:
    """Write the summary of a generation that another one was made into; what was not touched is not read.

    Args:
        before: the summary of what it was.
        store: the generation as it is now.
        path: the file to write.
        touched: every point that is not as it was, and maybe others.

    Raises:
        StoreError: the store cannot be read.
        OSError: the disk refuses.
        Unusable: the earlier summary is not one of this version and these fields, or it does not fit.
    """
    copy_file(before, path)
    texts, products, words = text_fields(store.record.field_table), set(touched.products), touched.words.copy()
    ids = sorted(touched.ids)
    for start in range(0, len(ids), AT_ONCE):
        for point in store.retrieve(ids[start : start + AT_ONCE]):
            products.add(str(point.payload["product_id"]))
            words.update(words_of_texts(point.payload, texts))
    with writing_tables(path, store.record, new=False) as connection:
        old = {name for name in products if remove_product(connection, name)}
        now = set()
        for product in look_up(store, products):
            write_product(connection, product)
            now.add(product.name)
        write_ids(connection, sorted(now - old), sorted(old - now))
        if not add_words(connection, words):
            raise Unusable(f"{before}: does not fit what was written since")
        _finish(connection, store)


def _finish(connection: sqlite3.Connection, store: Store) -> None:
    photos, products = connection.execute("SELECT total(photos), count(*) FROM products").fetchone()
    if photos != store.count():
        raise Unusable(f"generation {store.generation}: the photos of its products are not all there are")
    facts = {"photos": json.dumps(int(photos)), "products": json.dumps(products)}
    write_facts(connection, {**facts, **write_samples(connection, store)})
