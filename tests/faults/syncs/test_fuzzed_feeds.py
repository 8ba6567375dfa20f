"""Any bytes as a feed: a catalog, or one line that says why there is none; never a crash, never a file outside."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError, MissingExtra
from indexer.fields.types import FieldType
from tests.faults.syncs.any_feed import PHOTOS, any_feed
from tests.faults.syncs.bounded import bounded, opened_below

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="opened files are told by inotify")

QUICK, LONG = 40, 6_000
TYPES = {"price": FieldType.NUMBER, "size": FieldType.KEYWORD, "in_stock": FieldType.BOOLEAN}
SETTINGS = (
    "",
    '[fields]\nsize = "number"\n',
    '[fields]\nprice = "date"\nnothing = "text"\n',
    '[numbers]\ndecimal = ","\n',
    "[ignore]\npaths = ['**']\n",
    '[columns]\nprice = "cost"\nignore = ["title"]\n',
    '[availability]\nin_stock = ["yes"]\n',
    "[fields\n",
    "\0",
)


def shop_in(folder: Path) -> Path:
    """A catalog whose photos are there, beside what is none of its business."""
    secret, root = folder / "secret", folder / "catalog"
    secret.mkdir()
    (secret / "key.jpg").write_bytes(b"secret")
    for name in PHOTOS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\xff\xd8\xff photo")
    (root / "out.jpg").symlink_to(secret / "key.jpg")
    (root / "folder").symlink_to(secret)
    return root


def check_reading(path: Path, root: Path) -> None:
    """A catalog of photos that are inside, or an error in one line."""
    try:
        catalog = read_catalog(path, TYPES)
    except (CatalogError, MissingExtra) as error:
        refused = str(error)
    else:
        refused = ""
        check_catalog(catalog, root)
    assert not refused or one_line(refused), refused


def check_catalog(catalog: Catalog, root: Path) -> None:
    inside = os.path.realpath(root)
    for product in catalog.products:
        assert product.id
        assert product.images
        for image in product.images:
            if image.elsewhere is None:
                assert os.path.realpath(image.path).startswith(f"{inside}/")
            for name, value in image.fields.items():
                kind = catalog.field_table[name]
                assert isinstance(value, {FieldType.NUMBER: float, FieldType.BOOLEAN: bool}.get(kind, (str, list)))
    for reject in catalog.rejects:
        assert one_line(reject.reason), reject


def one_line(text: str) -> bool:
    return bool(text) and len(text.splitlines()) == 1 and len(text) < 5_000


def fuzz(examples: int) -> Callable[[], None]:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(number=st.integers(0, 2**40), toml=st.sampled_from(SETTINGS))
    def work(number: int, toml: str) -> None:
        folder = Path(tempfile.mkdtemp(dir=place))
        try:
            root = shop_in(folder)
            if toml:
                (root / "catalog.toml").write_text(toml)
            form, data = any_feed(number)
            path = root / f"catalog.{form}"
            path.write_bytes(data)
            with opened_below(folder / "secret") as opened:
                check_reading(path, root)
            assert opened == []
        finally:
            shutil.rmtree(folder)

    place = tempfile.mkdtemp()

    def run() -> None:
        try:
            work()
        finally:
            shutil.rmtree(place)

    return run


def test_any_feed_is_read_or_refused() -> None:
    bounded(fuzz(QUICK))


@pytest.mark.slow
def test_any_feed_for_a_minute() -> None:
    bounded(fuzz(LONG), seconds=900)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "xml"])
def test_a_packed_feed_that_unpacks_to_very_much_is_refused_or_read_in_time(form: str, tmp_path: Path) -> None:
    """A hundred megabytes of one letter in a hundred kilobytes."""
    begins = {"csv": b"product_id,image\n", "jsonl": b'{"product_id": "', "xml": b"<rss><channel><item><title>"}[form]
    root = shop_in(tmp_path)
    path = root / f"catalog.{form}.gz"
    path.write_bytes(gzip.compress(begins + b"a" * 100_000_000, 9))
    bounded(lambda: check_reading(path, root), seconds=60)


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    root = shop_in(tmp_path)
    names = [f'<!ENTITY e{number} "{f"&e{number - 1};" * 10 if number else "aaaaaaaaaa"}">' for number in range(12)]
    text = f"<!DOCTYPE rss [{''.join(names)}]><rss><channel><item><title>&e11;</title></item></channel></rss>"
    path = root / "catalog.xml"
    path.write_text(text)
    bounded(lambda: check_reading(path, root), seconds=60)
