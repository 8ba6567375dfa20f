"""Any bytes as a manifest: a catalog, or one line that says why there is none; never a crash, never a file outside."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.fields.types import FieldType
from tests.faults.syncs.bounded import bounded, opened_below

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="opened files are told by inotify")

QUICK, LONG = 150, 6_000
PHOTOS = ("a.jpg", "rings/b.jpg", "rings/ü.png", "c.webp")
OUT = ("../secret/key.jpg", "rings/../../secret/key.jpg", "out.jpg", "folder/key.jpg", "..\\secret\\key.jpg")
NAMES = (
    "product_id",
    "image",
    "category",
    "Product ID",
    "image",
    "title",
    "price",
    "in_stock",
    "size",
    "photo",
    "ID",
    "",
)
CELLS = (
    *("", " ", "R1", "R1", "R2", "r\u0301ing", "rings", "pins", "gold|silver", "|", "||a", "true", "0", "1", "yes"),
    *("1.250,00", "1,250.00", "1 250", "€ 12", "12 USD", "420,-", "1e400", "-0", "nan", "٣", "\uff11\uff12", "1/2"),
    *("2026-01-31", "2026-13-01", "0000-00-00", "31.01.2026", "9999-12-31T23:59:59Z", "2026-01-31T12:00:00+25:00"),
    *('"', '""', 'a "b" c', "a\nb", "a\r\nb", "a\0b", "\ufeff", "\u202e", "=1+1", "💍", "\ud7ff", "x" * 2000),
    *("https://shop.example/a.jpg", "file:///etc/passwd", "C:\\a.jpg", "a.jpg, b.jpg", "con", "." * 300),
)
TYPES = {"price": FieldType.NUMBER, "size": FieldType.KEYWORD, "in_stock": FieldType.BOOLEAN}
SETTINGS = (
    "",
    '[fields]\nsize = "number"\n',
    '[fields]\nprice = "date"\nnothing = "text"\n',
    '[numbers]\ndecimal = ","\n',
    "[ignore]\npaths = ['**']\n",
    "[fields\n",
    "\0",
)

cells = st.sampled_from((*CELLS, *PHOTOS, *PHOTOS, *OUT)) | st.text(max_size=8)


@st.composite
def manifests(draw: st.DrawFn) -> bytes:
    """The bytes of one: mostly a table, mostly of some sense, in any encoding, and then perhaps damaged."""
    header = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7))
    if draw(st.booleans()):
        header = ["product_id", "image", *dict.fromkeys(name for name in header if name not in ("product_id", "image"))]
    rows = draw(st.lists(st.lists(cells, min_size=max(0, len(header) - 1), max_size=len(header) + 1), max_size=8))
    sign, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(("\n", "\r\n", "\r", "")))
    quote = draw(st.sampled_from(("", "all", "needed")))

    def cell(text: str) -> str:
        needs = quote == "all" or (quote == "needed" and any(c in text for c in f'{sign}"\r\n'))
        return '"' + text.replace('"', '""') + '"' if needs else text

    text = end.join(sign.join(map(cell, row)) for row in [header, *rows])
    text = draw(st.sampled_from(("", "", "sep=;\n", "\n\n"))) + text + draw(st.sampled_from(("", end)))
    data = text.encode(
        draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "utf-32"))), "replace"
    )
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 3)))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 3)) :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 9)) == 0 else data


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
    except CatalogError as error:
        refused = str(error)
    else:
        refused = None
    if refused is not None:
        assert one_line(refused), refused
        return
    inside = os.path.realpath(root)
    for product in catalog.products:
        assert product.id
        assert product.images
        for image in product.images:
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
    @given(data=manifests(), suffix=st.sampled_from(("csv", "tsv", "txt")), toml=st.sampled_from(SETTINGS))
    def work(data: bytes, suffix: str, toml: str) -> None:
        folder = Path(tempfile.mkdtemp(dir=place))
        try:
            root = shop_in(folder)
            if toml:
                (root / "catalog.toml").write_text(toml)
            path = root / f"catalog.{suffix}"
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


def test_any_manifest_is_read_or_refused() -> None:
    bounded(fuzz(QUICK))


@pytest.mark.slow
def test_any_manifest_for_a_minute() -> None:
    bounded(fuzz(LONG), seconds=900)
