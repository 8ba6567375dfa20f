"""A table as Parquet, with the extra ``parquet``; rows are counted from 1."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.catalog.tables.objects import cells_of
from indexer.catalog.tables.packed import opened
from indexer.catalog.tables.records import Record
from indexer.errors import CatalogError, MissingExtra

_BATCH = 2_000


class ParquetRows:
    """The products of a file, one a row.

    Args:
        path: the file, packed or not.

    Raises:
        MissingExtra: the library that reads it is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._arrow = path, _arrow()

    def __iter__(self) -> Iterator[Record]:
        """Every row."""
        number = 0
        with opened(self._path) as file:
            source = file if file.seekable() else io.BytesIO(file.read())
            try:
                for batch in self._arrow.parquet.ParquetFile(source).iter_batches(batch_size=_BATCH):
                    for row in _plain(self._arrow, batch).to_pylist():
                        number += 1
                        yield Record(number, cells_of(row))
            except (self._arrow.ArrowException, OSError, UnicodeDecodeError) as error:
                reason = " ".join(str(error).split())
                raise CatalogError(f"{self._path}: not readable as Parquet ({reason}); export it anew") from error


def _plain(arrow: Any, batch: Any) -> Any:
    """The batch with short floats as texts: as doubles they are 19.989999771118164."""
    columns = [
        column.cast(arrow.string()) if arrow.types.is_float32(column.type) or arrow.types.is_float16(column.type)
        else column
        for column in batch.columns
    ]  # fmt: skip
    return arrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    return pyarrow
