"""Bad input to the `indexer` command: one clear line, an honest exit code, and nothing lost."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.store.embedded.index import EmbeddedIndex
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_photo, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return write_small_catalog(tmp_path / "catalog", products=4)


def indexer(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def assert_one_line(result: Result, code: int, *words: str) -> None:
    """The command ended with ``code`` and a single line on stderr that holds all the words; no traceback."""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in lines[0]
    assert result.exit_code == code


def huge_png(side: int) -> bytes:
    """A valid PNG of a few hundred kilobytes that would decode to ``side`` squared pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    row = b"\0" * (1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_missing_folder(tmp_path: Path, model: Path) -> None:
    result = indexer("sync", tmp_path / "nowhere", "--model", model, "--index", tmp_path / "index")
    assert_one_line(result, 1, "nowhere", "no such folder")
    assert not (tmp_path / "index").exists()


def test_an_empty_folder(tmp_path: Path, model: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = indexer("sync", tmp_path / "empty", "--model", model, "--index", tmp_path / "index")
    assert_one_line(result, 1, "no photos found", "<category>/<product>.jpg")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.jpg", b"this is a text file", "not an image"),
        ("truncated.jpg", None, "incomplete"),
        ("bomb.png", huge_png(30_000), "million"),
        ("nothing.jpg", b"", "empty"),
    ],
)
def test_a_bad_photo_is_a_reject_and_the_rest_is_indexed(
    catalog: Path, tmp_path: Path, model: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is None:
        content = (catalog / "bracelets/P000/0.jpg").read_bytes()[:-400]
    (catalog / name).write_bytes(content)
    rows = read_manifest(catalog)
    write_manifest(catalog, [*rows, rows[0] | {"product_id": "BAD", "image": name}])
    result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "index", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert report["photos"]["new"] == 8
    assert report["embedded"] == 8
    assert [(r["where"], r["product_id"]) for r in report["rejected"]] == [(name, "BAD")]
    assert reason in report["rejected"][0]["reason"]
    written = [json.loads(line) for line in Path(report["rejects_file"]).read_text().splitlines()]
    assert written == report["rejected"]


def test_people_read_what_was_rejected_and_where_the_list_is(catalog: Path, tmp_path: Path, model: Path) -> None:
    (catalog / "bracelets/P000/0.jpg").write_text("oops")
    result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "index")
    assert result.exit_code == 3
    assert "rejected bracelets/P000/0.jpg: not an image" in result.stdout
    assert "1 rejected; all in" in result.stdout
    assert "rejects.jsonl" in result.stdout


def test_a_manifest_without_product_id(catalog: Path, tmp_path: Path, model: Path) -> None:
    (catalog / "catalog.csv").write_text("sku,image\n1,bracelets/P000/0.jpg\n")
    result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "index")
    assert_one_line(result, 1, "catalog.csv", "'product_id'", "sku, image")


def test_image_paths_outside_the_catalog_are_never_opened(catalog: Path, tmp_path: Path, model: Path) -> None:
    secret = write_photo(tmp_path / "secret.jpg", seed=99)
    (catalog / "link.jpg").symlink_to(secret)
    rows = read_manifest(catalog)
    outside = ["../../etc/passwd", "../secret.jpg", str(secret), "link.jpg"]
    bad = [rows[0] | {"product_id": f"X{n}", "image": image} for n, image in enumerate(outside)]
    write_manifest(catalog, rows + bad)
    result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "index", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert [r["where"] for r in report["rejected"]] == [f"catalog.csv:{line}" for line in (6, 7, 8, 9)]
    assert [
        r["reason"] for r in report["rejected"] if "the catalog" not in r["reason"] and "inside" not in r["reason"]
    ] == []
    assert report["embedded"] == 8


def test_a_missing_model(catalog: Path, tmp_path: Path) -> None:
    result = indexer("sync", catalog, "--model", tmp_path / "no-model", "--index", tmp_path / "index")
    assert_one_line(result, 1, "no-model", "trainer fit")
    assert not (tmp_path / "index").exists()


def test_no_model_named_and_none_to_be_found(catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JEWELRY_MODEL", raising=False)
    assert_one_line(indexer("sync", catalog), 2, "--model", "JEWELRY_MODEL", "trainer fit")


def test_an_altered_model(catalog: Path, tmp_path: Path) -> None:
    altered = write_tiny_model(tmp_path / "altered")
    content = bytearray((altered / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (altered / "model.onnx").write_bytes(content)
    result = indexer("sync", catalog, "--model", altered, "--index", tmp_path / "index")
    assert_one_line(result, 1, "altered", "fingerprint")


def test_an_unwritable_index_directory(catalog: Path, tmp_path: Path, model: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "file" / "index")
    assert_one_line(result, 1, "cannot be written")


def test_a_second_writer(catalog: Path, tmp_path: Path, model: Path) -> None:
    with EmbeddedIndex(tmp_path / "index").write():
        result = indexer("sync", catalog, "--model", model, "--index", tmp_path / "index")
    assert_one_line(result, 1, "being written by process", "wait")


def test_status_of_nothing(tmp_path: Path) -> None:
    assert_one_line(indexer("status", "--index", tmp_path / "index"), 1, "no index here yet", "indexer sync")


def test_an_unknown_option_is_wrong_usage(tmp_path: Path) -> None:
    result = indexer("sync", tmp_path, "--modle", "x")
    assert result.exit_code == 2
    assert "No such option" in result.stderr


def test_a_sample_does_not_overwrite(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    result = indexer("sample", tmp_path, "--products", "8", "--size", "32")
    assert_one_line(result, 2, str(tmp_path), "empty")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["sync", "watch", "embed"])
@pytest.mark.parametrize(
    ("catalog", "shown"),
    [
        ("photos", "photos"),
        ("my photos/shop's", "'my photos/shop'\"'\"'s'"),
        ("https://shop.example/export.csv", "https://shop.example/export.csv"),
    ],
)
def test_without_a_model_the_one_command_that_makes_one_is_named(
    command: str, catalog: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [command, catalog, *(["shards"] if command == "embed" else [])])
    assert result.exit_code == 2
    assert f"make one of these photos with: trainer fit {shown} -o models/shop (or name one" in result.stderr


def test_of_several_models_one_has_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("rings", "chains"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "model.json").write_text("{}")
    result = CliRunner().invoke(main, ["sync", "photos"])
    assert result.exit_code == 2
    assert "name one with --model or JEWELRY_MODEL: models/chains, models/rings" in result.stderr
