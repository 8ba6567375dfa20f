"""What the index writes beside the catalog's fields has a row in the table of roles, and what has a row is written."""

from __future__ import annotations

import json
from pathlib import Path

from indexer.fields.roles import KEPT, KEPT_TABLE, RESERVED, ROLES
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import value_at
from indexer.sync.annotate.clusters import update_clusters
from indexer.sync.annotate.co_views import update_co_views
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model


def test_what_is_written_is_what_has_a_row(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    sync(write_small_catalog(tmp_path / "catalog", products=3), write_tiny_model(tmp_path / "model"), index)
    views = [{"session": "a", "product": product, "time": 1_770_000_000} for product in ("P000", "P001", "P002")]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(view) + "\n" for view in views))
    update_co_views(events, index)
    update_clusters(index, dict.fromkeys(("P000", "P001", "P002"), "P000"))
    store = index.read()
    payloads, columns = [point.payload for point in store.scroll()], store.record.field_table.keys() - KEPT_TABLE
    store.close()
    written = {name for payload in payloads for name in payload} - columns
    assert written == {role.name for role in ROLES if "." not in role.name}
    assert all(value_at(payload, role.name) is not None for payload in payloads for role in ROLES)


def test_what_a_sync_does_not_write_is_kept_and_no_column_can_have_its_name() -> None:
    assert KEPT == ("co_viewed", "cluster")
    assert set(KEPT) < RESERVED.keys()
