"""The journal gives back exactly what was appended, and survives being cut or damaged anywhere."""

from __future__ import annotations

import errno
import os
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.models.directory import ModelFile, load_model
from indexer.sync.embedding.journal import AT_ONCE, Journal
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return load_model(write_tiny_model(tmp_path_factory.mktemp("model")))


def photo(number: int, category: str | None = "rings") -> EmbeddedPhoto:
    rng = np.random.default_rng(number)
    facts = PhotoFacts(640 + number, 480, rng.bytes(32).hex(), rng.bytes(32).hex(), rng.bytes(8).hex())
    return EmbeddedPhoto(facts, rng.standard_normal(128).astype(np.float32), category, 0.25)


def same(first: EmbeddedPhoto | None, second: EmbeddedPhoto) -> bool:
    assert first is not None
    plain = np.zeros(0, np.float32)
    return np.array_equal(first.embedding, second.embedding) and replace(first, embedding=plain) == replace(
        second, embedding=plain
    )


def test_what_was_appended_is_there_after_reopening(tmp_path: Path, model: ModelFile) -> None:
    photos = [photo(1), photo(2, None), photo(3, "watches")]
    with Journal(tmp_path, model) as journal:
        journal.append(photos[:2])
        journal.append(photos)  # those already there are not written twice
    with Journal(tmp_path, model) as journal:
        assert len(journal) == 3
        assert all(same(journal.get(p.facts.sha256), p) for p in photos)
        assert journal.get("0" * 64) is None


def test_clearing_forgets_everything(tmp_path: Path, model: ModelFile) -> None:
    with Journal(tmp_path, model) as journal:
        journal.append([photo(1)])
        journal.clear()
        assert journal.get(photo(1).facts.sha256) is None
    assert not journal.path.exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_never_gives_back_a_wrong_photo(
    tmp_path_factory: pytest.TempPathFactory, model: ModelFile, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("journal")
    photos = {p.facts.sha256: p for p in map(photo, range(5))}
    with Journal(root, model) as journal:
        journal.append(photos.values())
    raw = bytearray(journal.path.read_bytes())
    cut = data.draw(st.integers(0, len(raw)))
    position = data.draw(st.integers(0, max(0, cut - 1)))
    damaged = raw[:cut]
    if damaged and data.draw(st.booleans()):
        damaged[position] ^= 1 << data.draw(st.integers(0, 7))
    journal.path.write_bytes(damaged)
    with Journal(root, model) as journal:
        kept = [journal.get(digest) for digest in photos]
        assert all(same(k, photos[k.facts.sha256]) for k in kept if k is not None)
        journal.append(photos.values())
    with Journal(root, model) as journal:
        assert all(same(journal.get(digest), p) for digest, p in photos.items())


def test_what_a_full_disk_took_half_of_hides_nothing(
    tmp_path: Path, model: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system takes as much as there is room for first, and says that there is none when asked again."""
    written, room = os.pwrite, [1000]

    def filling_up(file: int, data: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = written(file, data[: room[0]], offset)
        room[0] -= taken
        return taken

    with Journal(tmp_path, model) as journal:
        journal.append([photo(1)])
        monkeypatch.setattr(os, "pwrite", filling_up)
        with pytest.raises(OSError, match="No space"):
            journal.append([photo(2), photo(3)])
        assert journal.get(photo(2).facts.sha256) is None
        monkeypatch.undo()
        journal.append([photo(4)])
    with Journal(tmp_path, model) as journal:
        assert len(journal) == 2
        assert all(same(journal.get(photo(n).facts.sha256), photo(n)) for n in (1, 4))


def test_many_records_are_found_and_take_little_memory(tmp_path: Path, model: ModelFile) -> None:
    """20,000 of 630 bytes: what is kept of each is its hash and a number."""
    with Journal(tmp_path, model) as journal:
        journal.append([photo(0)])
        one = journal.path.read_bytes()
        size = len(one)
        rows = bytearray()
        for number in range(20_000):
            row = bytearray(one)
            row[:32] = number.to_bytes(32, "big")
            row[-4:] = zlib.crc32(bytes(row[:-4])).to_bytes(4, "little")
            rows += row
    journal.path.write_bytes(rows)
    tracemalloc.start()
    with Journal(tmp_path, model) as journal:
        kept, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(journal) == 20_000
        assert kept < 20_000 * 250 < 20_000 * size / 2
        assert highest < kept + 3 * AT_ONCE
        for number in (0, 1, 12_345, 19_999):
            assert same(journal.get(number.to_bytes(32, "big").hex()), replace_hash(photo(0), number))


def replace_hash(photo: EmbeddedPhoto, number: int) -> EmbeddedPhoto:
    return replace(photo, facts=replace(photo.facts, sha256=number.to_bytes(32, "big").hex()))


def test_threads_may_append_at_once(tmp_path: Path, model: ModelFile) -> None:
    photos = [photo(n) for n in range(60)]
    with Journal(tmp_path, model) as journal, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda p: journal.append([p]), photos * 2))
        assert all(same(journal.get(p.facts.sha256), p) for p in photos)
    with Journal(tmp_path, model) as journal:
        assert len(journal) == 60
