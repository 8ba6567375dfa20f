"""How far long work is: bars on a terminal, a plain line now and then elsewhere, nothing where nobody wants it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from indexer.cli.plain_progress import Lines
from indexer.cli.progress import Stages

LONGEST = 20.0


def until(said: list[str], there: Callable[[list[str]], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not there(said):
        assert time.monotonic() < end, said
        time.sleep(0.01)


def test_a_line_comes_by_itself_while_nobody_reports_anything() -> None:
    said: list[str] = []
    lines = Lines(said.append, every=0.05)
    lines.start()
    lines.tell("Publishing", 0, 1)
    until(said, lambda s: len(s) >= 2)
    lines.stop()
    assert said[0].startswith("Publishing: ")
    assert said[0].endswith(" s so far")
    assert said[-1].startswith("Publishing: done in ")


def test_a_line_says_count_share_rate_and_what_is_left() -> None:
    said: list[str] = []
    lines = Lines(said.append, every=0.05)
    lines.start()
    lines.tell("Embedding", 30_000, 120_000)
    until(said, lambda s: bool(s))
    lines.stop()
    assert said[0].startswith("Embedding: 30,000 of 120,000 (25%), ")
    assert "/s, " in said[0]
    assert " left" in said[0]
    assert said[-1].startswith("Embedding: 30,000 of 120,000, done in ")


def test_the_rate_is_that_of_lately() -> None:
    """A run that goes on from a journal has half of its photos at once."""
    said: list[str] = []
    lines = Lines(said.append, every=0.02)
    lines.start()
    lines.tell("Embedding", 1_000_000, 2_000_000)
    until(said, lambda s: len(s) > 10)
    lines.stop()
    assert "/s" in said[0]
    assert "/s" not in said[10]  # nothing came since
    assert "left" not in said[10]


def test_slow_units_are_told_in_seconds_each() -> None:
    said: list[str] = []
    lines = Lines(said.append, every=1.1)
    lines.start()
    lines.tell("Training", 1, 40, "loss 0.412")
    until(said, lambda s: bool(s))
    lines.stop()
    assert said[0].startswith("Training: 1 of 40 (2%), ")
    assert " s each, loss 0.412, " in said[0]


def test_epochs_are_told_every_few_and_not_every_ten_seconds() -> None:
    said: list[str] = []
    lines = Lines(said.append, every=0.02, ends_from=0)
    lines.start()
    for epoch in range(1, 61):
        for _ in range(3):
            lines.tell_epoch("Training", epoch, 60, f"loss {1 / epoch:.3f}")
        time.sleep(0.005)
    lines.stop()
    assert [line.split(" of ")[0] for line in said[:-1]] == [f"Training: {n}" for n in range(5, 60, 5)]
    assert ", loss 0.200, " in said[0]
    assert said[-1].startswith("Training: 60 of 60, loss 0.017, done in ")


def test_an_epoch_that_takes_long_says_that_it_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.cli.plain_progress.SILENCE", 0.05)
    said: list[str] = []
    lines = Lines(said.append, every=0.02)
    lines.start()
    lines.tell_epoch("Training", 1, 60)
    until(said, lambda s: len(s) >= 2)
    lines.stop()
    assert said[0].startswith("Training: 0 of 60 (0%), ")


def test_short_stages_say_nothing_unless_their_ends_are_wanted() -> None:
    quiet: list[str] = []
    each: list[str] = []
    for lines in (Lines(quiet.append), Lines(each.append, ends_from=0)):
        lines.start()
        lines.tell("Reading photos", 3, 3)
        lines.tell("Training", 40, 40)
        lines.stop()
    assert quiet == []
    assert each == ["Reading photos: 3 of 3, done in 0 s", "Training: 40 of 40, done in 0 s"]


def test_what_failed_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with Stages(ends_from=0) as stages:
            stages("Reading", 1, 2)
            stages("Embedding", 1, 2)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert capsys.readouterr().err == "Reading: 1 of 2, done in 0 s\n"


def test_without_a_terminal_lines_go_to_stderr_and_none_where_they_are_not_wanted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for show in (True, False):
        with Stages(show=show, ends_from=0) as stages:
            stages.stage("Reading photos", 2)
            stages.advance()
            stages.advance()
            stages.stage("Training", 40)
            stages.epoch(7, 0.25, 0.5, 1.0)
            stages.measuring("embed", 4, 4)
        out, err = capsys.readouterr()
        assert out == ""
        assert err.splitlines() == (
            [
                "Reading photos: 2 of 2, done in 0 s",
                "Training: 7 of 40, loss 0.250  positive 0.50  negative 1.00, done in 0 s",
                "Measuring (embed): 4 of 4, done in 0 s",
            ]
            if show
            else []
        )


def test_no_thread_is_left_and_a_closed_stderr_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    with Stages(ends_from=0) as stages:
        stages.console.file = io.StringIO()
        stages.console.file.close()
        stages("Embedding", 1, 2)
    assert threading.active_count() == before


def test_a_terminal_shows_a_bar_with_count_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = io.StringIO()
    terminal = Console(file=written, force_terminal=True, width=120)
    monkeypatch.setattr("indexer.cli.progress.Console", lambda **_: terminal)
    with Stages(transient=False) as stages:
        stages("Reading the catalog", 0, 1)
        for done in (0, 1000, 12_345):
            stages("Embedding", done, 20_000)
            time.sleep(0.06)
    text = written.getvalue()
    assert "Reading the catalog" in text
    assert "12,345/20,000" in text
    assert "/s" in text
    assert "done in" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_narrow_terminal_cuts_no_figure(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = io.StringIO()
    terminal = Console(file=written, force_terminal=True, width=width)
    monkeypatch.setattr("indexer.cli.progress.Console", lambda **_: terminal)
    with Stages(transient=False) as stages:
        for done in (0, 1000, 12_345):
            stages("Backbone features", done, 20_000)
            time.sleep(0.06)
    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.getvalue()).strip().splitlines()[-1]
    assert last.startswith("Backbone")
    assert re.search(r" 12,345/20,000 +([\d,.]+/s +)?0:00:0\d", last)
    assert ("/s" in last) == (width >= 60)


def test_a_stage_in_which_no_thread_can_speak_is_told_all_the_same() -> None:
    """A sleep of C that keeps Python's lock stands for the engine, which builds its graph so."""
    script = """
import ctypes
from indexer.cli import progress
from indexer.cli.plain_progress import Lines
from indexer.system.progress import told_of_publishing
progress.Lines = lambda say, **given: Lines(say, every=0.3, **given)
with progress.Stages(ends_from=0.3) as stages:
    told_of_publishing(stages)
    ctypes.PyDLL(None).usleep(1_500_000)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, env=os.environ
    )
    lines = done.stderr.splitlines()
    assert lines.count("Publishing: 1 s so far") >= 1
    assert re.fullmatch(r"Publishing: done in \d+ s", lines[-1])


def test_the_lines_end_with_who_began_them() -> None:
    """Be it killed: the pipe that it held is closed."""
    script = """
import os, sys
from indexer.cli.heartbeat import Heartbeat
heart = Heartbeat("Publishing", 0.1, sys.stderr)
assert heart.beats
os.kill(os.getpid(), 9)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.communicate(timeout=LONGEST)  # ends when nobody is left who could write there
    assert process.returncode == -signal.SIGKILL
