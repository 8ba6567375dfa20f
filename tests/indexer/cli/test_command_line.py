"""How console scripts end: exit codes, one line on stderr, JSON on stdout, and silence when the reader has gone."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from indexer.cli.command_line import echo_json, group, json_option
from indexer.errors import EXIT_REJECTS, CatalogError, MissingExtra, UnknownProduct, UsageError
from indexer.system.text import one_line
from indexer.version import __version__


@group("Try things.")
def script() -> None:
    """The top command."""


@script.command()
@click.argument("kind")
@click.argument("rest", nargs=-1)
@click.option("--name")
def fail(kind: str, rest: tuple[str, ...], name: str | None) -> None:
    """Raise what was asked for."""
    errors = {
        "catalog": CatalogError("no\nphotos \x1b[31m here"),
        "unknown": UnknownProduct("no product J9"),
        "extra": MissingExtra("torch", "train"),
        "bug": ZeroDivisionError("by zero"),
        "full": OSError(errno.ENOSPC, "No space left on device", "shop"),
        "interrupt": KeyboardInterrupt(),
        "abort": click.Abort(),
        "usage": click.UsageError("that makes no sense"),
    }
    if kind in errors:
        raise errors[kind]
    click.echo(f"{kind} {rest} {name}")


@script.command()
@json_option
def ends(as_json: bool) -> int:
    """Return an exit code."""
    if as_json:
        echo_json({"café": [1.5, float("nan")], "deep": {"worst": float("-inf")}, "pair": (1, True, None)})
    return EXIT_REJECTS


@script.command()
def refuse() -> None:
    """Find the usage wrong on its own."""
    raise UsageError("give one of --a and --b")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(script, arguments)


@pytest.mark.parametrize(
    ("kind", "code", "line"),
    [
        ("catalog", 1, "Error: no photos \N{REPLACEMENT CHARACTER}[31m here\n"),
        ("unknown", 2, "Error: no product J9\n"),
        ("extra", 1, "Error: torch is not installed; run: pip install 'jewelry-similarity[train]'\n"),
        ("bug", 1, "Error: ZeroDivisionError: by zero; run again with --debug for details\n"),
        ("full", 1, "Error: the disk is full (shop); make room and run it again\n"),
        ("interrupt", 130, "Stopped.\n"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(kind: str, code: int, line: str) -> None:
    result = run("fail", kind)
    assert (result.exit_code, result.stderr, result.stdout) == (code, line, "")


@pytest.mark.parametrize(
    "arguments", [["fail"], ["fail", "usage"], ["no-such-command"], ["--no-such-option"], ["ends", "--no"], ["refuse"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["--debug", "fail", "bug"], ["fail", "--debug", "bug"], ["fail", "bug", "--debug"]]
)
def test_debug_shows_the_traceback_wherever_it_stands(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "test_command_line.py" in result.stderr
    assert result.stderr.endswith("\nError: ZeroDivisionError: by zero; run again with --debug for details\n")
    assert "Traceback" in run("fail", "catalog", "--debug").stderr
    assert run("fail", "unknown", "--debug").exit_code == 2


def test_behind_two_dashes_debug_is_a_word_like_any_other() -> None:
    assert run("fail", "fine", "--", "--debug").stdout == "fine ('--debug',) None\n"


def test_exit_codes_of_commands_that_end_well() -> None:
    assert run("fail", "fine").exit_code == 0
    assert run("ends").exit_code == EXIT_REJECTS
    assert run("--help").exit_code == run("ends", "-h").exit_code == 0
    assert run("--version").stdout == f"script, version {__version__}\n"


def test_json_is_one_document_that_every_parser_takes() -> None:
    result = run("ends", "--json")

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    document = json.loads(result.stdout, parse_constant=no_constant)
    assert document == {"café": [1.5, None], "deep": {"worst": None}, "pair": [1, True, None]}
    assert "café" in result.stdout


def test_one_line() -> None:
    assert one_line(ValueError("a\n  b\tc\r\nd")) == "a b c d"
    assert one_line(ValueError("\x00\x07\u202e")) == "\N{REPLACEMENT CHARACTER}" * 3
    assert one_line(ValueError()) == ""


REAL = """
import sys, time
import click
from indexer.cli.command_line import echo_json, group

@group("Try.")
def main(): pass

@main.command()
@click.argument("lines", type=int)
def write(lines):
    for number in range(lines): sys.stdout.write(f"line {number}\\n")

@main.command()
@click.argument("word", default="café → 戒指 \\U0001f48d \\udce9")
def tell(word):
    "Tell of a ring (戒指)."
    from rich.console import Console
    from rich.table import Table

    table = Table("name")
    table.add_row(word)
    Console().print(table)
    click.echo(word)
    click.echo(f"note: {word}", err=True)
    echo_json({"word": word, "half": "\\udce9"})

@main.command()
def wait():
    click.echo("ready")
    time.sleep(30)

main()
"""


@pytest.fixture
def real_script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(REAL, encoding="utf-8")
    return path


@pytest.mark.parametrize("environment", ["cp1252", "ascii", "latin-1:strict", "utf-8", "C"])
@pytest.mark.parametrize("arguments", [["tell"], ["tell", "--help"], ["tell", b"caf\xe9.jpg"]])
def test_what_an_output_cannot_show_is_escaped(
    real_script: Path, environment: str, arguments: list[str | bytes]
) -> None:
    settings = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    if environment != "C":
        settings = {"PYTHONIOENCODING": environment, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, str(real_script), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "--help" in arguments:
        said = done.stdout
        if environment in ("ascii", "C"):  # click holds ASCII to be a mistake, and writes UTF-8
            assert "戒指".encode() in said or b"\\u6212\\u6307" in said
        else:
            assert ("戒指".encode() if environment == "utf-8" else b"\\u6212\\u6307") in said
        return
    document = json.loads(done.stdout[done.stdout.index(b"{") :].decode("utf-8", "strict"))
    assert document["half"] == "\udce9"
    assert b"note: caf" in done.stderr
    if len(arguments) == 1:
        assert document["word"].startswith("café → 戒指")
        assert (b"\\u6212" in done.stdout) == (environment != "utf-8")


@pytest.mark.parametrize("lines", [3, 100_000])  # less than a pipe holds, and more
def test_a_reader_that_has_gone_is_met_with_silence(real_script: Path, lines: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, str(real_script), "write", str(lines)], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 1


def test_head_gets_its_line(real_script: Path) -> None:
    command = f"'{sys.executable}' '{real_script}' write 100000 | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("line 0\n", "")


def test_ctrl_c_is_one_line_and_130(real_script: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(real_script), "wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores Ctrl-C
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "Stopped.\n")
