"""Generations on a Qdrant server: an alias that points to one collection, the next one built beside it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qdrant_client import models

from indexer.errors import StoreError, StoreMissing
from indexer.store.records import GenerationRecord
from indexer.store.server.collection import (
    CollectionState,
    change_quantization,
    create_collection,
    ensure_field_indexes,
    quantization_of,
    read_state,
    state_from,
)
from indexer.store.server.connection import Connection, is_missing
from indexer.store.server.draft import BuiltDraft, LiveDraft
from indexer.store.server.engine import ServerStore
from indexer.store.server.options import CollectionOptions
from indexer.system.lock import writer_lock

KEEP = 2
ABANDONED_AFTER = timedelta(days=1)
"""An unfinished collection of another machine is left alone for this long: its writer may be alive."""


class ServerIndex:
    """An alias ``<name>`` that points to a collection ``<name>-<n>``; see `Index`.

    Readers ask the alias once and then stay with its collection, so that an answer comes from one generation. A
    sync with the same model changes that collection in place, which shows as another revision: ``3``, ``3.1``, …

    Args:
        connection: the wire.
        name: the alias, and the beginning of the collections' names.
        local: this machine's folder: the writer's lock, thumbnails, the journal of unfinished work, rejects.
        options: how new collections are kept.
    """

    in_process = False

    def __init__(
        self, connection: Connection, name: str, local: Path, options: CollectionOptions | None = None
    ) -> None:
        self._connection, self._client, self._call = connection, connection.client, connection.call
        self._local = local
        self._collections = re.compile(re.escape(name) + r"-([1-9]\d*)")
        self.name, self.options = name, options or CollectionOptions()

    @property
    def connection(self) -> Connection:
        """The wire, for what only a server can do: snapshots, cluster state."""
        return self._connection

    @property
    def location(self) -> str:
        """The server's address and the alias."""
        return f"{self._connection.where}/collections/{self.name}"

    @property
    def local(self) -> Path:
        """See `Index.local`."""
        return self._local

    def current(self) -> str | None:
        """See `Index.current`; two requests."""
        state = self.published_state()
        return None if state is None else state.name

    def record(self) -> GenerationRecord | None:
        """See `Index.record`."""
        state = self.published_state()
        return None if state is None else state.record

    def generations(self) -> list[str]:
        """See `Index.generations`."""
        return [state.name for state in self.states() if state.complete]

    def read(self) -> ServerStore:
        """See `Index.read`."""
        state = self.published_state()
        if state is None:
            raise StoreMissing(f"{self.location}: no index here yet; fill it with: indexer sync CATALOG")
        return self.open(state)

    def open(self, state: CollectionState) -> ServerStore:
        """A generation as a store, published or not."""
        return ServerStore(self._connection, state.collection, state.record, state.name)

    @contextmanager
    def write(self) -> Iterator[ServerWriter]:
        """See `Index.write`. The lock is this machine's: two machines must not sync the same alias at once."""
        with writer_lock(self._local / "LOCK"):
            writer = ServerWriter(self)
            try:
                yield writer
            finally:
                writer.abandon()

    def rollback(self) -> str:
        """See `Index.rollback`; moves the alias, so it takes three requests whatever the size."""
        with writer_lock(self._local / "LOCK"):
            published = self.alias_target()
            number = self.number_of(published) if published else None
            earlier = [s for s in self.states() if s.complete and (number is None or s.number < number)]
            if published is None or not earlier:
                raise StoreMissing(f"{self.location}: there is no earlier generation to go back to")
            self.point_alias_to(earlier[-1].collection)
            return earlier[-1].name

    def prune(self, keep: int = 1) -> list[str]:
        """See `Index.prune`."""
        with writer_lock(self._local / "LOCK"):
            self.clear_abandoned()
            published = self.alias_target()
            complete = [state for state in self.states() if state.complete]
            kept = {state.collection for state in complete[max(0, len(complete) - keep) :]} | {published}
            gone = [state for state in complete if state.collection not in kept]
            for state in gone:
                self.drop(state.collection)
            return [state.name for state in gone]

    def describe(self) -> dict[str, Any]:
        """See `Index.describe`."""
        state = self.published_state()
        version = self._connection.version
        found: dict[str, Any] = {
            "engine": "server",
            "server": self._connection.where,
            "alias": self.name,
            "server_version": None if version is None else ".".join(map(str, version)),
        }
        if state is not None:
            config = state.info.config
            found |= {
                "collection": state.collection,
                "quantization": quantization_of(state.info),
                "shards": config.params.shard_number,
                "replicas": config.params.replication_factor,
                "write_consistency": config.params.write_consistency_factor,
                "strict": bool(config.strict_mode_config and config.strict_mode_config.enabled),
                "optimizer": str(state.info.status.value),
                "payload_indexes": {name: str(i.data_type.value) for name, i in state.info.payload_schema.items()},
            }
        return found

    def alias_target(self) -> str | None:
        """The collection that the alias points to; None where there is no alias.

        Raises:
            StoreError: a collection has the alias's name, or the alias points to a collection that is not ours.
        """
        aliases = self._call(self._client.get_aliases).aliases
        target = next((a.collection_name for a in aliases if a.alias_name == self.name), None)
        if target is None and self.name in self._names():
            raise StoreError(
                f"{self.location}: is a collection, where this project makes an alias; set another JEWELRY_COLLECTION"
            )
        if target is not None and self.number_of(target) is None:
            raise StoreError(
                f"{self.location}: the alias points to {target}, which this project did not make; "
                "set another JEWELRY_COLLECTION"
            )
        return target

    def published_state(self) -> CollectionState | None:
        """What the published collection says about itself; None before the first."""
        target = self.alias_target()
        if target is None:
            return None
        try:
            return read_state(self._connection, target)
        except StoreError as error:
            if not is_missing(error.__cause__):
                raise
        if self.alias_target() != target:  # it moved between the two looks: take the new one
            return self.published_state()
        raise StoreError(
            f"{self.location}: the alias points to {target}, which is not there; go back with: "
            "indexer rollback, or remove the alias and sync again"
        )

    def states(self) -> list[CollectionState]:
        """All our collections of this name, by number; others that happen to be called so are passed over."""
        found = []
        for name in self._names():
            if self.number_of(name) is not None:
                try:
                    info = self._call(self._client.get_collection, name)
                except StoreError as error:
                    if is_missing(error.__cause__):  # removed since it was listed
                        continue
                    raise
                with suppress(StoreError):
                    found.append(state_from(self._connection, name, info))
        return sorted(found, key=lambda state: state.number)

    def number_of(self, collection: str) -> int | None:
        """The generation's number in a collection's name, None where the name is none of ours."""
        found = self._collections.fullmatch(collection)
        return int(found[1]) if found else None

    def next_number(self) -> int:
        """A number no collection has, ours or not."""
        return max([number for name in self._names() if (number := self.number_of(name))], default=0) + 1

    def point_alias_to(self, collection: str) -> None:
        """Move the alias in one step: a reader finds the old collection or the new one, never nothing."""
        steps: list[Any] = [
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self.name)),
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=collection, alias_name=self.name)
            ),
        ]
        self._call(self._client.update_collection_aliases, steps)

    def drop(self, collection: str) -> None:
        """Remove a collection; one that is not there is no error."""
        self._call(self._client.delete_collection, collection)

    def clear_abandoned(self) -> None:
        """Remove what dead writers left: this machine's at once, as we hold its lock, others' after a day."""
        published = self.alias_target()
        for state in self.states():
            abandoned = state.writer == self.signature() or _age(state.record) > ABANDONED_AFTER
            if not state.complete and state.collection != published and abandoned:
                self.drop(state.collection)

    def signature(self) -> str:
        """Who writes: this machine and its state folder."""
        return f"{socket.gethostname()}:{self._local.resolve()}"

    def _names(self) -> list[str]:
        return [collection.name for collection in self._call(self._client.get_collections).collections]


