"""Named pipes, sockets and devices are refused at once, whoever would have read them for ever."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import ImageError
from indexer.photos.opening import read_bytes
from indexer.system.regular import open_regular


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(dir="/tmp" if Path("/tmp").is_dir() else None) as folder:
        yield Path(folder)


def test_a_file_and_a_link_to_one(place: Path) -> None:
    (place / "a").write_bytes(b"abc")
    (place / "b").symlink_to("a")
    for name in ("a", "b"):
        with open_regular(place / name) as file:
            assert file.read() == b"abc"


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file(place: Path, linked: bool) -> None:
    os.mkfifo(place / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "socket.jpg"))
        found = {"a named pipe": place / "pipe.jpg", "a socket": place / "socket.jpg", "a device": Path("/dev/zero")}
        for what, path in found.items():
            if linked:
                (place / "link").unlink(missing_ok=True)
                (place / "link").symlink_to(path)
                path = place / "link"
            with pytest.raises(OSError, match=f"it is {what} and no file"):
                open_regular(path)
            with pytest.raises(ImageError, match=rf"^cannot be read \(it is {what} and no file\)$"):
                read_bytes(path)


def test_folders_and_what_is_not_there(place: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_regular(place)
    with pytest.raises(FileNotFoundError):
        open_regular(place / "none")
