"""What photos look like is kept by the content of their files; a file that cannot be used costs time alone."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from trainer.data.groups import look_cache
from trainer.data.groups.look_cache import NAME, LookCache
from trainer.data.groups.pictures import look_at


def photo(number: int) -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").rotate(number * 20).resize((40, 30)).convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two photos are worth a file."""
    monkeypatch.setattr(look_cache, "_AT_ONCE", 2)


def look_through(folder: Path | None, numbers: range) -> None:
    with closing(LookCache(folder)) as known:
        for number in numbers:
            assert known.look_at(photo(number)) == look_at(photo(number))


def test_a_look_is_that_of_the_photo_kept_or_not(tmp_path: Path) -> None:
    look_through(None, range(2))
    look_through(tmp_path / "kept", range(3))
    look_through(tmp_path / "kept", range(4))


def test_what_is_kept_is_not_looked_at_again(tmp_path: Path) -> None:
    look_through(tmp_path, range(2))
    with closing(sqlite3.connect(tmp_path / NAME)) as rows, rows:
        (table,) = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        rows.execute(f"UPDATE {table} SET hash = ?", [(7).to_bytes(8)])
    with closing(LookCache(tmp_path)) as known:
        assert [known.look_at(photo(number)).hash for number in range(2)] == [7, 7]
        assert known.look_at(photo(2)) == look_at(photo(2))


@pytest.mark.parametrize("content", [b"not a database, and longer than a header of one " * 50, b""])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    look_through(tmp_path, range(2))
    (tmp_path / NAME).write_bytes(content)
    look_through(tmp_path, range(2))
    look_through(tmp_path, range(2))


def test_a_folder_that_cannot_be_used_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    look_through(tmp_path / "file" / "below", range(2))


def test_a_few_photos_are_not_worth_a_file(tmp_path: Path) -> None:
    look_through(tmp_path / "kept", range(1))
    assert not (tmp_path / "kept").exists()
    look_through(tmp_path / "kept", range(2))
    look_through(tmp_path / "kept", range(3))  # a file that is there takes the third, too
    with closing(sqlite3.connect(tmp_path / "kept" / NAME)) as rows:
        (table,) = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        assert rows.execute(f"SELECT count(*) FROM {table}").fetchone() == (3,)
