"""`searcher similar --batch`: what is wrong with a line is said of that line, and the others are answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from searcher.cli.main import main
from tests.shops.indexes.built_index import Photographed


def asked(photographed: Photographed, content: bytes, folder: Path) -> tuple[int, str, str]:
    listed = folder / "ids.txt"
    listed.write_bytes(content)
    command = ["similar", "--index", str(photographed.root), "--batch", str(listed), "-k", "1", "--json"]
    result = CliRunner().invoke(main, command)
    return result.exit_code, result.stdout, result.stderr


def test_a_line_that_is_not_utf_8_fails_alone(photographed: Photographed, tmp_path: Path) -> None:
    code, printed, said = asked(photographed, b"P001\nP\xff2\n\nno-such\nP002\n", tmp_path)
    assert code == 3
    assert [set(one) & {"matches", "error"} for one in json.loads(printed)] == [
        {"matches"},
        {"error"},
        {"error"},
        {"matches"},
    ]
    assert said.count("Error: product ") == 2


def test_the_mark_of_an_editor_is_no_letter_of_the_first_id(photographed: Photographed, tmp_path: Path) -> None:
    code, printed, _ = asked(photographed, b"\xef\xbb\xbfP001\r\nP002\r\n", tmp_path)
    assert code == 0
    assert [one["query"]["product_id"] for one in json.loads(printed)] == ["P001", "P002"]


@pytest.mark.parametrize("content", ["P001\nP002\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_no_text_is_one_line(photographed: Photographed, tmp_path: Path, content: bytes) -> None:
    code, printed, said = asked(photographed, content, tmp_path)
    assert (code, printed) == (2, "")
    assert "cannot be read (it is not text in UTF-8); give a text file with a product id a line" in said
