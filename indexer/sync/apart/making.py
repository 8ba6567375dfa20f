"""Makes one shard: its photos through the same pipeline as a sync's, and what comes out as the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from indexer.models.directory import ModelFile
from indexer.models.embedder import Embedder
from indexer.photos.thumbnails import ThumbnailStore, drawn
from indexer.store.records import GenerationRecord
from indexer.store.transfer.shards.shard_file import Row, write_shard
from indexer.sync.apart.division import Job
from indexer.sync.embedding.journal import Journal
from indexer.sync.embedding.pipeline import Pipeline
from indexer.sync.kept_fields import Keeper
from indexer.sync.payload import Payloads
from indexer.sync.photo import Wanted
from indexer.system.scratch import scratch_folder

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel


class _InMemory(ThumbnailStore):
    """Thumbnails that go into the shard."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._drawn: dict[str, bytes] = {}

    def write(self, sha256: str, image: Image.Image, *, anew: bool = False) -> None:  # noqa: ARG002
        """Keep one."""
        self._drawn[sha256] = bytes(drawn(image))

    def take(self, sha256: str) -> bytes | None:
        """Give one away, the first time that it is asked for."""
        return self._drawn.pop(sha256, None)


@dataclass
class Maker:
    """Makes shards, one after the other; what models cost to load, they cost once.

    Args:
        model: embeds the photos.
        text_model: embeds them a second time, where there is one.
        record: of the whole; when it was made is the ``indexed_at`` of all photos.
        scratch: a folder for work in progress.
        workers: threads that embed.
    """

    model: ModelFile
    text_model: TextModel | None
    record: GenerationRecord
    scratch: Path
    workers: int
    _embedder: Embedder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._embedder = Embedder(self.model)

    def make(self, job: Job, coming: Iterable[Wanted], done: Callable[[], None]) -> bytes:
        """The file of a shard.

        Args:
            job: says which.
            coming: its photos, by who fetches them ahead while they are asked for.
            done: told of each photo.

        Raises:
            OSError: the disk refuses.
            ModelError: a network cannot be run.
        """
        payloads, pictures = Payloads(Keeper(), self.record.created_at), _InMemory()
        rows: list[Row] = []
        rejects, embedded = [], 0
        with (
            scratch_folder(self.scratch, ".making-") as folder,
            Journal(folder, self.model, self.record.text_model) as journal,
        ):
            pipeline = Pipeline(
                self.model,
                pictures,
                journal,
                text_model=self.text_model,
                workers=self.workers,
                embedder=self._embedder,
            )
            with closing(pipeline.run(coming)) as outcomes:
                for outcome in outcomes:
                    photo, wanted = outcome.photo, outcome.wanted
                    if photo is None:
                        rejects.append(outcome.reject.to_json())
                    else:
                        embedded += outcome.how == "embedded"
                        payload = payloads.embedded(wanted, photo)
                        rows.append(Row(photo.point(wanted.id, payload), pictures.take(photo.facts.sha256)))
                    done()
        into = io.BytesIO()
        write_shard(
            into,
            rows,
            self.record,
            number=job.number,
            contents=job.contents,
            embedded=embedded,
            rejects=rejects,
        )
        return into.getvalue()
