"""Whatever lies in a catalog: a line for each file that is no photo, no crash, no hang, and nothing outside opened."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tests.faults.syncs.bounded import bounded, opened_below
from tests.faults.syncs.broken_files import broken_files, whole_picture
from tests.shops.catalogs.row_catalog import Shop

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="opened files are told by inotify, and work is done in forks"),
    pytest.mark.filterwarnings("ignore:::PIL"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    (shop.catalog / "rings").mkdir(parents=True)
    (shop.catalog / "rings/whole.jpg").write_bytes(whole_picture())
    return shop


def check_each_is_told(shop: Shop, names: set[str]) -> None:
    """One sync: a file is in the index or rejected, with a reason in one line; nothing is half done."""
    report = shop.sync(workers=2)
    told = [reject.where.removeprefix("rings/") for reject in report.rejects]
    indexed = {Path(path).name for _, path in shop.points()}
    assert len(told) == len(set(told))
    assert indexed | set(told) == names | {"whole.jpg"}
    assert not indexed & set(told)
    for reject in report.rejects:
        assert reject.reason.isprintable(), reject
        assert 10 < len(reject.reason) < 300, reject
    assert shop.sync(workers=2).published is False


def test_broken_files_of_a_hundred_kinds(shop: Shop) -> None:
    files = {f"{name}.jpg": data for name, data in broken_files().items()}
    assert len(files) >= 60
    for name, data in files.items():
        (shop.catalog / "rings" / name).write_bytes(data)
    bounded(lambda: check_each_is_told(shop, set(files)))


def test_files_that_are_no_files(shop: Shop, tmp_path: Path) -> None:
    rings = shop.catalog / "rings"
    os.mkfifo(rings / "pipe.jpg")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.path.relpath(rings / "socket.jpg"))
    (rings / "itself.jpg").symlink_to("itself.jpg")
    (rings / "nothing.jpg").symlink_to("nowhere")
    (rings / "device.jpg").symlink_to("/dev/zero")
    (rings / "memory.jpg").symlink_to("/proc/self/mem")
    (rings / "up.jpg").symlink_to("../..")
    (rings / "with\nlines\x1b[2J.jpg").write_bytes(b"no photo")
    (rings / ("long" * 60 + ".jpg")).write_bytes(b"no photo")
    told = ["pipe.jpg", "socket.jpg", "itself.jpg", "nothing.jpg", "device.jpg", "memory.jpg", "up.jpg"]

    def work() -> None:
        report = shop.sync()
        assert {Path(reject.where).name for reject in report.rejects} >= set(told)
        assert report.photos["new"] == 1

    bounded(work)
    listening.close()


OUT = (
    "../secret/key.jpg",
    "rings/../../secret/key.jpg",
    "..\\secret\\key.jpg",
    "{secret}/key.jpg",
    "file://{secret}/key.jpg",
    "FILE:///{secret}/key.jpg",
    "local:{secret}/key.jpg",
    "%2e%2e/secret/key.jpg",
    "..%2fsecret%2fkey.jpg",
    "rings/out.jpg",
    "rings/folder/key.jpg",
    "./rings/./folder/key.jpg",
    "~/../secret/key.jpg",
    "//{secret}/key.jpg",
    "rings/whole.jpg/../../../secret/key.jpg",
    "$SECRET/key.jpg",
    "simplecache::file://{secret}/key.jpg",
    "zip://key.jpg::{secret}/key.zip",
    "\\\\?\\{secret}\\key.jpg",
)


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_no_file_outside_the_catalog_is_opened(shop: Shop, tmp_path: Path, suffix: str) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    for name in ("key.jpg", "key.zip", "catalog.csv", "catalog.toml"):
        (secret / name).write_bytes(whole_picture())
    (shop.catalog / "rings/out.jpg").symlink_to(secret / "key.jpg")
    (shop.catalog / "rings/folder").symlink_to(secret)
    names = [name.replace("{secret}", str(secret)) for name in OUT]
    sign = "," if suffix == "csv" else "\t"
    rows = [f"p{number}{sign}{name}" for number, name in enumerate([*names, "|".join(names), "rings/whole.jpg"])]
    (shop.catalog / f"catalog.{suffix}").write_text("\n".join([f"product_id{sign}image", *rows]) + "\n")
    with opened_below(secret) as opened:
        bounded(lambda: check_all_but_one_are_told(shop, rows))
    assert opened == []


def check_all_but_one_are_told(shop: Shop, rows: list[str]) -> None:
    report = shop.sync()
    lines = {int(reject.where.rpartition(":")[2]) for reject in report.rejects if reject.where.startswith("catalog.")}
    assert lines == set(range(2, len(rows) + 1))
    assert [path for _, path in shop.points()] == ["rings/whole.jpg"]


def test_a_folder_of_links_out_opens_nothing_either(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.jpg").write_bytes(whole_picture())
    (shop.catalog / "rings/out.jpg").symlink_to(secret / "key.jpg")
    (shop.catalog / "rings/folder").symlink_to(secret)
    (shop.catalog / "pins").symlink_to(secret)
    with opened_below(secret) as opened:
        bounded(lambda: shop.sync() and None)
    assert opened == []


def test_what_is_opened_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "key.jpg").write_bytes(b"x")
    with opened_below(tmp_path) as opened:
        bounded(lambda: (tmp_path / "key.jpg").read_bytes() and None)
    assert opened == ["key.jpg"]
    with pytest.raises(AssertionError, match="SIGALRM"):
        bounded(lambda: __import__("time").sleep(30), seconds=1)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        bounded(lambda: 1 // 0)
