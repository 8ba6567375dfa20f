"""A shard from elsewhere, another index or a snapshot, copied to be the next generation of an embedded index."""

from __future__ import annotations

from pathlib import Path

from indexer.generations.embedded import EmbeddedDraft, EmbeddedIndex, EmbeddedWriter
from indexer.stores.interface import GenerationRecord
from indexer.system.files import copy_tree, gone_on_failure, require_room, size_on_disk, writing

SHARD = "shard"


def published_shard(index: EmbeddedIndex, generation: str) -> Path:
    """The folder of a generation's shard; never changed once published."""
    return index._folder(int(generation)) / SHARD


def adopt(writer: EmbeddedWriter, shard: Path, record: GenerationRecord) -> EmbeddedDraft:
    """A draft that is a copy of ``shard``, search graph included; `Draft.publish` then has nothing to build.

    Raises:
        StoreUnwritable: there is no room for it.
        StoreError: it is no shard, or a damaged one.
    """
    from indexer.stores.embedded import EdgeStore

    index = writer._index
    number = max([*index.numbers(), int(index.current() or 0)]) + 1
    folder = index._building(number)
    with writing(index.root), gone_on_failure(folder):
        require_room(index.root, size_on_disk(shard))
        copy_tree(shard, folder / SHARD)
        store = EdgeStore.load(folder / SHARD, str(number), record)
        store.ensure_field_indexes(record.field_table)
    writer._draft = EmbeddedDraft(index, folder, store)
    return writer._draft
