"""What lies in a catalog folder and is no part of it: never a category or a product, and always counted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from indexer.catalog.passed_over import Ignored
from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.transfer.snapshots import take_snapshot
from indexer.sync.run import sync
from indexer.system.marks import NAME, mark
from searcher.pages.report_store import ReportStore
from tests.shops.catalogs.catalog_folders import photos, reasons, touch
from tests.shops.catalogs.photo_files import encode, photo
from tests.shops.models.tiny_model import write_tiny_model

JPEG = encode(photo(32), "JPEG")
REPORT = {"generation": "1", "created_at": "2026-11-28T00:00:00Z", "summary": {}}


def put(root: Path, *names: str, data: bytes = JPEG) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def passed(catalog: Catalog) -> dict[str, tuple[int, str]]:
    return {one.what: (one.count, one.example) for one in catalog.passed_over}


# ---- this program's own ----------------------------------------------------------------------------------------


def test_own_output_in_the_catalog_is_no_part_of_it(tmp_path: Path) -> None:
    """As somebody works who stands in the folder of the catalog: index, models and snapshot are made in it."""
    catalog = put(tmp_path / "catalog", "rings/r1.jpg", "rings/r2.jpg")
    model, index = write_tiny_model(catalog / "models/m1"), catalog / "index"
    put(model, "report/embedding.png", "report/training.png")
    for _ in range(3):
        report = sync(catalog, model, index)
        assert (report.products, report.rejects) == (2, [])
    ReportStore(index).write("duplicates", REPORT, "", "")
    assert photos(read_catalog(catalog)) == {"r1": ["rings/r1.jpg"], "r2": ["rings/r2.jpg"]}
    assert {one.what: one.example for one in report.passed_over} == {"an index": "index", "a model": "models/m1"}
    take_snapshot(EmbeddedIndex(index), catalog / "kept", thumbnails=True)
    found = read_catalog(catalog)
    assert (len(found.products), passed(found)) == (2, {"an index": (2, "index"), "a model": (1, "models/m1")})


@pytest.mark.parametrize("left", ["thumbnails", "reports", "generations/1", "work"])
def test_parts_of_an_index_that_lie_about_are_known(tmp_path: Path, left: str) -> None:
    catalog, index = put(tmp_path / "catalog", "rings/r1.jpg", "rings/r2.jpg"), tmp_path / "index"
    sync(catalog, write_tiny_model(tmp_path / "model"), index)
    ReportStore(index).write("duplicates", REPORT, "", "")
    (index / left).rename(catalog / "old")
    found = read_catalog(catalog)
    assert photos(found) == {"r1": ["rings/r1.jpg"], "r2": ["rings/r2.jpg"]}
    assert found.rejects == ()
    assert sum(one.count for one in found.passed_over) <= 2


def test_an_index_in_the_very_folder_of_the_catalog(tmp_path: Path) -> None:
    catalog = put(tmp_path / "catalog", "rings/r1.jpg")
    model = write_tiny_model(tmp_path / "model")
    for _ in range(2):
        assert sync(catalog, model, catalog).products == 1
    ReportStore(catalog).write("duplicates", REPORT, "", "")
    found = read_catalog(catalog)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert passed(found)["an index"][0] == 4


def test_a_sync_that_was_killed_at_once_leaves_a_mark(tmp_path: Path) -> None:
    with EmbeddedIndex(tmp_path / "catalog/index").write():
        ThumbnailStore(tmp_path / "catalog/index").write("ab" + "0" * 62, photo(32))
        put(tmp_path / "catalog", "rings/r1.jpg", "index/sheet.png")
    found = read_catalog(tmp_path / "catalog")
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert passed(found) == {"an index": (1, "index")}


def test_what_only_looks_like_ours_is_the_shops(tmp_path: Path) -> None:
    """A 3D model beside the photos, products with numbers of two digits, a folder called thumbnails or index."""
    put(tmp_path, "rings/r1/model.json", data=b"{}")
    put(tmp_path, "rings/r1/a.jpg", "rings/01/a.jpg", "rings/ab/b.webp", "thumbnails/t1.jpg", "index/CURRENT/c.jpg")
    found = read_catalog(tmp_path)
    assert set(photos(found)) == {"r1", "01", "ab", "t1", "CURRENT"}
    assert passed(found) == {".json files": (1, "rings/r1/model.json")}


def test_a_mark_never_fails(tmp_path: Path) -> None:
    mark(tmp_path)
    mark(tmp_path)
    mark(tmp_path / "none")
    assert "jewelry-similarity" in (tmp_path / NAME).read_text()
    (tmp_path / "state" / NAME).mkdir(parents=True)
    mark(tmp_path / "state")


# ---- systems' own ----------------------------------------------------------------------------------------------

OF_SYSTEMS = [
    "#recycle",
    "@Recycle",
    "#snapshot",
    "@Recently-Snapshot",
    "@tmp",
    "lost+found",
    "Network Trash Folder",
    "Temporary Items",
    "@eaDir",
    "@EADIR",
    "__MACOSX",
    "$RECYCLE.BIN",
    "$Recycle.Bin",
    "System Volume Information",
    "RECYCLER",
    "FOUND.000",
    "~snapshot",
]


@pytest.mark.parametrize("name", OF_SYSTEMS)
def test_folders_of_systems(tmp_path: Path, name: str) -> None:
    put(
        tmp_path,
        "rings/r1.jpg",
        f"{name}/r2.jpg",
        f"{name}/rings/r3.jpg",
        f"rings/{name}/r4.jpg",
        f"rings/r1/{name}/5.jpg",
    )
    found = read_catalog(tmp_path)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert (found.categories, found.rejects) == (("rings",), ())
    assert passed(found)["of the system"] == (3, name)


@pytest.mark.parametrize("name", [".Trash-1000", ".Trashes", ".git", ".Spotlight-V100", "._r2"])
def test_hidden_folders(tmp_path: Path, name: str) -> None:
    put(tmp_path, "rings/r1.jpg", f"{name}/r2.jpg", f"rings/{name}/r4.jpg")
    found = read_catalog(tmp_path)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert passed(found) == {"hidden": (2, name)}


def test_a_name_that_only_begins_like_a_systems_is_the_shops(tmp_path: Path) -> None:
    put(
        tmp_path, "#new/a.jpg", "@work/b.jpg", "recycled gold/c.jpg", "lost and found/d.jpg", "tmp/e.jpg", "found/f.jpg"
    )
    assert set(photos(read_catalog(tmp_path))) == set("abcdef")


# ---- the shop's own --------------------------------------------------------------------------------------------


def ignoring(root: Path, *patterns: str) -> Path:
    paths = ", ".join(f'"{pattern}"' for pattern in patterns)
    (root / "catalog.toml").write_text(f"[ignore]\npaths = [{paths}]\n", encoding="utf-8")
    return root


def test_paths_to_ignore(tmp_path: Path) -> None:
    put(tmp_path, "rings/r1.jpg", "rings/r1_back.jpg", "Archive/old/a.jpg", "rings/r2/b_back.JPG", "rings/r2/b.jpg")
    ignoring(tmp_path, "archive/**", "*_back.jpg")
    found = read_catalog(tmp_path)
    assert photos(found) == {"r1": ["rings/r1.jpg"], "r2": ["rings/r2/b.jpg"]}
    assert passed(found) == {"by [ignore]": (3, "Archive")}
    assert (found.rejects, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("archive/**", ["archive", "archive/a", "archive/a/b.jpg", "ARCHIVE/x"], ["archives/a", "rings/archive"]),
        ("archive", ["archive", "rings/archive/a.jpg"], ["archived", "my archive"]),
        ("archive/", ["archive", "archive/a", "rings/archive/a.jpg"], ["archives"]),
        ("*_back.jpg", ["r_back.jpg", "rings/a/r_back.jpg", "rings/r_BACK.JPG"], ["back.jpg", "rings/r_back.jpeg"]),
        ("rings/*/back.jpg", ["rings/a/back.jpg"], ["rings/back.jpg", "rings/a/b/back.jpg"]),
        ("rings/**/back.jpg", ["rings/back.jpg", "rings/a/b/back.jpg"], ["watches/back.jpg"]),
        ("**/old", ["old", "rings/old/a.jpg"], ["rings/older"]),
        ("./rings/r?.jpg", ["rings/r1.jpg"], ["rings/r.jpg", "rings/r12.jpg"]),
        ("rings\\r1.jpg", ["rings/r1.jpg"], ["rings/r2.jpg"]),
        ("été/[a].jpg", ["été/[a].jpg", "e\u0301te\u0301/[A].jpg"], ["été/a.jpg"]),
    ],
)
def test_patterns(pattern: str, covered: list[str], not_covered: list[str]) -> None:
    ignored = Ignored([pattern])
    assert [key for key in [*covered, *not_covered] if ignored.covers(key)] == covered


def test_a_pattern_that_meets_nothing_is_said(tmp_path: Path) -> None:
    found = read_catalog(ignoring(put(tmp_path, "rings/r1.jpg", "archive/a.jpg"), "archve/**"))
    said = "catalog.toml: [ignore] 'archve/**' is not the path of anything here; correct or remove it"
    assert found.notes == (said,)
    assert set(photos(found)) == {"r1", "a"}


@pytest.mark.parametrize("table", ["paths = 5", "paths = [5]", 'path = ["a"]', 'paths = [""]', 'paths = ["/"]'])
@pytest.mark.parametrize("listed", [False, True], ids=["folders", "manifest"])
def test_what_is_no_list_of_paths(tmp_path: Path, table: str, listed: bool) -> None:
    put(tmp_path, "rings/r1.jpg")
    if listed:
        (tmp_path / "catalog.csv").write_text("product_id,image\nr1,rings/r1.jpg\n")
    (tmp_path / "catalog.toml").write_text(f"[ignore]\n{table}\n")
    with pytest.raises(CatalogError, match=r'\[ignore\] holds one list, paths = \["archive/\*\*", "\*_back.jpg"\]'):
        read_catalog(tmp_path)


# ---- content, whatever the suffix --------------------------------------------------------------------------------


def test_photos_whose_names_do_not_say_so(tmp_path: Path) -> None:
    names = ["R1.jpg?v=171", "R2", "R3.jpg_large", "R4.HEIC", "R5.JPEG!medium", "R 6.5ct", "R 6.7ct", "R8.jpg (1)"]
    put(tmp_path, *(f"rings/{name}" for name in names), "rings/R9/front", "rings/R10.txt", "rings/R11.cr2")
    put(tmp_path, "rings/R12.psd", data=encode(photo(32), "PNG"))
    found = read_catalog(tmp_path)
    assert photos(found) == {
        "R 6.5ct": ["rings/R 6.5ct"],
        "R 6.7ct": ["rings/R 6.7ct"],
        "R1": ["rings/R1.jpg?v=171"],
        "R10.txt": ["rings/R10.txt"],
        "R11.cr2": ["rings/R11.cr2"],
        "R12.psd": ["rings/R12.psd"],
        "R2": ["rings/R2"],
        "R3": ["rings/R3.jpg_large"],
        "R4": ["rings/R4.HEIC"],
        "R5": ["rings/R5.JPEG!medium"],
        "R8": ["rings/R8.jpg (1)"],
        "R9": ["rings/R9/front"],
    }
    assert (found.rejects, found.passed_over) == ((), ())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_every_kind_without_a_suffix(tmp_path: Path, kind: str) -> None:
    put(tmp_path, "rings/R2", data=encode(photo(32), kind))
    assert photos(read_catalog(tmp_path)) == {"R2": ["rings/R2"]}


def test_other_files_are_counted_by_kind(tmp_path: Path) -> None:
    put(tmp_path, "rings/r1.jpg", "rings/r1.jpg.part", "rings/r2.jpg~", "rings/r3.JPG.bak", "rings/r4.crdownload")
    put(tmp_path, "rings/a.txt", "rings/b.TXT", "prices.xlsx", "rings/LICENSE", "rings/Thumbs.db", data=b"words")
    found = read_catalog(tmp_path)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert found.rejects == ()
    assert passed(found) == {
        "unfinished or backup copies": (4, "rings/r1.jpg.part"),
        ".txt files": (2, "rings/a.txt"),
        ".xlsx files": (1, "prices.xlsx"),
        "files without a suffix": (1, "rings/LICENSE"),
        "of the system": (1, "rings/Thumbs.db"),
    }


def test_pictures_that_are_not_read_are_named_by_what_they_are(tmp_path: Path) -> None:
    put(tmp_path, "rings/r1.jpg", "stray", "folder.txt/x.jpg")
    put(tmp_path, "rings/a", data=encode(photo(32), "JPEG2000"))
    put(tmp_path, "rings/b.heic", data=b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40)
    put(tmp_path, "rings/raw.nef", data=encode(photo(32), "TIFF"))
    put(tmp_path, "rings/c.tga", data=b"x")
    found = reasons(read_catalog(tmp_path))
    assert found.pop("rings/b.heic", "HEIC is not read; with pip install").startswith("HEIC is not read; ")
    assert found == {
        "rings/a": "JP2 is not read; save it as JPEG, PNG or WebP",
        "rings/raw.nef": "NEF is not read; save it as JPEG, PNG or WebP",
        "rings/c.tga": "TGA is not read; save it as JPEG, PNG or WebP",
        "stray": "lies outside a category folder; move it to <category>/<product>.jpg",
    }


def test_a_file_with_the_suffix_of_a_photo_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"rings/r{k}.jpg" for k in range(5)), "rings/R6")
    opened: list[str] = []

    def counting(path: Path) -> str:
        opened.append(path.name)
        return "JPEG"

    monkeypatch.setattr("indexer.catalog.folder.kind_of", counting)
    assert len(read_catalog(tmp_path).products) == 6
    assert opened == ["R6"]


# ---- pipes, sockets and devices ----------------------------------------------------------------------------------


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_what_is_no_file_is_a_reject_and_never_opened(place: Path) -> None:
    put(place, "rings/r1.jpg", "rings/r2/a.jpg")
    os.mkfifo(place / "rings/pipe.jpg")
    os.mkfifo(place / "rings/R7")
    os.mkfifo(place / "rings/r2/pipe.txt")
    os.mkfifo(place / "watches")
    os.mkfifo(place / "rings/.hidden")
    (place / "rings/link.jpg").symlink_to("pipe.jpg")
    (place / "rings/zero.jpg").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "rings/s.jpg"))
        found = read_catalog(place)
    assert photos(found) == {"r1": ["rings/r1.jpg"], "r2": ["rings/r2/a.jpg"]}
    said = reasons(found)
    pipes = {"rings/pipe.jpg", "rings/R7", "rings/r2/pipe.txt", "watches", "rings/link.jpg"}
    assert {where for where, reason in said.items() if reason == "is a named pipe and no file; remove it"} == pipes
    assert said["rings/s.jpg"] == "is a socket and no file; remove it"
    assert said["rings/zero.jpg"] == "is a device and no file; remove it"


def test_a_pipe_that_a_manifest_names(place: Path) -> None:
    put(place, "rings/r1.jpg")
    os.mkfifo(place / "rings/pipe.jpg")
    (place / "catalog.csv").write_text("product_id,image\nr1,rings/r1.jpg\nr2,rings/pipe.jpg\n")
    found = read_catalog(place)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert "it is a named pipe and no file" in reasons(found)["catalog.csv:3"]


@pytest.mark.parametrize("name", ["catalog.csv", "catalog.toml"])
@pytest.mark.parametrize("given", ["folder", "itself"])
def test_a_pipe_in_place_of_the_manifest(place: Path, name: str, given: str) -> None:
    put(place, "rings/r1.jpg")
    os.mkfifo(place / name)
    if given == "itself" and name == "catalog.toml":
        (place / "catalog.csv").write_text("product_id,image\nr1,rings/r1.jpg\n")
    with pytest.raises(CatalogError, match=f"{name}: is a named pipe and no file; put the file itself in its place$"):
        read_catalog(place if given == "folder" else place / "catalog.csv")


def test_a_pipe_that_comes_between_the_walk_and_the_reading_does_not_hang(place: Path) -> None:
    catalog = put(place / "catalog", "rings/r1.jpg", "rings/r2.jpg")
    program = (
        "import os, sys; from pathlib import Path; from indexer.sync import run\n"
        "read = run.read_catalog\n"
        "def late(*a, **k):\n"
        "    found = read(*a, **k); path = Path(sys.argv[1], 'rings/r2.jpg'); path.unlink(); os.mkfifo(path)\n"
        "    return found\n"
        "run.read_catalog = late\n"
        "report = run.sync(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "print(report.embedded, report.rejects[0].reason)"
    )
    model = write_tiny_model(place / "model")
    done = subprocess.run(
        [sys.executable, "-c", program, str(catalog), str(model), str(place / "index")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "1 cannot be read (it is a named pipe and no file)"


def test_an_old_thumbnail_store_is_known_by_its_files(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg")
    ThumbnailStore(tmp_path / "rings").write("0f" + "a" * 62, Image.new("RGB", (8, 8)))
    found = read_catalog(tmp_path)
    assert photos(found) == {"r1": ["rings/r1.jpg"]}
    assert passed(found) == {"thumbnails": (1, "rings/thumbnails")}
