"""Features are kept on the disk by photo, view and network; a file that cannot be used costs time and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.data.feature_cache import FeatureCache

PHOTO, OTHER = b"a" * 32, b"b" * 32


def vectors(*views: int) -> dict[int, np.ndarray]:
    return {view: np.full(3, view + 0.5, np.float32) for view in views}


def test_what_was_put_is_there_in_the_next_run(tmp_path: Path) -> None:
    first = FeatureCache(tmp_path / "new", [b"network"], 3)
    first.put(PHOTO, vectors(0, 1, 4))
    first.close()
    found = FeatureCache(tmp_path / "new", [b"network"], 3).get(PHOTO, range(3))
    assert sorted(found) == [0, 1]
    assert np.array_equal(found[1], vectors(1)[1])
    assert FeatureCache(tmp_path / "new", [b"network"], 3).get(OTHER, range(3)) == {}


def test_another_network_knows_nothing(tmp_path: Path) -> None:
    first = FeatureCache(tmp_path, [b"network"], 3)
    first.put(PHOTO, vectors(0))
    first.close()
    assert FeatureCache(tmp_path, [b"another"], 3).get(PHOTO, range(3)) == {}


@pytest.mark.parametrize("content", [b"not a database, and longer than a header of one " * 50, b""])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    first = FeatureCache(tmp_path, [b"network"], 3)
    first.put(PHOTO, vectors(0))
    first.close()
    next(tmp_path.glob("*.sqlite")).write_bytes(content)
    again = FeatureCache(tmp_path, [b"network"], 3)
    assert again.get(PHOTO, range(3)) == {}
    again.put(PHOTO, vectors(0))
    assert list(again.get(PHOTO, range(3))) == [0]
    assert again.trouble is None
    again.close()


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = FeatureCache(tmp_path / "file" / "features", [b"network"], 3)
    cache.put(PHOTO, vectors(0))
    assert cache.get(PHOTO, range(3)) == {}
    assert cache.trouble
    cache.close()


def test_no_folder_remembers_nothing() -> None:
    cache = FeatureCache(None, [b"network"], 3)
    cache.put(PHOTO, vectors(0))
    assert cache.get(PHOTO, range(3)) == {}
    cache.close()
