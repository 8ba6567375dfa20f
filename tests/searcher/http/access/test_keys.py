"""API keys: what is stored, who is recognised, and what a changed, broken or missing file means."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from indexer.cli.command_line import group
from indexer.errors import UsageError
from searcher.cli.keys import keys as keys_command
from searcher.http.access.keys import KeyFile


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "folder" / "keys.json")


def test_a_key_is_found_by_its_whole_text_alone(file: KeyFile) -> None:
    key, token = file.add("shop", "read", 60)
    other, other_token = file.add("office", "admin")
    assert file.find(token) == key
    assert file.find(other_token) == other
    secret, other_secret = token.split("_", 2)[2], other_token.split("_", 2)[2]
    for wrong in (
        "",
        "jwl_",
        secret,
        token[:-1],
        f"{token}=",
        token.upper(),
        f" {token}",
        f"{token}\n",
        f"jwl_{key.id}_{other_secret}",
        f"jwl_{'0' * 12}_{secret}",
        f"jwl_{key.id}_",
        "é" * 60,
    ):
        assert file.find(wrong) is None, wrong


def test_the_file_holds_hashes_and_only_its_owner_reads_it(file: KeyFile) -> None:
    key, token = file.add("shop", "read")
    text = file.path.read_text()
    secret = token.split("_", 2)[2]
    assert secret not in text
    assert hashlib.sha256(secret.encode()).hexdigest() == key.sha256
    assert key.sha256 in text
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_another_process_s_changes_are_noticed(file: KeyFile) -> None:
    service = KeyFile(file.path)
    assert service.keys() == ()
    key, token = file.add("shop", "read")
    assert service.find(token) == key
    assert file.revoke(key.id) == key
    assert service.find(token) is None
    _, second = file.add("shop", "read")
    assert service.find(second) is not None
    file.path.unlink()
    assert service.find(second) is None


def test_keys_made_at_once_are_all_there(file: KeyFile) -> None:
    def make(name: str) -> None:
        KeyFile(file.path).add(name, "read")

    threads = [threading.Thread(target=make, args=(f"shop {number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.name for key in file.keys()} == {f"shop {number}" for number in range(12)}  # noqa: SIM118


def one_row(**changed: object) -> str:
    row = {"id": "a", "name": "b", "scope": "read", "sha256": "0" * 64, "created_at": ""}
    return json.dumps({"keys": [row | changed]})


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{}",
        '{"keys": 1}',
        '{"keys": [1]}',
        '{"keys": [{"id": "a"}]}',
        "\x00",
        "[" * 100_000,
        one_row(scope="root"),
        one_row(sha256="short"),
        one_row(sha256="é" * 64),
        one_row(rate=True),
        one_row(rate=-1),
        one_row(name=None),
        one_row(more=1),
    ],
)
def test_a_broken_file_opens_nothing(file: KeyFile, broken: str) -> None:
    _, token = file.add("shop", "read")
    assert file.find(token)
    file.path.write_text(broken)
    for use in (lambda: file.find(token), file.keys, lambda: file.add("more", "read"), lambda: file.revoke("x")):
        with pytest.raises(UsageError, match="is not a readable file of API keys"):
            use()
    assert file.path.read_text() == broken


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31m", "x" * 101, "\ud800", "\u2028"])
def test_names_that_no_list_can_show_are_refused(file: KeyFile, name: str) -> None:
    with pytest.raises(UsageError, match="printable"):
        file.add(name, "read")


def test_unknown_scopes_rates_and_ids_are_refused(file: KeyFile) -> None:
    with pytest.raises(UsageError, match="scope"):
        file.add("shop", "root")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="rate"):
        file.add("shop", "read", -1)
    with pytest.raises(UsageError, match="no key 'zzz'"):
        file.revoke("zzz")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        KeyFile(tmp_path / "file" / "keys.json").add("shop", "read")


@pytest.fixture(scope="module")
def one_key(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    file = KeyFile(tmp_path_factory.mktemp("one") / "keys.json")
    file.add("shop", "read")
    return file


@given(token=st.text(max_size=80))
def test_nothing_but_a_key_is_a_key(one_key: KeyFile, token: str) -> None:
    assert one_key.find(token) is None


@group("Try.")
def script() -> None: ...


script.add_command(keys_command)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(script, ["keys", *arguments])


def test_keys_from_the_command_line(tmp_path: Path) -> None:
    path = str(tmp_path / "keys.json")
    assert run("list", "--keys", path).stderr == "No keys.\n"
    made = run("add", "web shop", "--rate", "60", "--keys", path)
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert token not in made.stderr
    key = KeyFile(Path(path)).find(token)
    assert key is not None
    assert (key.name, key.scope, key.rate) == ("web shop", "read", 60)
    boss = json.loads(run("add", "boss", "--scope", "admin", "--keys", path, "--json").stdout)
    assert boss["scope"] == "admin"
    listed = json.loads(run("list", "--keys", path, "--json").stdout)["keys"]
    assert [row["name"] for row in listed] == ["web shop", "boss"]
    assert set(listed[0]) == {"id", "name", "scope", "created_at", "rate"}
    assert "60 a minute" in run("list", "--keys", path).stdout
    assert run("revoke", key.id, "--keys", path).stdout == f"Revoked {key.id} (web shop)\n"
    again = run("revoke", key.id, "--keys", path)
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr.startswith("Error: ")
    assert run("add", "x", "--scope", "root", "--keys", path).exit_code == 2
