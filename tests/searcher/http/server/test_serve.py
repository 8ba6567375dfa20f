"""`searcher serve` as a process of its own: start, several workers, orderly end, and faults in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from indexer.cli.command_line import group
from indexer.errors import JewelryError, MissingExtra, UsageError
from searcher.cli.serve import serve as serve_command
from searcher.http.server import serve as module
from searcher.http.server.serve import require_extra
from searcher.http.server.sockets import bind, shown_url
from searcher.settings import ServeSettings
from tests.faults.serving.service_process import SCRIPT, Running, serving
from tests.shops.indexes.built_index import Built, Photographed


def lines_of(running: Running) -> list[dict[str, Any]]:
    return [json.loads(line) for line in running.log]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_sigterm_ends_it_with_0_and_no_traceback(script: Path, photographed: Photographed, workers: int) -> None:
    with serving(script, photographed.root, "--workers", str(workers)) as running:
        with httpx.Client(base_url=running.url, timeout=60) as client:
            assert client.get("/readyz").json()["status"] == "ready"
            assert client.get("/nothing").headers["content-type"] == "application/problem+json"
        assert running.stop() == 0
    log = lines_of(running)  # JSON all through, also at the end
    assert [line["message"] for line in log] == ["listening", "request", "stopped"]
    assert (log[0]["workers"], log[0]["index"]) == (workers, str(photographed.root))


def test_ctrl_c_ends_it_as_every_command(script: Path, photographed: Photographed) -> None:
    with serving(script, photographed.root) as running:
        assert httpx.get(f"{running.url}/livez", timeout=60).status_code == 200
        assert running.stop(signal.SIGINT) == 130
    assert running.log[-1] == "Stopped."
    assert "Traceback" not in "".join(running.log)


def test_two_workers_answer_and_count_together(script: Path, photographed: Photographed) -> None:
    """A connection stays with its worker, so that many connections reach both; either one tells what both did."""
    with serving(script, photographed.root, "--workers", "2", "--rate-limit", "0") as running:
        for _ in range(40):
            assert httpx.get(f"{running.url}/livez", timeout=60).status_code == 200
        texts = {httpx.get(f"{running.url}/metrics", timeout=60).text for _ in range(5)}
        for text in texts:
            assert 'jewelry_http_request_seconds_count{method="GET",route="/livez",status="200"} 40.0' in text
        assert running.stop() == 0


SLOW = """
import time
from fastapi import APIRouter
from searcher.http import app

router = APIRouter()

@router.get("/v1/slow")
def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "done"

