"""Reading needs no right to write: another user, a read-only mount, and what is said where it cannot be done."""

from __future__ import annotations

import ctypes
import os
import pickle
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.errors import JewelryError, StoreError
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.embedded.view import VIEWS, open_view
from indexer.system.scratch import remove_abandoned, scratch_folder
from searcher.service import SearchService
from tests.shops.indexes.both_engines import build, points

NOBODY = 65534
LONGEST = 120
"""Seconds that a child may take."""
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
CLONE_NEWNS = 0x00020000


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that another user can reach, unlike pytest's own, and in it one for temporary files of all users."""
    folder = Path(tempfile.mkdtemp(prefix="jewelry-rights-"))
    folder.chmod(0o755)
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def index(place: Path) -> EmbeddedIndex:
    index = EmbeddedIndex(place / "index")
    build(index, points(0, 30))
    ask(index.root)  # whatever is imported on the way is imported before a child gives its rights up
    return index


def ask(root: Path) -> tuple[Any, ...]:
    """Everything a reader does."""
    store = EmbeddedIndex(root).read()
    asked = np.ones((1, 16), np.float32)
    found = (
        store.count(),
        [hit.id for hit in store.search(asked, limit=5)[0]],
        sum(1 for _ in store.scroll(vectors=True)),
        len(store.facet("product_id")),
    )
    store.close()
    matches = [match.product_id for match in SearchService(root).similar("P3", k=5).matches]
    return (*found, matches)


def in_a_child(prepare: Callable[[], object], do: Callable[[], Any]) -> Any:
    """What ``do`` returns or raises in a process of its own, after ``prepare``, whose refusal skips the test."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(LONGEST)
        try:
            try:
                prepare()
            except OSError as error:
                answer: Any = ("denied", str(error))
            else:
                try:
                    answer = ("done", do())
                except JewelryError as error:
                    answer = ("failed", str(error))
            os.write(writing, pickle.dumps(answer))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        kind, answer = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    if kind == "denied":
        pytest.skip(f"this environment does not let a test do that: {answer}")
    return answer


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def mount_read_only(folder: Path) -> None:
    """In a name space of this process's own, which ends with it."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(result: int) -> None:
        if result:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    call(libc.unshare(CLONE_NEWNS))
    call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    name = os.fsencode(folder)
    call(libc.mount(name, name, None, MS_BIND, None))
    call(libc.mount(name, name, None, MS_BIND | MS_REMOUNT | MS_RDONLY, None))


def views() -> list[str]:
    return [path.name for path in Path(tempfile.gettempdir()).glob(f"{VIEWS}*")]


def state_of(root: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(root.rglob("*"))}


def test_another_user_reads(index: EmbeddedIndex) -> None:
    wanted, before = ask(index.root), state_of(index.root)
    assert in_a_child(become_nobody, lambda: ask(index.root)) == wanted
    assert state_of(index.root) == before
    assert views() == []


def test_a_read_only_mount_is_read(index: EmbeddedIndex) -> None:
    wanted, before = ask(index.root), state_of(index.root)
    assert in_a_child(lambda: mount_read_only(index.root), lambda: ask(index.root)) == wanted
    assert state_of(index.root) == before
    assert views() == []


def test_without_a_place_for_the_copies_it_is_said_what_is_needed(index: EmbeddedIndex, place: Path) -> None:
    def nobody_without_a_place() -> None:
        become_nobody()
        tempfile.tempdir = str(place)  # it may not write there either

    said = in_a_child(nobody_without_a_place, lambda: ask(index.root))
    assert "this user may not write there" in said
    assert f"cannot be made in {place} (Permission denied); set TMPDIR to a folder with room" in said


def blocks(path: Path) -> int:
    return path.stat().st_blocks


@pytest.mark.parametrize(
    "part",
    ["CURRENT", "generations", "generations/1/generation.json", "generations/1/checksums.json", "small file", "file"],
)
def test_what_may_not_be_read_is_named(index: EmbeddedIndex, part: str) -> None:
    path = index.root / part
    if part.endswith("file"):  # a small one is read at every opening, of a large one the length is looked at
        files = sorted((one for one in index.root.glob("generations/1/shard/**/*") if one.is_file()), key=blocks)
        path = files[0] if part == "small file" else files[-1]
    path.chmod(0)
    said = in_a_child(become_nobody, lambda: ask(index.root))
    path.chmod(0o755)
    assert str(path) in said or part == "generations"
    assert "damaged" not in said
    assert "this user may not read it" in said


def test_a_publish_lets_all_read_whom_the_folder_lets(index: EmbeddedIndex) -> None:
    for path in index.root.rglob("*"):
        if path.is_file() and path.name != "LOCK":
            assert path.stat().st_mode & 0o044 == path.parent.stat().st_mode & 0o044, path


def test_a_view_answers_when_its_folder_is_gone_and_is_told_by_links(index: EmbeddedIndex, tmp_path: Path) -> None:
    from indexer.store.embedded.engine import EdgeStore

    shard = index.layout.generation(1) / "shard"
    seen: list[Path] = []

    def load(view: Path) -> EdgeStore:
        seen.append(view)
        return EdgeStore.load(view, "1", index.layout.record(1))

    store = open_view(shard, load)
    assert not seen[0].exists()
    assert store.count() == 30
    assert len(list(store.scroll(vectors=True))) == 30
    store.close()


def test_an_engine_that_writes_to_more_gets_copies_of_all(index: EmbeddedIndex) -> None:
    shard, seen = index.layout.generation(1) / "shard", list[int]()

    def load(view: Path) -> str:
        seen.append(sum(path.is_symlink() for path in view.rglob("*")))
        if len(seen) == 1:
            raise StoreError("it wanted to write")
        return "opened"

    assert open_view(shard, load) == "opened"
    assert seen[-1] == 0


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        with scratch_folder(tmp_path, ".work-") as folder:
            (folder / "file").write_text("x")
            os._exit(9)
    os.waitpid(child, 0)
    (tmp_path / "other").mkdir()
    [left] = tmp_path.glob(".work-*")
    with scratch_folder(tmp_path, ".work-") as folder:
        assert not left.exists()
        assert remove_abandoned(tmp_path, ".work-") == []  # one that is in use stays
        assert folder.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
