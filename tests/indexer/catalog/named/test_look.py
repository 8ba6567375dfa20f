"""The quick look knows what the long way knows, or leaves it to that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.catalog.named.look import Look
from indexer.catalog.named.photos import NamedPhotos
from tests.shops.catalogs.small_catalog import write_photo


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    root = tmp_path / "catalog"
    for key in ("rings/a.jpg", "rings/\N{LATIN SMALL LETTER O WITH DIAERESIS}se.jpg", "a.jpg", "x. y/..b.jpg"):
        write_photo(root / key, 1)
    write_photo(tmp_path / "outside" / "b.jpg", 2)
    (root / "inside.jpg").symlink_to("rings/a.jpg")
    (root / "twice.jpg").symlink_to("inside.jpg")
    (root / "outside.jpg").symlink_to(tmp_path / "outside" / "b.jpg")
    (root / "nothing.jpg").symlink_to("none.jpg")
    (root / "round.jpg").symlink_to("round.jpg")
    (root / "other").symlink_to(tmp_path / "outside")
    (root / "same").symlink_to("rings")
    os.mkfifo(root / "pipe.jpg")
    return root


KNOWN = ["rings/a.jpg", "rings/öse.jpg", "a.jpg", "x. y/..b.jpg", "inside.jpg", "twice.jpg", "same/a.jpg"]
LEFT = [
    *("outside.jpg", "nothing.jpg", "round.jpg", "other/b.jpg", "pipe.jpg", "rings", "rings/none.jpg", "none/a.jpg"),
    *("./a.jpg", "rings//a.jpg", "rings/../a.jpg", "rings\\a.jpg", "/a.jpg", "a.jpg/", "..", ".", "", "C:a.jpg"),
    *("https://127.0.0.1/a.jpg", "a\0.jpg", "a" * 300, "rings/o\N{COMBINING DIAERESIS}se.jpg"),
]


@pytest.mark.parametrize("name", KNOWN)
def test_size_and_time_of_a_photo_of_the_catalog(name: str, catalog: Path) -> None:
    found = (catalog / name).stat()
    assert Look(catalog)(name) == (found.st_size, found.st_mtime_ns)
    long_way = NamedPhotos(catalog / "catalog.csv")
    assert long_way.key(name) == name
    assert long_way.find(name, name).path == catalog / name


@pytest.mark.parametrize("name", LEFT)
def test_what_there_is_something_to_be_said_of_is_left_to_the_long_way(name: str, catalog: Path) -> None:
    assert Look(catalog)(name) is None


def test_a_link_that_is_turned_outside_is_seen_by_the_next_look(catalog: Path, tmp_path: Path) -> None:
    assert Look(catalog)("inside.jpg") is not None
    (catalog / "inside.jpg").unlink()
    (catalog / "inside.jpg").symlink_to(tmp_path / "outside" / "b.jpg")
    assert Look(catalog)("inside.jpg") is None


def test_one_look_follows_each_way_once(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (catalog / f"l{number}.jpg").symlink_to("rings/a.jpg")
    look, resolved = Look(catalog), list[Path]()
    resolve = Path.resolve

    def counted(path: Path) -> Path:
        resolved.append(path)
        return resolve(path)

    monkeypatch.setattr(Path, "resolve", counted)
    assert all(look(f"l{number}.jpg") for number in range(20))
    assert len(resolved) == 2  # the folder, and the way that all links go