app.ROUTERS += (router,)
"""


@contextmanager
def asked_slowly(running: Running, seconds: float) -> Iterator[list[httpx.Response | httpx.HTTPError]]:
    """A request that is at work in the block; its answer, or what came instead, is there at the end."""
    got: list[httpx.Response | httpx.HTTPError] = []

    def ask() -> None:
        try:
            got.append(httpx.get(f"{running.url}/v1/slow", params={"seconds": seconds}, timeout=60))
        except httpx.HTTPError as error:
            got.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while "jewelry_http_requests_running 2.0" not in httpx.get(f"{running.url}/metrics", timeout=60).text:
        time.sleep(0.02)
    yield got
    asking.join(60)


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_a_running_request_is_finished(script: Path, photographed: Photographed, workers: str) -> None:
    script.write_text(SLOW + SCRIPT)
    with serving(script, photographed.root, "--workers", workers) as running:
        with asked_slowly(running, 2) as got:
            assert running.stop() == 0
        assert [answer.json() for answer in got if isinstance(answer, httpx.Response)] == ["done"]
    assert lines_of(running)[-1]["message"] == "stopped"


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_request_that_does_not_end_is_left_behind(script: Path, photographed: Photographed, workers: str) -> None:
    script.write_text(SLOW + SCRIPT)
    with serving(script, photographed.root, "--workers", workers, JEWELRY_SHUTDOWN_TIMEOUT="1") as running:
        with asked_slowly(running, 1000) as got:
            assert running.stop() == 0
        assert isinstance(got[0], httpx.Response)
        assert (got[0].status_code, got[0].json()["type"]) == (503, "urn:jewelry:problem:service-unavailable")
    assert '"status": 503' in "".join(running.log)
    assert "Traceback" not in "".join(running.log)


def test_a_taken_port_is_one_line(script: Path, photographed: Photographed) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        done = run(script, "--port", str(port), "--index", str(photographed.root))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: 127.0.0.1:{port}: another program listens there; end it, or give another --port\n"


def run(script: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), "serve", *options]
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@group("Try.")
def commands() -> None: ...


commands.add_command(serve_command)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--index", "nothing-here"], 1, "nothing-here: no index here yet; fill it with: indexer sync CATALOG"),
        (["--host", "0.0.0.0"], 2, "let anybody ask with --open"),
        (["--keys", "nothing.json"], 2, "nothing.json: holds no API keys"),
        (["--port", "65536"], 2, "65536"),
        (["--workers", "0"], 2, "--workers"),
        (["--rate-limit", "-1"], 2, "--rate-limit"),
        (["--cors-origin", "shop.example"], 2, "is not an origin"),
        (["--qdrant-url", "http://127.0.0.1:1", "--index", "x"], 2, "both a directory"),
    ],
)
def test_what_cannot_work_is_one_line(
    options: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)  # the handlers of the test's process stay
    result = CliRunner().invoke(commands, ["serve", *options])
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "python-multipart", "prometheus-client"])
def test_a_missing_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = package.replace("-", "_")
    real = module.find_spec
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == absent else real(name))
    with pytest.raises(
        MissingExtra, match=rf"{package} is not installed; run: pip install 'jewelry-similarity\[serve\]'"
    ):
        require_extra()


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("203.0.113.1", "does not have this address"),
        ("no such host", "is not an address"),
        ("a" * 300, "is not an address"),
    ],
)
def test_addresses_that_are_none(host: str, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        bind(host, 0)


def test_ipv6_addresses() -> None:
    try:
        listener = bind("::1", 0)
    except JewelryError:
        pytest.skip("no IPv6 here")
    with listener:
        assert shown_url(listener) == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.shop.example", False),
        ("127.0.0.1.nip.io", False),
    ],
)
def test_what_counts_as_this_machine(host: str, loopback: bool) -> None:
    assert ServeSettings(_env_file=None, serve_host=host).loopback is loopback  # type: ignore[call-arg]


def test_settings_come_from_the_environment_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEWELRY_SERVE_PORT", "9000")
    monkeypatch.setenv("JEWELRY_WORKERS", "7")
    monkeypatch.setenv("JEWELRY_CORS_ORIGINS", "https://a.example, http://b.example:8080")
    settings = ServeSettings.read()
    assert (settings.serve_port, settings.serve_workers, settings.workers) == (9000, 1, 7)
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    assert ServeSettings.read(serve_port=1, keys=None).serve_port == 1
    for name, value in (
        ("CORS_ORIGINS", "https://a.example/path"),
        ("SERVE_PORT", "x"),
        ("UPLOAD_LIMIT", "0"),
        ("BODY_TIMEOUT", "nan"),
        ("LOG_LEVEL", "loud"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(f"JEWELRY_{name}", value)
            with pytest.raises(UsageError, match=f"JEWELRY_{name}="):
                ServeSettings.read()


def test_a_worker_that_cannot_start_ends_the_service(script: Path, built: Built, tmp_path: Path) -> None:
    """The keys are gone between the parent's look and the workers'."""
    from searcher.http.access.keys import KeyFile

    keys = tmp_path / "keys.json"
    file = KeyFile(keys)
    file.add("shop", "read")
    script.write_text(
        SCRIPT.replace(
            "    main()",
            "    import searcher.http.server.serve as s; real = s._serve_together\n"
            f'    def gone(*a): open({str(keys)!r}, "w").write("{{}}"); return real(*a)\n'
            "    s._serve_together = gone; main()",
        )
    )
    with serving(script, built.root, "--workers", "2", "--keys", str(keys)) as running:
        assert running.process.wait(60) == 1
    assert any("cannot start" in line for line in running.log)
    assert running.log[-1] == "Error: the workers did not start; the log above says why"
    assert "Traceback" not in "".join(running.log)
