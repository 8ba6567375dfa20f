"""The command line: tables for people, one JSON document for programs, one line and an exit code for errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.store.embedded.index import EmbeddedIndex
from searcher.cli.main import main
from searcher.service import SearchService
from tests.shops.indexes.built_index import Built, Photographed
from tests.shops.models.tiny_model import write_tiny_model

HEAVY = ("torch", "onnxruntime", "qdrant_client", "qdrant_edge", "numpy", "pydantic", "rich", "PIL", "sklearn")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env, index/ or JEWELRY_ variable of the developer takes part."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JEWELRY_")]:
        monkeypatch.delenv(name)


def run(*arguments: str | Path, input: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=input)


def failed(result: Result, exit_code: int, *parts: str) -> None:
    """One line on stderr, nothing on stdout."""
    assert result.exit_code == exit_code
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    for part in parts:
        assert part in lines[0]


def test_json_is_the_answer_of_the_service(built: Built) -> None:
    result = run("similar", "--product-id", "P004", "-k", "4", "--where", "price<=300", "--index", built.root, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    wanted = SearchService(built.root).similar("P004", k=4, where=["price<=300"]).to_json()
    assert {**document, "took_ms": 0} == {**wanted, "took_ms": 0}


def test_the_table_shows_every_match_and_field(photographed: Photographed) -> None:
    result = run("similar", "-p", "P000", "-k", "11", "--index", photographed.root)
    assert result.exit_code == 0
    heading, *rows, summary = result.stdout.splitlines()
    assert heading.split() == ["#", "product", "score", "category", "title", "price", "metal", "in", "stock", "photo"]
    assert len(rows) == 11
    for row, match in zip(rows, SearchService(photographed.root).similar("P000", k=11).matches, strict=True):
        assert match.product_id in row
        assert f"{match.score:.3f}" in row
        assert match.photo in row, "a pipe gets whole lines"
    assert summary.startswith("11 products like P000 · generation 1 · model ")
    assert "\x1b" not in result.stdout, "escape codes in a title do not reach the terminal"


def test_by_photo_from_a_file_and_from_a_pipe(photographed: Photographed) -> None:
    photo = photographed.catalog / "P005" / "0.png"
    for arguments, piped in ((("--image", photo), None), (("--image", "-"), photo.read_bytes())):
        result = run("similar", *arguments, "--index", photographed.root, "--json", input=piped)
        assert result.exit_code == 0, result.stderr
        first = json.loads(result.stdout)["matches"][0]
        assert first["product_id"] == "P005"
        assert first["score"] >= 0.999


def test_a_page_beside_the_answer(photographed: Photographed, tmp_path: Path) -> None:
    page = tmp_path / "answer.html"
    result = run("similar", "-p", "P000", "--index", photographed.root, "--html", page, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["matches"]
    assert result.stderr == f"Wrote {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_no_match_is_an_answer(built: Built) -> None:
    result = run("similar", "-p", "P004", "--where", "price>9000", "--index", built.root)
    assert result.exit_code == 0
    assert "No product passes price>9000." in result.stdout


def test_settings_stand_in_for_options(built: Built, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JEWELRY_INDEX", str(built.root))
    assert run("similar", "-p", "P004").exit_code == 0
    failed(run("similar", "-p", "P004", "--index", tmp_path / "none"), 1, "no index here yet")


def test_each_wrong_use_is_one_line(photographed: Photographed, tmp_path: Path) -> None:
    index = ("--index", photographed.root)
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    photo = photographed.catalog / "P005" / "0.png"
    other = write_tiny_model(tmp_path / "other", seed=9)
    failed(run("similar", *index), 2, "either a product id or a photo")
    failed(run("similar", "-p", "P000", "--image", photo, *index), 2, "either a product id or a photo")
    failed(run("similar", "-p", "nope", *index), 2, "product 'nope' is not in the index")
    failed(run("similar", "-p", "P000", "-k", "0", *index), 2, "k is 0")
    failed(run("similar", "-p", "P000", "--where", "colour=red", *index), 2, "no field 'colour'", "metal (keyword)")
    failed(run("similar", "-p", "P000", "--where", "price=red", *index), 2, "price is a number")
    failed(run("similar", "-p", "P000", "--html", tmp_path, *index), 2, "is not a regular file")
    failed(run("similar", "--image", tmp_path / "gone.jpg", *index), 1, "gone.jpg: cannot be read")
    failed(run("similar", "--image", text, *index), 1, "text.jpg: not an image")
    failed(run("similar", "--image", photo, "--model", tmp_path / "none", *index), 1, "no such model directory")
    failed(run("similar", "--image", photo, "--model", other, *index), 1, "was built with model")
    failed(run("similar", "-p", "P000"), 1, "index: no index here yet", "indexer sync CATALOG")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "CURRENT").write_text("seven")
    failed(
        run("similar", "-p", "P000", "--index", tmp_path / "broken"),
        1,
        "CURRENT: is damaged: it cannot be read",
        "indexer sync",
    )


def test_a_generation_that_was_damaged(tmp_path: Path) -> None:
    (tmp_path / "generations" / "3").mkdir(parents=True)
    (tmp_path / "CURRENT").write_text("3\n")
    assert EmbeddedIndex(tmp_path).current() == "3"
    failed(
        run("similar", "-p", "P000", "--index", tmp_path),
        1,
        "3: is damaged: its generation.json is missing",
        "indexer sync",
    )


@pytest.mark.parametrize("arguments", [(), ("--help",), ("similar", "--help")])
def test_help_is_there(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert "Usage:" in result.output
    if "similar" in arguments:
        assert "searcher similar --image photo.jpg --html answer.html" in result.output
        assert "price=100..500" in result.output


def test_the_command_line_is_light_to_import() -> None:
    script = f"import sys, searcher, searcher.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_asking_by_id_loads_no_network(built: Built) -> None:
    script = (
        "import sys; from searcher import SearchService; "
        f"SearchService({str(built.root)!r}).similar('P004'); "
        "print([m for m in ('torch', 'onnxruntime', 'qdrant_client') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
