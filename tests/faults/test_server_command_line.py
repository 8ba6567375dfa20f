"""The commands on a server from end to end, and which index options and settings choose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.faults.loopback_qdrant import Fault, LoopbackQdrant
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


OPTIONS = ["--index", "here", "--qdrant-url", "http://127.0.0.1:9"]
VARIABLES = {"JEWELRY_INDEX": "here", "JEWELRY_QDRANT_URL": "http://127.0.0.1:9"}
COMMANDS = {
    "status": [],
    "rollback": [],
    "prune": [],
    "sync": ["catalog"],
    "events": ["events.jsonl"],
    "export": ["shop.npz"],
    "import": ["shop.npz"],
    "snapshot": ["kept"],
    "restore": ["kept"],
    "push": ["--to", "there"],
    "pull": ["--from", "there"],
    "similar": ["-p", "P000"],
    "outliers": [],
    "clusters": [],
    "mcp": [],
    "serve": [],
}
"""Commands that are about an index, and what each of them cannot do without."""


def ask(command: str, arguments: list[str], environment: dict[str, str]) -> Result:
    from indexer.cli.main import main as indexer
    from searcher.cli.main import main as searcher

    main = indexer if command in indexer.commands else searcher
    return CliRunner().invoke(main, [command, *COMMANDS[command], *arguments], env=environment)


@pytest.mark.parametrize(
    ("arguments", "environment", "advice"),
    [
        (OPTIONS, {}, "leave out --index or --qdrant-url"),
        (OPTIONS, VARIABLES, "leave out --index or --qdrant-url"),
        ([], VARIABLES, "take JEWELRY_INDEX or JEWELRY_QDRANT_URL out of the environment or .env, or choose with"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_two_options_or_two_variables_are_refused(
    command: str, arguments: list[str], environment: dict[str, str], advice: str, elsewhere: Path
) -> None:
    result = ask(command, arguments, environment)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert "both a directory (here) and a Qdrant server are given" in result.stderr
    assert advice in result.stderr
    assert not list(elsewhere.glob("**/LOCK"))


@pytest.mark.parametrize("place", ["environment", ".env", "one in each"])
@pytest.mark.parametrize("command", ["status", "similar", "serve", "export"])
def test_a_directory_given_as_an_option_wins_over_a_server_in_the_environment(
    command: str, place: str, elsewhere: Path
) -> None:
    """Until 0b22ee4 an option beside the other variable was refused; with both variables as well."""
    variables = {"JEWELRY_QDRANT_URL": "http://127.0.0.1:9"}
    if place != "environment":
        (elsewhere / ".env").write_text("JEWELRY_QDRANT_URL=http://127.0.0.1:9\n")
        variables = {} if place == ".env" else {"JEWELRY_INDEX": "there"}
    result = ask(command, ["--index", "here"], variables)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "here: no index here yet" in result.stderr


def test_a_server_given_as_an_option_wins_over_a_directory_in_the_environment(
    server: LoopbackQdrant, shop: Shop, elsewhere: Path
) -> None:
    both = {"JEWELRY_INDEX": "here", "JEWELRY_QDRANT_URL": "http://127.0.0.1:9"}
    assert shop.sync(**both).exit_code == 0
    for place, variables in ((".env", {}), ("environment", {"JEWELRY_INDEX": "here"}), ("both", both)):
        (elsewhere / ".env").write_text("" if place == "environment" else "JEWELRY_INDEX=there\n")
        assert json.loads(shop.run("status", "--json", **variables).stdout)["server"] == server.url
        found = ask("similar", ["-p", "P003", "--json", "--qdrant-url", server.url], {**shop.environment, **variables})
        assert (found.exit_code, found.stderr) == (0, "")
    assert sorted(path.name for path in elsewhere.iterdir()) == [".env", "catalog"]


def test_push_and_pull_where_the_variable_is_the_other_side(
    server: LoopbackQdrant, shop: Shop, elsewhere: Path
) -> None:
    """The variable that README sets once a shop has moved; what is on the command line says which side it is."""
    from indexer.cli.main import main

    shop.sync()
    environment = {**shop.environment, "JEWELRY_QDRANT_URL": server.url}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments], env=environment)

    pulled = run("pull", "--from", server.url, "--index", "copy")
    assert (pulled.exit_code, pulled.stderr) == (0, "")
    assert (elsewhere / "copy" / "CURRENT").is_file()
    pushed = run("push", "--to", server.url, "--index", "copy")
    assert (pushed.exit_code, pushed.stdout[:13]) == (0, "Already there")
    assert run("push", "--to", "second").exit_code == 0
    assert (elsewhere / "second" / "CURRENT").is_file()
    for command in (["push", "--to", server.url], ["pull", "--from", server.url]):
        result = run(*command)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "is both what is copied and where to; name another place, as with --index DIR" in result.stderr


@pytest.mark.parametrize(
    ("command", "option", "variable"),
    [
        ("sync", ["--workers", "1"], {"JEWELRY_WORKERS": "some"}),
        ("sync", ["--max-removal", "5%"], {"JEWELRY_MAX_REMOVAL": "half"}),
        ("events", ["--max-rejected", "5%"], {"JEWELRY_MAX_REJECTED": "7"}),
    ],
)
def test_an_option_wins_over_a_variable_that_makes_no_sense(
    command: str, option: list[str], variable: dict[str, str], elsewhere: Path
) -> None:
    alone, beside = ask(command, [], variable), ask(command, option, variable)
    assert (alone.exit_code, next(iter(variable)) in alone.stderr) == (2, True)
    assert "JEWELRY_" not in beside.stderr.replace("JEWELRY_MODEL", "")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without an .env of its own, where commands without options look for an index."""
    folder = tmp_path / "elsewhere"
    (folder / "catalog").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the handlers of the test's process stay
    return folder


@pytest.mark.slow
def test_a_machine_does_not_write_while_another_one_does(
    server: LoopbackQdrant, shop: Shop, catalog: Path, model: Path, tmp_path: Path
) -> None:
    """A sync is killed where it publishes: its machine goes on at once, another one is told who was at work."""
    shop.sync()
    other = Shop(server.url, catalog, model, tmp_path / "other machine")
    server.faults.append(Fault("POST /collections/aliases", hang=5.0))
    script = "from indexer.cli.main import main; main()"
    command = [
        sys.executable,
        "-c",
        script,
        "sync",
        str(catalog),
        "--model",
        str(write_tiny_model(tmp_path / "m", seed=3)),
    ]
    sync = subprocess.Popen([*command, "--qdrant-url", server.url], env={**os.environ, **shop.environment})
    try:
        until = time.monotonic() + 60
        while server.faults[-1].times and time.monotonic() < until:
            threading.Event().wait(0.02)
        assert not server.faults[-1].times, "it never came to publishing"
        refused = other.sync()
        assert (refused.exit_code, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
        assert f"/collections/jewelry: being written by process {sync.pid} on " in refused.stderr
        assert "(-c sync, since 20" in refused.stderr
    finally:
        sync.kill()
        sync.wait(30)
    for command_line in (["rollback"], ["prune"]):
        late = other.run(*command_line)
        assert (late.exit_code, len(late.stderr.splitlines())) == (1, 1)
        assert f"being written by process {sync.pid} on " in late.stderr
    assert json.loads(other.run("status", "--json").stdout)["photos"] == 24  # readers are not concerned
    assert (shop.sync().exit_code, other.sync().exit_code) == (0, 0)


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
