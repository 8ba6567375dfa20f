"""A batch that several processes share: the same rows, the same loss, the same weights as one process alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.shops.catalogs.drawn_catalog import draw
from trainer.data.sharing import ALONE, Share, joined

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("shared_training.py")


@pytest.mark.parametrize("count", [1, 2, 5, 8, 9])
@pytest.mark.parametrize("processes", [2, 3, 8])
def test_all_rows_are_somebodys_and_all_get_as_many(count: int, processes: int) -> None:
    rows = [list(Share(rank, processes).rows(count)) for rank in range(processes)]
    assert len({len(own) for own in rows}) == 1
    assert [row for own in rows for row in own][:count] == list(range(count))


def test_alone_nothing_is_shared() -> None:
    part = torch.ones(3, 2, requires_grad=True)
    assert ALONE.gathered(part, 3) is part
    assert list(ALONE.rows(4)) == [0, 1, 2, 3]
    assert ALONE.any_of(True)
    assert not ALONE.any_of(False)


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as share:
        assert share is ALONE


@pytest.mark.slow  # three processes that import torch
def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    shop = draw(tmp_path / "shop", per_category=5, photos=1, size=24)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(SCRIPT)]
    for name, command in (("one", [sys.executable, str(SCRIPT)]), ("two", torchrun)):
        done = subprocess.run(
            [*command, str(shop), str(tmp_path / name)],
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    alone, first, second = (tmp_path / name for name in ("one.0", "two.0", "two.1"))
    one, two = (json.loads(path.with_suffix(path.suffix + ".json").read_text()) for path in (alone, first))
    assert [round(epoch[1], 4) for epoch in two] == [round(epoch[1], 4) for epoch in one]  # the losses
    weights, shared, other = (torch.load(f"{path}.pt", weights_only=True) for path in (alone, first, second))
    start = torch.load(f"{tmp_path / 'one'}.start.pt", weights_only=True)
    for name, value in weights.items():
        assert torch.allclose(shared[name], value, atol=2e-4), name
        assert torch.equal(shared[name], other[name]), name
    moved = max(float((value - start[name]).abs().max()) for name, value in weights.items())
    assert moved > 0.02  # a hundred times what they may differ by
