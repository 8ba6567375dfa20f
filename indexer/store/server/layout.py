"""Where generations are on a server: an alias, and collections whose names end in the generation's number."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError, StoreMissing
from indexer.store.beside.companions import FOLDER, Companions, clear
from indexer.store.records import GenerationRecord
from indexer.store.server.collection import CollectionState, read_state, state_from
from indexer.store.server.connection import Connection
from indexer.store.server.reads.mark import changed
from indexer.store.server.reads.plain import ask_server, reading
from indexer.store.server.wire.cluster import is_limited
from indexer.store.server.wire.faults import is_missing

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

ABANDONED_AFTER = timedelta(days=1)
"""An unfinished collection of another machine is left alone for this long: its writer may be alive."""


class Layout:
    """The alias ``<name>``, which points to the published one of the collections ``<name>-<n>``.

    Args:
        connection: the wire.
        name: the alias, and the beginning of the collections' names.
        local: this machine's folder, where the writer's lock is.
    """

    def __init__(self, connection: Connection, name: str, local: Path) -> None:
        self.connection, self.name, self.local = connection, name, local
        self.location = f"{connection.where}/collections/{name}"
        self.lock = local / "LOCK"
        self._beside = local / FOLDER
        self._call = connection.call
        self._collections = re.compile(re.escape(name) + r"-([1-9]\d*)")

    @property
    def _client(self) -> QdrantClient:
        return self.connection.client

    def companions(self, state: CollectionState) -> Companions:
        """The files beside a collection on this machine."""
        return Companions(self._beside / state.collection, state.content)

    def alias_target(self) -> str | None:
        """The collection that the alias points to; None where there is no alias.

        Raises:
            StoreError: a collection has the alias's name, the alias points to a collection that is not ours, or the key
                is one for some collections and sees no such alias.
        """
        answer = ask_server(self.connection, "aliases")
        with reading(self.connection):
            named = {str(one["alias_name"]): str(one["collection_name"]) for one in answer["aliases"]}
        target = named.get(self.name)
        if target is None and self.name in self._names():
            raise StoreError(
                f"{self.location}: is a collection, where this project makes an alias; set another JEWELRY_COLLECTION"
            )
        if target is None and self.connection.has_key and is_limited(self.connection.look):
            raise StoreError(
                f"{self.location}: this key sees no such alias; it is a token for some collections, and has to list "
                f"{self.name} and the collection behind it ({self.name}-1 or a later one); set JEWELRY_QDRANT_API_KEY "
                "to one that does, or that may read all"
            )
        if target is not None and self.number_of(target) is None:
            raise StoreError(
                f"{self.location}: the alias points to {target}, which this project did not make; "
                "set another JEWELRY_COLLECTION"
            )
        return target

    def missing(self) -> StoreMissing:
        """The error of an alias that is not there, as far as that can be known."""
        if self.connection.has_key and is_limited(self.connection.look) is None:
            return StoreMissing(
                f"{self.location}: no index here yet, or this key sees no such alias; fill it with: "
                "indexer sync CATALOG, or set JEWELRY_QDRANT_API_KEY to a key that may read it"
            )
        return StoreMissing.at(self.location)

    def current(self) -> CollectionState | None:
        """What the published collection says about itself; None before the first."""
        target = self.alias_target()
        if target is None:
            return None
        try:
            return read_state(self.connection, target)
        except StoreError as error:
            if not is_missing(error.__cause__):
                raise
        if self.alias_target() != target:  # it moved between the two looks: take the new one
            return self.current()
        raise StoreError(
            f"{self.location}: the alias points to {target}, which is not there; go back with: indexer rollback, "
            "or where there is nothing to go back to, let the alias point to a collection of this name that is there"
        )

    def publish(self, collection: str) -> None:
        """Move the alias in one step: a reader finds the old collection or the new one, never nothing."""
        from qdrant_client import models

        steps: list[Any] = [
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self.name)),
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=collection, alias_name=self.name)
            ),
        ]
        self._call(self._client.update_collection_aliases, steps)
        changed()

    def states(self) -> list[CollectionState]:
        """All our collections of this name, by number; others that happen to be called so are passed over."""
        found = []
        for name in self._names():
            if self.number_of(name) is not None:
                try:
                    info = ask_server(self.connection, "collection", name)
                except StoreError as error:
                    if is_missing(error.__cause__):  # removed since it was listed
                        continue
                    raise
                with suppress(StoreError):
                    found.append(state_from(self.connection, name, info))
        return sorted(found, key=lambda state: state.number)

    def complete(self) -> list[CollectionState]:
        """The generations that can be published, by number."""
        return [state for state in self.states() if state.complete]

    def number_of(self, collection: str) -> int | None:
        """The generation's number in a collection's name, None where we did not make the name."""
        found = self._collections.fullmatch(collection)
        return int(found[1]) if found else None

    def next_number(self) -> int:
        """A number no collection has, ours or not."""
        return max([number for name in self._names() if (number := self.number_of(name))], default=0) + 1

    def remove(self, collection: str) -> None:
        """Remove a collection; a missing one is ignored."""
        self._call(self._client.delete_collection, collection)
        clear(self._beside / collection)

    def unfinished(self, record: GenerationRecord) -> CollectionState | None:
        """The collection that this machine began for the same record and did not finish, the oldest of several."""
        published = self.alias_target()
        for state in self.states():
            mine = not state.complete and state.collection != published and state.writer == self.signature()
            if mine and state.record.means_same(record):
                return state
        return None

    def remove_unfinished(self, spared: CollectionState | None = None) -> None:
        """Remove what dead writers left: this machine's at once, as we hold its lock, others' after a day."""
        published = self.alias_target()
        for state in self.states():
            abandoned = state.writer == self.signature() or _age(state.record) > ABANDONED_AFTER
            if not state.complete and state.collection != published and abandoned and state != spared:
                self.remove(state.collection)

    def signature(self) -> str:
        """Who writes: this machine and its state folder."""
        return f"{socket.gethostname()}:{self.local.resolve()}"

    def _names(self) -> list[str]:
        answer = ask_server(self.connection, "collections")
        with reading(self.connection):
            return [str(collection["name"]) for collection in answer["collections"]]


def _age(record: GenerationRecord) -> timedelta:
    try:
        made = datetime.fromisoformat(record.created_at)
    except ValueError:
        return timedelta(0)
    return datetime.now(UTC) - (made if made.tzinfo else made.replace(tzinfo=UTC))
