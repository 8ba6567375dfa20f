"""Feeds that were damaged on their way, at any place: a row is rejected, or the file is refused, in words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.catalog_toml import Settings
from indexer.catalog.feeds.sheet import read_sheet
from indexer.catalog.tables.table import Row
from indexer.errors import CatalogError

FEEDS = Path(__file__).parents[3] / "shops" / "platforms"
TABLE = (FEEDS / "google_merchant.tsv").read_bytes()
LINES = b"\n".join(
    json.dumps({"id": f"J{n}", "image_link": "a.jpg", "price": {"value": n, "currency": "EUR"}}).encode()
    for n in range(4)
)
WHOLE = {
    "table": TABLE,
    "rss": (FEEDS / "google_merchant.rss.xml").read_bytes(),
    "atom": (FEEDS / "google_merchant.atom.xml").read_bytes(),
    "lines": LINES,
    "packed": gzip.compress(TABLE, mtime=0),
}
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(WHOLE))
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_happens_to_a_feed(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(whole) - 1, 0)))
        gone = data.draw(st.sampled_from([0, 1, 3, 50, len(whole)]))
        whole[at : at + gone] = data.draw(st.sampled_from([b"", b'"', b"\t", b"\n", b"<", b"{", b"\0", b"\xff\xfe"]))
    path = tmp_path_factory.mktemp("damaged") / "catalog"
    path.write_bytes(bytes(whole))
    rows, refused = read(path)
    assert (refused == "") or (refused.startswith(f"{path}:") and "\n" not in refused)
    assert all(isinstance(text, str) for row in rows for text in row.cells.values())
    assert all(row.problem is None or row.problem.isprintable() for row in rows)


def read(path: Path) -> tuple[Sequence[Row], str]:
    """The rows of a feed, or why there are none."""
    try:
        return read_sheet(path, Settings(path), NOON).rows, ""
    except CatalogError as error:
        return (), str(error)
