"""An index as one file, .npz or .parquet: point id, product id, payload and vectors of every photo, and the record."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from indexer.errors import JewelryError, MissingExtra, StoreError, UsageError
from indexer.store.filters.tree import Filter
from indexer.store.records import (
    COLOUR_VECTOR_NAME,
    SCHEMA_VERSION,
    TEXT_VECTOR_NAME,
    VECTOR_NAME,
    EngineFiles,
    GenerationRecord,
    Point,
    VectorName,
    vector_of,
)
from indexer.store.tally import PointSource, Tally, payload_text
from indexer.store.transfer.shards.shard_file import COLUMNS
from indexer.store.vectors import check_vectors
from indexer.system.files import replacing, writing

FORMAT = "jewelry-similarity points 1"
METADATA_KEY = b"jewelry_similarity"
"""Of a Parquet file's metadata: format, record and checksum as JSON."""
ROW_GROUP = 16384
_ARRAYS: dict[VectorName, str] = {
    VECTOR_NAME: "vectors",
    TEXT_VECTOR_NAME: "text_vectors",
    COLOUR_VECTOR_NAME: "colour_vectors",
}

_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    RecursionError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the readers of both formats raise on damaged files."""


@dataclass(frozen=True, slots=True)
class PointTable:
    """Points in memory, in order of id."""

    record: GenerationRecord
    ids: list[str]
    product_ids: list[str]
    payloads: list[str]
    """JSON."""
    vectors: NDArray[np.float32]
    """[n, dimension]"""
    checksum: str
    text_vectors: NDArray[np.float32] | None = None
    """[n, text dimension]; None without a text model."""
    colour_vectors: NDArray[np.float32] | None = None
    """[n, colours]; None where the index has none."""
    files: ClassVar[EngineFiles | None] = None

    def count(self, where: Filter | None = None) -> int:
        """Number of points; a table takes no filter."""
        if where is not None:
            raise UsageError("a file of points cannot be filtered; import it first")
        return len(self.ids)

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Iterator[Point]:
        """Every point; a table takes no filter."""
        self.count(where)
        columns = self.columns if vectors else {}
        for row, (identifier, payload) in enumerate(zip(self.ids, self.payloads, strict=True)):
            yield Point.of(identifier, json.loads(payload), {name: column[row] for name, column in columns.items()})

    @property
    def columns(self) -> dict[VectorName, NDArray[np.float32]]:
        """Its vectors by their names."""
        found = {
            VECTOR_NAME: self.vectors,
            TEXT_VECTOR_NAME: self.text_vectors,
            COLOUR_VECTOR_NAME: self.colour_vectors,
        }
        return {name: column for name, column in found.items() if column is not None}


def read_points(source: PointSource) -> PointTable:
    """All points of a generation."""
    tally, count = Tally(), source.count()
    columns = {name: np.empty((count, width), np.float32) for name, width in source.record.dimensions.items()}
    ids, products, payloads = [], [], []
    for row, point in enumerate(tally.watch(source.scroll(vectors=True))):
        for name, column in columns.items():
            if row >= count or (vector := vector_of(point, name)) is None:
                raise StoreError("the index changed while it was read; export it again")
            column[row] = vector
        ids.append(point.id)
        products.append(str(point.payload.get("product_id", "")))
        payloads.append(payload_text(point.payload))
    if len(ids) != count:
        raise StoreError("the index changed while it was read; export it again")
    return _table(source.record, ids, products, payloads, columns, tally.checksum)


def _table(
    record: GenerationRecord,
    ids: list[str],
    products: list[str],
    payloads: list[str],
    columns: Mapping[VectorName, NDArray[np.float32]],
    checksum: str,
) -> PointTable:
    beside = (columns.get(name) for name in (TEXT_VECTOR_NAME, COLOUR_VECTOR_NAME))
    return PointTable(record, ids, products, payloads, columns[VECTOR_NAME], checksum, *beside)


def write_table(source: PointSource, path: Path) -> PointTable:
    """Write a generation to ``path``, whose ending says which format; an older file stays until the new one is whole.

    Raises:
        UsageError: the name ends in neither .npz nor .parquet.
        MissingExtra: pyarrow is not installed.
        StoreUnwritable: the file cannot be written.
    """
    write, _ = _format(path)
    table = read_points(source)
    with writing(path.parent), replacing(path) as handle:
        write(table, handle)
    return table


def read_table(path: Path) -> PointTable:
    """Read what `write_table` wrote, and check all of it. Nothing in the file is executed: no pickle.

    Raises:
        UsageError: the name ends in neither .npz nor .parquet.
        MissingExtra: pyarrow is not installed.
        StoreError: there is no such file, it is damaged, or it is something else.
    """
    _, read = _format(path)
    if not path.is_file():
        raise StoreError(f"{path}: no such file; write one with: indexer export {path}")
    try:
        with path.open("rb") as handle:
            table = read(handle)
        return _checked(table)
    except JewelryError as error:
        raise StoreError(f"{path}: {error}") from error
    except _UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{path}: is not an export of an index, or is damaged ({reason}); export it again") from error


def _checked(table: PointTable) -> PointTable:
    """Rows in order of id; raises ``ValueError`` or ``StoreError`` where the parts do not belong together."""
    count = len(table.ids)
    if not count == len(table.payloads) == len(table.product_ids) == len(table.vectors):
        raise ValueError("its columns have different lengths")
    if any(str(UUID(identifier)) != identifier for identifier in table.ids) or len(set(table.ids)) != count:
        raise ValueError("its point ids are not those of an index")
    for name, width in table.record.dimensions.items():
        if len(table.columns[name]) != count:
            raise ValueError("its columns have different lengths")
        check_vectors(table.columns[name], width)
    if table.ids != sorted(table.ids):
        order = sorted(range(count), key=table.ids.__getitem__)
        table = _table(
            table.record,
            [table.ids[i] for i in order],
            [table.product_ids[i] for i in order],
            [table.payloads[i] for i in order],
            {name: column[order] for name, column in table.columns.items()},
            table.checksum,
        )
    tally = Tally()
    for point in table.scroll(vectors=True):
        if not isinstance(point.payload, dict):
            raise ValueError(f"the payload of point {point.id} is not an object")
        tally.add(point)
    if tally.checksum != table.checksum:
        raise ValueError("its checksum is wrong")
    return table


def _record(found: Mapping[str, Any]) -> GenerationRecord:
    if found["format"] != FORMAT:
        raise ValueError(f"its format is {str(found['format'])[:60]!r}")
    record = GenerationRecord.from_json(found["record"])
    if record.schema_version > SCHEMA_VERSION:
        raise StoreError(f"index schema {record.schema_version} is newer than this version's; upgrade")
    return record


def _write_npz(table: PointTable, handle: IO[bytes]) -> None:
    texts = [payload.encode() for payload in table.payloads]
    about = {"format": FORMAT, "record": table.record.to_json(), "checksum": table.checksum}
    arrays: dict[str, Any] = {_ARRAYS[name]: column for name, column in table.columns.items()}
    np.savez(
        handle,
        about=np.array(json.dumps(about)),
        ids=np.array(table.ids),
        product_ids=np.array(table.product_ids),
        # One run of bytes and where each text ends: an array of strings would be as wide as its longest everywhere.
        payload=np.frombuffer(b"".join(texts), np.uint8),
        payload_ends=np.cumsum([len(text) for text in texts], dtype=np.int64),
        **arrays,
    )


def _read_npz(handle: IO[bytes]) -> PointTable:
    with np.load(handle, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        record, ends, text = _record(about), arrays["payload_ends"], arrays["payload"]
        columns = {name: arrays[_ARRAYS[name]] for name in record.dimensions}
        plain = all(column.dtype == np.float32 for column in columns.values())
        if text.dtype != np.uint8 or ends.dtype != np.int64 or ends.ndim != 1 or not plain:
            raise ValueError("its columns have other types")
        starts = np.concatenate([[0], ends[:-1]])
        payloads = [text[start:end].tobytes().decode() for start, end in zip(starts, ends, strict=True)]
        ids, products = arrays["ids"].tolist(), arrays["product_ids"].tolist()
        return _table(record, ids, products, payloads, columns, str(about["checksum"]))


def _write_parquet(table: PointTable, handle: IO[bytes]) -> None:
    arrow, parquet = _pyarrow()
    about = {"format": FORMAT, "record": table.record.to_json(), "checksum": table.checksum}
    columns = {
        "id": arrow.array(table.ids, arrow.string()),
        "product_id": arrow.array(table.product_ids, arrow.string()),
        "payload": arrow.array(table.payloads, arrow.large_string()),
        **{COLUMNS[name]: _fixed_lists(arrow, column) for name, column in table.columns.items()},
    }
    made = arrow.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(about).encode()})
    parquet.write_table(made, handle, row_group_size=ROW_GROUP, compression="zstd", write_page_checksum=True)


def _read_parquet(handle: IO[bytes]) -> PointTable:
    arrow, parquet = _pyarrow()
    try:
        found = parquet.ParquetFile(handle, page_checksum_verification=True).read()
        about = json.loads((found.schema.metadata or {})[METADATA_KEY])
        record = _record(about)
        columns = {name: _rows(arrow, found[COLUMNS[name]], width) for name, width in record.dimensions.items()}
        ids, products, payloads = (found[name].to_pylist() for name in ("id", "product_id", "payload"))
    except arrow.ArrowException as error:
        raise ValueError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return _table(record, ids, products, payloads, columns, str(about["checksum"]))


def _fixed_lists(arrow: Any, vectors: NDArray[np.float32]) -> Any:
    return arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.reshape(-1), arrow.float32()), vectors.shape[1])


def _rows(arrow: Any, column: Any, dimension: int) -> NDArray[np.float32]:
    """A column of vectors as [n, dimension]; raises ``ValueError`` where it is something else."""
    vectors = column.combine_chunks()
    if vectors.type != arrow.list_(arrow.float32(), dimension) or column.null_count:
        raise ValueError(f"its vectors are {vectors.type}")
    return np.array(vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(column), dimension), np.float32)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    return pyarrow, pyarrow.parquet


_FORMATS: dict[str, tuple[Callable[[PointTable, IO[bytes]], None], Callable[[IO[bytes]], PointTable]]] = {
    ".npz": (_write_npz, _read_npz),
    ".parquet": (_write_parquet, _read_parquet),
}


def _format(path: Path) -> tuple[Callable[[PointTable, IO[bytes]], None], Callable[[IO[bytes]], PointTable]]:
    try:
        chosen = _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UsageError(f"{path}: name a file that ends in .npz or .parquet") from None
    if path.suffix.lower() == ".parquet":
        _pyarrow()
    return chosen
