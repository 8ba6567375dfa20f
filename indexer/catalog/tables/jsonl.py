"""A table as JSON, one object a line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

from indexer.catalog.tables.objects import cells_of
from indexer.catalog.tables.packed import opened
from indexer.catalog.tables.records import Record

_LONGEST = 16 * 1024 * 1024
"""Bytes of a line: what is longer is no product, and is passed over without being kept."""
_ADVICE = "write one object a line, without commas between lines"


class JsonLines:
    """The products of a file, one a line; numbers are taken as they are written. Blank lines are passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Record]:
        """Every line; one that cannot be used has a problem."""
        with opened(self._path) as file:
            number = 0
            while line := file.readline(_LONGEST):
                number += 1
                is_whole = line.endswith(b"\n")
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if len(line) == _LONGEST and not is_whole:
                    while (rest := file.readline(_LONGEST)) and not rest.endswith(b"\n"):
                        pass
                    yield Record(number, {}, f"is longer than {_LONGEST // 2**20} MB; {_ADVICE}")
                elif line.strip():
                    yield _record(number, line, is_open=not is_whole)


def _record(number: int, line: bytes, *, is_open: bool) -> Record:
    try:
        value = json.loads(line.decode(), parse_float=str, parse_int=str, parse_constant=_none)
        if not isinstance(value, dict):
            return Record(number, {}, f"is no JSON object; {_ADVICE}")
        return Record(number, cells_of(value))
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 (byte 0x{line[error.start]:02x}); save it as UTF-8"
    except json.JSONDecodeError:
        problem = f"is not JSON; {_ADVICE}"
    except RecursionError:
        problem = "is nested too deep; write products with plain values"
    if is_open:
        return Record(number, {}, "the file ends within this line; send all of it", is_cut=True)
    return Record(number, {}, problem)


def _none(_: str) -> None:
    """NaN and Infinity, which are no JSON: what programs write where there is no number."""
