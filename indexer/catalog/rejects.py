"""The list of what a command left out, for the person who has to repair it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from indexer.catalog.products import Reject
from indexer.system.files import replace_text

NAME = "rejects.jsonl"


def write_rejects(index_root: Path, rejects: Sequence[Reject], name: str = NAME) -> Path | None:
    """Replace ``<index>/<name>`` with these, one JSON object a line; without any, remove it and return None."""
    path = index_root / name
    if not rejects:
        path.unlink(missing_ok=True)
        return None
    lines = (json.dumps(reject.to_json(), ensure_ascii=False) for reject in rejects)
    replace_text(path, "\n".join(lines) + "\n")
    return path
