"""Lists of photos: what is written is read, in the present form and in that of keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import ModelError
from trainer.data.parts.lists import Listed, read_list, write_list

PHOTOS = (
    Listed("rings/a b.jpg", "a" * 64, 0xFEDCBA9876543210),
    Listed("rings/ü\\\n\tx.jpg", "b" * 64, 0),
    Listed("watches/1.jpg"),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_list(tmp_path / "seen.txt", [*PHOTOS[::-1], PHOTOS[0]])
    assert read_list(tmp_path / "seen.txt") == PHOTOS


def test_a_line_is_digest_key_and_hash(tmp_path: Path) -> None:
    write_list(tmp_path / "seen.txt", PHOTOS[:1])
    assert (tmp_path / "seen.txt").read_text() == f"{'a' * 64}\trings/a b.jpg\tfedcba9876543210\n"


def test_lists_of_keys_alone_are_read(tmp_path: Path) -> None:
    (tmp_path / "held_out.txt").write_text("rings/a b.jpg\nrings/c.jpg\n")
    assert read_list(tmp_path / "held_out.txt") == (Listed("rings/a b.jpg"), Listed("rings/c.jpg"))
    (tmp_path / "held_out.txt").write_text(f"{'a' * 64}\trings/a b.jpg\n")
    assert read_list(tmp_path / "held_out.txt") == (Listed("rings/a b.jpg", "a" * 64),)


def test_no_list_is_none(tmp_path: Path) -> None:
    assert read_list(tmp_path / "seen.txt") is None


def test_a_list_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "seen.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"seen\.txt: cannot be read \(it is not UTF-8\).*restore it"):
        read_list(tmp_path / "seen.txt")
    (tmp_path / "seen.txt").unlink()
    (tmp_path / "seen.txt").mkdir()
    with pytest.raises(ModelError, match="cannot be read"):
        read_list(tmp_path / "seen.txt")
