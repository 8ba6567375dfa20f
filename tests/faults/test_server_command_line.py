"""The commands on a server from end to end, and which index options and settings choose."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.faults.loopback_qdrant import LoopbackQdrant
from tests.faults.shop import Shop
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = pytest.mark.filterwarnings(
    "ignore:Local mode performs exact .brute-force. search, so `search_params` has no effect:UserWarning"
)


def test_sync_search_status_switch_rollback_and_prune(server: LoopbackQdrant, shop: Shop, tmp_path: Path) -> None:
    from searcher.cli.main import main as searcher

    assert shop.sync(JEWELRY_QUANTIZATION="turbo", JEWELRY_REPLICAS="2").exit_code == 0
    found = CliRunner().invoke(
        searcher,
        ["similar", "-p", "P003", "--where", "price<=300", "--json", "--qdrant-url", server.url],
        env=shop.environment,
    )
    assert (found.exit_code, found.stderr) == (0, "")
    matches = json.loads(found.stdout)["matches"]
    assert {match["product_id"] for match in matches} == {"P000", "P001", "P002", "P004", "P005"}
    assert all(Path(match["thumbnail"]).is_file() for match in matches)
    status = json.loads(shop.run("status", "--json").stdout)
    assert (status["engine"], status["alias"], status["collection"]) == ("server", "jewelry", "jewelry-1")
    assert (status["quantization"], status["shards"], status["replicas"], status["strict"]) == ("turbo", 1, 2, True)
    assert (status["photos"], status["products"], status["generation"]) == (24, 12, "1")
    assert status["payload_indexes"]["price"] == "float"
    text = shop.run("status").stdout
    for words in ("jewelry → jewelry-1", "Qdrant 1.20", "shards 1, replicas 2", "turbo", "price (number)"):
        assert words in text
    shop.model = write_tiny_model(tmp_path / "other", seed=3)
    assert json.loads(shop.sync().stdout)["generation"] == "2"
    assert (
        shop.run("rollback").stdout == f"Published generation 1 again in {server.url}/collections/jewelry (it was 2)\n"
    )
    assert json.loads(shop.run("prune", "--json").stdout)["removed"] == []
    assert json.loads(shop.sync().stdout)["generation"] == "3"
    assert json.loads(shop.run("prune", "--json").stdout) == {
        "index": f"{server.url}/collections/jewelry",
        "removed": ["1"],
        "generations": ["3"],
        "pictures": 0,
    }
    assert [c.name for c in server.engine.get_collections().collections] == ["jewelry-3"]


def test_quantization_can_be_changed_in_place(server: LoopbackQdrant, shop: Shop) -> None:
    shop.sync()
    rows = (shop.catalog / "catalog.csv").read_text()
    try:
        (shop.catalog / "catalog.csv").write_text(rows.replace("No 3", "No 3 of gold"))
        assert json.loads(shop.sync(JEWELRY_QUANTIZATION="int8").stdout)["generation"] == "1.1"
    finally:
        (shop.catalog / "catalog.csv").write_text(rows)
    assert json.loads(shop.run("status", "--json").stdout)["quantization"] == "int8"
    assert json.loads(shop.sync(JEWELRY_QUANTIZATION="none").stdout)["generation"] == "1.2"
    assert json.loads(shop.run("status", "--json").stdout)["quantization"] == "none"


def test_nothing_published_yet(shop: Shop) -> None:
    for command in ("status", "rollback"):
        result = shop.run(command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert len(result.stderr.splitlines()) == 1
    assert shop.run("prune").stdout.startswith("Removed nothing")
    planned = shop.sync("--dry-run")
    assert (planned.exit_code, json.loads(planned.stdout)["photos"]["new"]) == (0, 24)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--index", "here", "--qdrant-url", "http://127.0.0.1:9"], {}),
        (["--index", "here"], {"JEWELRY_QDRANT_URL": "http://127.0.0.1:9"}),
        (["--qdrant-url", "http://127.0.0.1:9"], {"JEWELRY_INDEX": "here"}),
        ([], {"JEWELRY_INDEX": "here", "JEWELRY_QDRANT_URL": "http://127.0.0.1:9"}),
    ],
)
@pytest.mark.parametrize("command", ["status", "rollback", "prune", "similar"])
def test_a_directory_and_a_server_together_are_refused(
    command: str, arguments: list[str], environment: dict[str, str]
) -> None:
    from indexer.cli.main import main as indexer
    from searcher.cli.main import main as searcher

    if command == "similar":
        result = CliRunner().invoke(searcher, ["similar", "-p", "P", *arguments], env=environment)
    else:
        result = CliRunner().invoke(indexer, [command, *arguments], env=environment)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "both a directory (here) and a Qdrant server are given" in result.stderr


@pytest.mark.parametrize("url", ["localhost:6333", "ftp://host", "http://", "http://host:notaport", "qdrant"])
def test_an_address_that_is_none(shop: Shop, url: str) -> None:
    shop.url = url
    result = shop.run("status")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "write it as http://host:6333" in result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JEWELRY_QUANTIZATION", "int4"),
        ("JEWELRY_SHARDS", "0"),
        ("JEWELRY_QDRANT_TIMEOUT", "soon"),
        ("JEWELRY_COLLECTION", "a/b"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(shop: Shop, name: str, value: str) -> None:
    result = shop.run("status", **{name: value})
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert name in result.stderr


def test_a_password_in_the_address_is_not_repeated(shop: Shop, server: LoopbackQdrant) -> None:
    shop.url = server.url.replace("http://", "http://me:s3cret@")
    assert "s3cret" not in shop.run("status").output


def test_command_lines_stay_light() -> None:
    script = (
        "import sys, indexer.cli, searcher.cli; from indexer.settings import IndexerSettings; "
        "IndexerSettings.read().open_chosen(); "
        "print([m for m in ('qdrant_client', 'qdrant_edge', 'onnxruntime', 'grpc', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
