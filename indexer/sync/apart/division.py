"""Which photos are in which shard, and how it is told that a shard is of other ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.photos.reading import READING
from indexer.store.records import GenerationRecord
from indexer.store.tally import payload_text
from indexer.store.transfer.shards.shard_folder import shard_of
from indexer.sync.photo import Wanted

SHARD_PHOTOS = 2000
"""Photos a shard, unless something else is asked for: some 15 MB, and what a kill costs at most on each worker."""


@dataclass(frozen=True, slots=True)
class Job:
    """A shard that is to be made."""

    number: int
    contents: str
    """See `digest_of`."""
    photos: list[Wanted]


def shards_for(photos: int, each: int) -> int:
    """How many shards so many photos take."""
    return max(1, -(-photos // each))


def divide(wanted: Sequence[Wanted], shards: int, record: GenerationRecord) -> list[Job]:
    """Every shard, the empty ones too; which a photo is in depends on its id and their number alone."""
    parts: list[list[Wanted]] = [[] for _ in range(shards)]
    for one in wanted:
        parts[shard_of(one.id, shards)].append(one)
    for part in parts:
        part.sort(key=lambda one: one.id)
    return [Job(number, digest_of(part, record), part) for number, part in enumerate(parts)]


def digest_of(part: Sequence[Wanted], record: GenerationRecord) -> str:
    """Over all that decides what a shard holds: models, reading, colours, and of each photo what the catalog says and
    what was seen of it; empty for one without photos."""
    if not part:
        return ""
    text = None if record.text_model is None else record.text_model.fingerprint
    made_by = [record.fingerprint, text, READING, record.colours]
    digest = hashlib.blake2b(json.dumps(made_by).encode(), digest_size=16)
    for one in part:
        seen = None if one.seen is None else list(one.seen)
        said = json.dumps([one.id, one.image.key, one.image.rank, seen, payload_text(one.payload)])
        digest.update(said.encode() + b"\n")
    return digest.hexdigest()
