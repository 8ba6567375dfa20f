"""A service whose parent process is killed: its workers end too, and the port is free for whoever starts it anew."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.serving.service_process import SCRIPT, serving
from tests.shops.indexes.built_index import make_photographed

PATIENCE = 30.0
"""Seconds that any of it may take on a busy machine."""


def children(pid: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(place.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="processes are not told here")
@pytest.mark.parametrize("at_work", [False, True], ids=["idle", "with a request that never ends"])
def test_workers_follow_their_parent(tmp_path: Path, at_work: bool) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    shop = make_photographed(tmp_path)
    with serving(script, shop.root, "--workers", "2", JEWELRY_SHUTDOWN_TIMEOUT="1", TMPDIR=str(tmp_path)) as running:
        assert httpx.get(f"{running.url}/readyz", timeout=60).status_code == 200
        port = int(running.url.rpartition(":")[2])
        workers = children(running.process.pid)
        assert len(workers) >= 2
        stranger = socket.create_connection(("127.0.0.1", port), timeout=30)
        if at_work:
            stranger.sendall(
                b"POST /v1/similar HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 9\r\n\r\n{"
            )
        os.kill(running.process.pid, signal.SIGKILL)
        try:
            running.process.wait(30)
            deadline = time.monotonic() + PATIENCE
            while (any(map(alive, workers)) or listens(port)) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert not any(map(alive, workers))
            assert not listens(port)
        finally:
            stranger.close()
            for worker in filter(alive, workers):
                os.kill(worker, signal.SIGKILL)
    told = [json.loads(line)["message"] for line in running.log if line.startswith("{")]
    assert told.count("the process that started this worker is gone; the worker ends too") == 2
    assert "Traceback" not in "".join(running.log)
    assert list(tmp_path.glob("jewelry-metrics-*")) == []
    with serving(script, shop.root, "--port", str(port)) as again:
        assert httpx.get(f"{again.url}/livez", timeout=60).status_code == 200
        assert again.stop() == 0
