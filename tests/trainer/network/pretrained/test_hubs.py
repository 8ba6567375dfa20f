"""A hub that answers, one that does not, one that is silent, and one that gives another file: on this machine."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from indexer.errors import ModelError, UsageError
from trainer.network.backbones.building import architecture
from trainer.network.pretrained import hubs
from trainer.network.pretrained.hubs import HubFile
from trainer.network.weights import weights_file

DATA = b"weights" * 1000


@contextmanager
def hub(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def whole(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    request.wfile.write(DATA)


def torn(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    request.wfile.write(DATA[:100])


def missing(request: BaseHTTPRequestHandler) -> None:
    request.send_error(404)


def slow(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b"w")
        request.wfile.flush()
        time.sleep(0.05)


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(1)


def name_of(data: bytes) -> str:
    return f"net-{hashlib.sha256(data).hexdigest()[:8]}.pth"


def test_a_file_is_downloaded_once(tmp_path: Path) -> None:
    file = tmp_path / "hub" / name_of(DATA)
    with hub(whole) as url:
        assert HubFile(f"{url}/{file.name}", file).fetch() == file
    assert file.read_bytes() == DATA
    assert HubFile(f"{url}/{file.name}", file).fetch() == file  # the hub is gone


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (missing, "the hub answers 404"),
        (torn, "complete"),
        (slow, "it took longer than 0.2 s"),
        (silent, "timed out"),
    ],
)
def test_what_goes_wrong_leaves_nothing_and_says_what_to_do(
    tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "_SILENCE", 0.5)
    place = tmp_path / "hub" / "net.pth"
    with hub(answer) as url, pytest.raises(ModelError) as caught:
        HubFile(f"{url}/net.pth", place).fetch(within=0.2 if answer is slow else None)
    message = str(caught.value)
    assert why in message
    for said in (f"{url}/net.pth", str(place), "--weights starter", "--weights FILE", "--weights none"):
        assert said in message
    assert "\n" not in message
    assert list((tmp_path / "hub").iterdir()) == []


def test_another_file_than_its_name_says_is_not_kept(tmp_path: Path) -> None:
    place = tmp_path / name_of(b"others")
    with hub(whole) as url, pytest.raises(ModelError, match="not the file that its name stands for"):
        HubFile(f"{url}/{place.name}", place).fetch()
    assert list(tmp_path.iterdir()) == []


def test_no_hub_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot download the pretrained weights \(.*refused\)"):
        HubFile("http://127.0.0.1:9/net.pth", tmp_path / "net.pth").fetch()


def test_the_place_of_torchvisions_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    file = hubs.of_torchvision("mobilenet_v2")
    assert file.url.startswith("https://download.pytorch.org/models/mobilenet_v2-")
    assert file.place.parent == tmp_path / "checkpoints"
    file.place.parent.mkdir()
    file.place.write_bytes(DATA)  # as a person saved it who has no network
    assert weights_file(architecture("mobilenet_v2"), "imagenet") == file.place


def test_networks_of_timm_without_weights() -> None:
    with pytest.raises(UsageError, match="no weights of timm/x on its hub; give a file with --weights FILE"):
        hubs.of_timm("timm/x", None, "")
