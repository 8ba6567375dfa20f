"""The end of a service: who is being answered gets the answer, who is connected is told, and no request is lost."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.faults.serving.service_process import Running, serving
from tests.shops.indexes.built_index import Photographed

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connected(running: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), timeout=30)


def answer(connection: socket.socket) -> bytes:
    """The head of one answer; empty where the connection was closed before."""
    got = b""
    try:
        while not got.endswith(b'{"status":"alive"}'):
            piece = connection.recv(10_000)
            if not piece:
                break
            got += piece
    except ConnectionResetError:
        return b""
    return got.partition(b"\r\n\r\n")[0].lower()


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_an_open_connection_is_told_and_loses_nothing(script: Path, photographed: Photographed, workers: str) -> None:
    """As a shop's server has it: one request after another, on connections that it keeps."""
    with serving(script, photographed.root, "--workers", workers) as running:
        kept = [connected(running) for _ in range(4)]  # of both workers, or all of one: either way is right
        for connection in kept:
            connection.sendall(LIVE)
            assert b"connection: close" not in answer(connection)
        running.process.terminate()
        began = time.monotonic()
        while kept:
            assert time.monotonic() - began < 30
            for connection in tuple(kept):  # in turn: one that asks nothing for a while is closed, as it should be
                connection.sendall(LIVE)
                head = answer(connection)
                assert head.startswith(b"http/1.1 200"), "a request was lost"
                if b"connection: close" in head:
                    assert connection.recv(1) == b""
                    connection.close()
                    kept.remove(connection)
        assert running.process.wait(60) == 0
    assert "Traceback" not in "".join(running.log)


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_nobody_is_let_in_who_would_not_be_answered(script: Path, photographed: Photographed, workers: str) -> None:
    """Whoever can still connect is answered; else the port refuses, and a proxy asks elsewhere."""
    with serving(script, photographed.root, "--workers", workers) as running:
        with connected(running) as first:
            first.sendall(LIVE)
            assert answer(first)
        running.process.terminate()
        began, refused = time.monotonic(), False
        while running.process.poll() is None and not refused:
            assert time.monotonic() - began < 30
            try:
                with connected(running) as another:
                    another.sendall(LIVE)
                    answer(another)  # lost only where it came in the very moment in which the port was closed
            except ConnectionRefusedError:
                refused = True
        assert refused or running.process.poll() is not None
        assert running.process.wait(60) == 0


def test_who_says_nothing_does_not_hold_it_up(script: Path, photographed: Photographed) -> None:
    with (
        serving(script, photographed.root) as running,
        connected(running),
        connected(running) as half,
        connected(running) as idle,
    ):
        half.sendall(b"GET /livez HT")
        idle.sendall(LIVE)
        assert answer(idle)
        assert running.stop() == 0
    assert [line for line in running.log if '"error"' in line] == []
