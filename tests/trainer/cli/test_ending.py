"""A signal ends a fit with one line and leaves nothing half-written, as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WRITES = """
import sys, time
from pathlib import Path
from trainer.cli.ending import cleared_away
from trainer.fit.target import publishing

with cleared_away(), publishing(Path(sys.argv[1])) as folder:
    (folder / "model.onnx").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES, tmp_path / "far" / "model"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        assert (tmp_path / "far").is_dir()
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, said) == (128 + number, "Stopped.\n")
    assert list(tmp_path.iterdir()) == []
