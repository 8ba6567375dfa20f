"""A collection of a Qdrant server: how one is made, what it says about itself, which payload indexes it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError
from indexer.fields.types import FieldTable, FieldType
from indexer.store.filters.tree import known_fields
from indexer.store.policy import GRAPHLESS
from indexer.store.records import SCHEMA_VERSION, GenerationRecord, VectorName
from indexer.store.server.connection import MEMORY_TIERS, PREFIX_MATCH, Connection
from indexer.store.server.options import CollectionOptions, Quantization
from indexer.store.server.reads.mark import changed
from indexer.store.server.reads.plain import ask_server
from indexer.store.tuning import HNSW_EF_CONSTRUCT, HNSW_M, Memory

if TYPE_CHECKING:
    from qdrant_client import models

METADATA_KEY = "jewelry_similarity"
"""The server merges metadata by its top-level keys, so this project's is under one, replaced as a whole."""


@dataclass(frozen=True, slots=True)
class CollectionState:
    """What the metadata of one of our collections says."""

    collection: str
    record: GenerationRecord
    complete: bool
    revision: int = 0
    """How often it was synced in place since it was built."""
    writer: str = ""
    """Who builds it, or did: machine and state folder."""
    build: str = ""
    """Drawn for each collection, as one that was removed may have had the same name; empty for those of old."""
    points: int | None = None
    """How many it held when it was last published; None where an earlier version did not write that down."""
    content: str = ""
    """Drawn at each publish, for what belongs to these points alone (`indexer.store.beside`); blank while they change,
    and where an earlier version published."""
    info: Any = field(default=None, repr=False, compare=False)
    """What the server says of it, as the plain JSON of its REST interface."""

    @property
    def number(self) -> int:
        """The generation's number, the end of the collection's name; 0 where it has none."""
        end = self.collection.rpartition("-")[2]
        return int(end) if end.isdecimal() else 0

    @property
    def name(self) -> str:
        """The generation's name: its number, and how often it was synced in place."""
        return f"{self.number}.{self.revision}" if self.revision else str(self.number)

    def metadata(self) -> dict[str, Any]:
        """As the collection's metadata."""
        return {
            METADATA_KEY: {
                **self.record.to_json(),
                "state": "complete" if self.complete else "building",
                "revision": self.revision,
                "writer": self.writer,
                "build": self.build,
                **({} if self.points is None else {"points": self.points}),
                **({"content": self.content} if self.content else {}),
            }
        }


def create_collection(
    connection: Connection,
    state: CollectionState,
    options: CollectionOptions,
    mark: Mapping[str, Any] | None = None,
) -> None:
    """An empty collection that no filter can make slow: an index for every field, others refused.

    Args:
        connection: the wire.
        state: its name, and what it says about itself.
        options: how it is kept.
        mark: who builds it, as metadata beside the state's, see `indexer.store.server.writers`.

    Raises:
        StoreError: the server refuses.
    """
    from qdrant_client import models

    client, name = connection.client, state.collection
    preset = options.quantization or Quantization.NONE
    try:
        connection.call(
            client.create_collection,
            name,
            vectors_config={
                str(vector): _vector_params(connection, vector, dimension, preset)
                for vector, dimension in state.record.dimensions.items()
            },
            hnsw_config=models.HnswConfigDiff(m=HNSW_M, ef_construct=HNSW_EF_CONSTRUCT),
            **_storage_params(connection, options.memory),
            quantization_config=quantization_config(connection, preset),
            shard_number=options.shards,
            replication_factor=options.replicas,
            write_consistency_factor=options.write_consistency,
            strict_mode_config=models.StrictModeConfig(
                enabled=True, unindexed_filtering_retrieve=False, unindexed_filtering_update=False
            ),
            metadata=state.metadata() | dict(mark or {}),
        )
    except StoreError as error:
        # A request whose answer was lost is sent again and then finds the collection there: made by the first try.
        if "already exists" not in str(error) or read_state(connection, name) != state:
            raise
    ensure_field_indexes(connection, name, state.record.field_table, options.memory)


def read_state(connection: Connection, collection: str) -> CollectionState:
    """What a collection was built from, by its own name or an alias.

    Raises:
        StoreError: it is missing, not of this project, of a newer schema, or of another shape than its record says.
    """
    return state_from(connection, collection, ask_server(connection, "collection", collection))


