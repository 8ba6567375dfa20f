"""What `indexer` gives to programs, with every kind of wrong value: a right answer, or one line that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexer
from indexer import Embedder, load_model, open_index, read_catalog, sync_catalog, write_sample
from indexer.errors import ImageError, JewelryError, UsageError
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.wrong_values import (
    NUMBERS,
    SETS,
    TEXTS,
    TRUTHS,
    VALUES,
    WHOLE,
    assert_readable,
    assert_refused_or_right,
)

PATHS = {kind for kind in TEXTS if kind not in ("empty text", "long text")} | {"path"}
KINDS = [kind for kind in VALUES if kind != "text with a line"]
"""A folder may have such a name; a command line prints it on one line."""
NOTHING = {"nothing"}
CALLED = {"function"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    write_photo(folder / "catalog" / "rings" / "R1.png", seed=1)
    write_tiny_model(folder / "model")
    return folder


def sync_with(folder: Path, **given: Any) -> Any:
    asked = {"catalog_path": folder / "none", "model_path": folder / "model", "index_path": folder / "index", **given}
    return sync_catalog(**asked)


def watch_with(folder: Path, **given: Any) -> Any:
    asked = {"catalog_path": folder / "none", "model_path": folder / "model", "index_path": folder / "index", **given}
    return indexer.watch(**{"poll": True, **asked})


CASES: dict[str, tuple[Callable[[Path, Any], Any], str, set[str]]] = {
    "open_index": (lambda _, value: open_index(value), "index", PATHS),
    "open_index memory": (lambda at, value: open_index(at / "index", value), "memory", set()),
    "read_catalog": (lambda _, value: read_catalog(value), "path", PATHS),
    "load_model": (lambda _, value: load_model(value), "model", PATHS),
    "Embedder": (lambda _, value: Embedder(value), "model", PATHS),
    "write_sample folder": (lambda _, value: write_sample(value, products=0), "folder", PATHS),
    "write_sample products": (lambda at, value: write_sample(at, products=value), "products", WHOLE),
    "write_sample seed": (lambda at, value: write_sample(at, seed=value), "seed", WHOLE),
    "write_sample photos": (lambda at, value: write_sample(at, photos=value), "photos", WHOLE | NOTHING),
    "write_sample size": (lambda at, value: write_sample(at, size=value), "size", WHOLE),
    "sync catalog": (lambda at, value: sync_with(at, catalog_path=value), "path", PATHS),
    "sync model": (lambda at, value: sync_with(at, catalog_path=at / "catalog", model_path=value), "model", PATHS),
    "sync index": (lambda at, value: sync_with(at, index_path=value), "index", PATHS),
    "sync max_removal": (lambda at, value: sync_with(at, max_removal=value), "max_removal", NUMBERS),
    "sync workers": (lambda at, value: sync_with(at, workers=value), "workers", WHOLE - {"below 0"}),
    "sync dry_run": (lambda at, value: sync_with(at, dry_run=value), "dry_run", TRUTHS),
    "sync allow_removal": (lambda at, value: sync_with(at, allow_removal=value), "allow_removal", TRUTHS),
    "sync check_content": (lambda at, value: sync_with(at, check_content=value), "check_content", TRUTHS),
    "sync allow_private": (lambda at, value: sync_with(at, allow_private=value), "allow_private", TRUTHS),
    "sync photo_cache": (lambda at, value: sync_with(at, photo_cache=value), "photo_cache", WHOLE - {"below 0"}),
    "sync text_model": (
        lambda at, value: sync_with(at, text_model=value),
        "text_model",
        PATHS | NOTHING,
    ),
    "sync scope": (
        lambda at, value: sync_with(at, scope=value),
        "scope",
        TEXTS | SETS | NOTHING | {"dictionary", "dictionary of numbers"},
    ),
    "watch catalog": (lambda at, value: watch_with(at, catalog_path=value), "catalog_path", PATHS),
    "watch index": (lambda at, value: watch_with(at, index_path=value), "index", PATHS),
    "watch debounce": (lambda at, value: watch_with(at, debounce=value), "debounce", NUMBERS),
    "watch interval": (lambda at, value: watch_with(at, interval=value), "interval", NUMBERS),
    "watch poll": (lambda at, value: watch_with(at, poll=value), "poll", TRUTHS),
    "watch stop": (lambda at, value: watch_with(at, stop=value), "stop", NOTHING),
    "watch progress": (lambda at, value: watch_with(at, progress=value), "progress", NOTHING | CALLED),
    "watch scope": (
        lambda at, value: watch_with(at, scope=value),
        "scope",
        TEXTS | SETS | NOTHING | {"dictionary", "dictionary of numbers"},
    ),
    "sync progress": (lambda at, value: sync_with(at, progress=value), "progress", NOTHING | CALLED),
}


def test_every_public_name_is_tried() -> None:
    assert {name.split()[0].replace("sync", "sync_catalog") for name in CASES} == set(indexer.__all__) - {"__version__"}


@pytest.mark.parametrize("case", CASES)
def test_a_value_of_a_wrong_kind_is_refused_in_one_line(folder: Path, case: str) -> None:
    """Of what may be right, none gets as far as to write: there is nothing at its place."""
    ask, name, right = CASES[case]
    assert_refused_or_right(lambda value: ask(folder, value), name, right, JewelryError, KINDS)
    assert sorted(path.name for path in folder.iterdir()) == ["catalog", "model"]


def test_photos_to_embed_are_paths_bytes_or_pictures(folder: Path) -> None:
    embedder, photo = Embedder(folder / "model"), folder / "catalog" / "rings" / "R1.png"
    both = embedder.embed([str(photo), photo.read_bytes()])
    np.testing.assert_array_equal(both[0], both[1])
    for wrong in (str(photo), photo, photo.read_bytes(), 5, None, [5], [None], {"a": photo}):
        with pytest.raises(UsageError) as caught:
            embedder.embed(wrong)  # type: ignore[arg-type]
        assert "photo" in assert_readable(caught.value)
    with pytest.raises(ImageError):
        embedder.embed(["no-such-file.jpg"])


def test_texts_do_as_paths(folder: Path, tmp_path: Path) -> None:
    report = sync_catalog(str(folder / "catalog"), str(folder / "model"), str(tmp_path / "index"), workers=np.int64(1))  # type: ignore[arg-type]
    assert (report.published, report.embedded) == (True, 1)
    assert read_catalog(str(folder / "catalog")) == read_catalog(folder / "catalog")
    assert write_sample(str(tmp_path / "drawn"), products=np.int64(1), size=64).products == 1  # type: ignore[arg-type]