class ServerWriter:
    """The one writer of an alias; see `Writer`."""

    def __init__(self, index: ServerIndex) -> None:
        self._index = index
        self._state = index.published_state()
        self._draft: BuiltDraft | LiveDraft | None = None
        index.clear_abandoned()

    def published(self) -> ServerStore | None:
        """See `Writer.published`."""
        return None if self._state is None else self._index.open(self._state)

    def draft(self, record: GenerationRecord, *, from_published: bool) -> BuiltDraft | LiveDraft:
        """See `Writer.draft`; with ``from_published`` it is the live collection, changed in place."""
        connection, options = self._index.connection, self._index.options
        if from_published and self._state is not None:
            if not record.is_comparable(self._state.record):
                raise StoreError(f"{self._index.location}: holds vectors of another model; build it anew beside")
            if options.quantization is not None:
                change_quantization(connection, self._state, options.quantization)
            ensure_field_indexes(connection, self._state.collection, record.field_table)
            self._draft = LiveDraft(connection, replace(self._state, record=record))
        else:
            name = f"{self._index.name}-{self._index.next_number()}"
            state = CollectionState(name, record, complete=False, writer=self._index.signature())
            create_collection(connection, state, options)
            self._draft = BuiltDraft(connection, state, options.ready_timeout, self._publish)
        return self._draft

    def _publish(self, state: CollectionState) -> None:
        """Switch, and remove what is no longer needed: rolled-back generations, and all but the newest few."""
        self._index.point_alias_to(state.collection)
        complete = [other for other in self._index.states() if other.complete]
        before = self._state.number if self._state else 0
        rolled_back = [other for other in complete if before < other.number < state.number]
        kept = [other for other in complete if other not in rolled_back][-KEEP:]
        for other in complete:
            if other not in kept and other.collection != state.collection:
                self._index.drop(other.collection)

    def abandon(self) -> None:
        """Remove a collection that was begun and not published."""
        if isinstance(self._draft, BuiltDraft) and not self._draft.is_published:
            with suppress(StoreError):  # what cannot be removed now, the next writer clears away
                self._index.drop(self._draft.collection)


def _age(record: GenerationRecord) -> timedelta:
    try:
        made = datetime.fromisoformat(record.created_at)
    except ValueError:
        return timedelta(0)
    return datetime.now(UTC) - (made if made.tzinfo else made.replace(tzinfo=UTC))