def state_from(connection: Connection, collection: str, info: Any) -> CollectionState:
    """`read_state` of what the server says of the collection."""
    where = f"{connection.where}: collection {collection}"
    try:
        config: Mapping[str, Any] = info["config"]
        metadata: Mapping[str, Any] = (config.get("metadata") or {})[METADATA_KEY]
        record = GenerationRecord.from_json(metadata)
        complete, revision = metadata["state"] == "complete", int(metadata["revision"])
        writer, build = str(metadata["writer"]), str(metadata.get("build", ""))
        content = str(metadata.get("content", ""))
        points = None if metadata.get("points") is None else int(metadata["points"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{where} was not made by this project; set another JEWELRY_COLLECTION") from error
    if record.schema_version > SCHEMA_VERSION:
        raise StoreError(f"{where} has schema {record.schema_version}, newer than this version's; upgrade")
    vectors = config.get("params", {}).get("vectors", {})
    for vector, dimension in record.dimensions.items():
        size = vectors[vector].get("size") if isinstance(vectors.get(vector), dict) else None
        if size != dimension:
            raise StoreError(
                f"{where} holds vectors {vector!r} of {size} dimensions where its record says {dimension}; "
                "set another JEWELRY_COLLECTION or build it anew"
            )
    return CollectionState(collection, record, complete, revision, writer, build, points, content, info)


def write_state(connection: Connection, state: CollectionState) -> None:
    """Replace what a collection says about itself."""
    connection.call(connection.client.update_collection, state.collection, metadata=state.metadata())
    changed()


def ensure_field_indexes(
    connection: Connection, collection: str, table: FieldTable, memory: Memory = Memory.CACHED
) -> None:
    """Index every filterable field; a field whose type changed is indexed anew, others stay as they are."""
    client = connection.client
    present = ask_server(connection, "collection", collection).get("payload_schema", {})
    for name, kind in known_fields(table).items():
        schema = _index_params(connection, kind, memory)
        if name in present:
            same = present[name]["data_type"] == str(schema.type.value)
            prefix = (present[name].get("params") or {}).get("prefix")
            if same and bool(prefix) == bool(getattr(schema, "prefix", None)):
                continue
            if not same:
                connection.call(client.delete_payload_index, collection, name, wait=True)
        connection.call(client.create_payload_index, collection, name, schema, wait=True)


def quantization_config(connection: Connection, preset: Quantization) -> Any:
    """qdrant-client's model of a preset; None for none. The compressed copies stay in memory."""
    from qdrant_client import models

    pinned: Any = {"memory": models.Memory.PINNED} if connection.knows(MEMORY_TIERS) else {"always_ram": True}
    if preset is Quantization.INT8:
        return models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, **pinned)
        )
    if preset is Quantization.TURBO:
        return models.TurboQuantization(
            turbo=models.TurboQuantQuantizationConfig(bits=models.TurboQuantBitSize.BITS4, **pinned)
        )
    return None


def quantization_of(info: Any) -> str:
    """The name of the preset a collection has; one that we do not offer goes by the server's name for it."""
    config = info["config"].get("quantization_config")
    if not config:
        return str(Quantization.NONE)
    kind: str = next(iter(config))
    presets = {"scalar": Quantization.INT8, "turbo": Quantization.TURBO}
    return str(presets.get(kind, kind))


def change_quantization(connection: Connection, state: CollectionState, preset: Quantization) -> None:
    """Compress, or stop compressing, an existing collection; its originals and its graph stay."""
    if quantization_of(state.info) != preset:
        from qdrant_client import models

        wanted = quantization_config(connection, preset) or models.Disabled.DISABLED
        connection.call(connection.client.update_collection, state.collection, quantization_config=wanted)


def _vector_params(
    connection: Connection, name: VectorName, dimension: int, preset: Quantization
) -> models.VectorParams:
    from qdrant_client import models

    placed: Any = {"hnsw_config": models.HnswConfigDiff(m=0)} if name in GRAPHLESS else {}
    if preset is not Quantization.NONE:  # the originals are read only to settle the order of a few candidates
        placed |= {"memory": models.Memory.COLD} if connection.knows(MEMORY_TIERS) else {"on_disk": True}
    return models.VectorParams(size=dimension, distance=models.Distance.COSINE, **placed)


def _storage_params(connection: Connection, memory: Memory) -> dict[str, Any]:
    from qdrant_client import models

    if connection.knows(MEMORY_TIERS):
        tier = models.Memory(memory.value)
        payload = models.Memory.CACHED if memory is Memory.PINNED else tier  # which cannot be pinned
        return {
            "payload": models.PayloadStorageParams(memory=payload),
            "id_tracker": models.IdTrackerParams(memory=tier),
        }
    return {"on_disk_payload": memory is not Memory.PINNED}


def _index_params(connection: Connection, kind: FieldType, memory: Memory) -> Any:
    """Without links of its own in the graph, see `indexer.store.policy`."""
    from qdrant_client import models

    common: Any = {"enable_hnsw": False}
    if connection.knows(MEMORY_TIERS):
        common["memory"] = models.Memory(memory.value)
    elif memory is Memory.COLD:  # the other two are one to such a server
        common["on_disk"] = True
    match kind:
        case FieldType.KEYWORD:
            prefix = True if connection.knows(PREFIX_MATCH) else None
            return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, prefix=prefix, **common)
        case FieldType.NUMBER:
            return models.FloatIndexParams(type=models.FloatIndexType.FLOAT, **common)
        case FieldType.BOOLEAN:
            return models.BoolIndexParams(type=models.BoolIndexType.BOOL, **common)
        case FieldType.DATE:
            return models.DatetimeIndexParams(type=models.DatetimeIndexType.DATETIME, **common)
        case FieldType.TEXT:
            return models.TextIndexParams(
                type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.WORD, lowercase=True, **common
            )
