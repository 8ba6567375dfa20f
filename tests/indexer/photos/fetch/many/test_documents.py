"""A manifest behind a URL: fetched where it has changed, with photos beside it there."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.cli.main import main
from indexer.errors import CatalogError
from indexer.photos.fetch.many.documents import beside, name_of
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.sync.run import sync
from tests.indexer.photos.fetch.many.web_shop import drawn, in_memory
from tests.indexer.photos.fetch.photo_host import PhotoHost, status
from tests.shops.catalogs.row_catalog import counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

ROWS = b"product_id,image,category,price\np0,a.jpg,rings,1\np1,more/b.jpg,watches,2\np2,/top.jpg,rings,3\n"


@pytest.fixture
def feed(host: PhotoHost, hasty: None) -> str:
    for path in ("/shop/a.jpg", "/shop/more/b.jpg", "/top.jpg"):
        host.put(path, drawn(path))
    return host.put("/shop/products.csv", ROWS, etag='"1"', kind="text/csv")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "model", size=16)


def test_a_manifest_by_url_and_photos_beside_it(tmp_path: Path, host: PhotoHost, feed: str, model: Path) -> None:
    index = in_memory(tmp_path / "index")
    report = sync(feed, model, index, allow_private=True)
    assert (counts(report), report.rejects, report.catalog) == ({"new": 3}, [], feed)
    assert index.last_record().catalog_root == feed  # type: ignore[union-attr]
    asked = [one.path for one in host.log.requests]
    assert sorted(asked) == ["/shop/a.jpg", "/shop/catalog.toml", "/shop/more/b.jpg", "/shop/products.csv", "/top.jpg"]
    host.log.clear()
    again = sync(feed, model, index, allow_private=True)
    assert (counts(again), again.published) == ({"unchanged": 3}, False)
    assert host.log.counts() == {("GET", 304): 4, ("GET", 404): 1}
    host.put("/shop/products.csv", ROWS.replace(b",1\n", b",9\n"), etag='"2"', kind="text/csv")
    assert counts(sync(feed, model, index, allow_private=True)) == {"updated": 1, "unchanged": 2}


@pytest.mark.slow
def test_the_command(tmp_path: Path, host: PhotoHost, feed: str, model: Path) -> None:
    arguments = ["sync", f"{feed}?key=secret", "--model", str(model), "--index", str(tmp_path / "index")]
    host.photos["/shop/products.csv?key=secret"] = host.photos["/shop/products.csv"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "only 80 and 443 are fetched from unless private addresses are allowed" in result.stderr
    result = CliRunner().invoke(main, [*arguments, "--allow-private"])
    assert result.exit_code == 0, result.output
    host.faults["/shop/products.csv?key=secret"] = status(503)
    result = CliRunner().invoke(main, [*arguments, "--allow-private"])
    assert result.exit_code == 1
    assert result.stderr == f"Error: {feed}: the server answers 503; try again later; nothing was changed\n"
    assert "secret" not in result.output


def test_settings_beside_it_count_and_a_page_in_their_place_does_not(host: PhotoHost, feed: str) -> None:
    host.put("/shop/catalog.toml", b'[fields]\nprice = "keyword"\n', kind="text/plain")
    with PhotoSources(allow_private=True) as sources:
        assert read_catalog(feed, sources=sources).field_table["price"] == "keyword"
    host.put("/shop/catalog.toml", b"<!DOCTYPE html><html>nothing here</html>", kind="text/html")
    with PhotoSources(allow_private=True) as sources:
        assert read_catalog(feed, sources=sources).field_table["price"] == "number"


def test_settings_that_went_count_no_more(tmp_path: Path, host: PhotoHost, feed: str) -> None:
    for text, kind in ((b'[fields]\nprice = "keyword"\n', "keyword"), (None, "number")):
        host.photos.pop("/shop/catalog.toml", None)
        if text is not None:
            host.put("/shop/catalog.toml", text, kind="text/plain")
        with PhotoSources(tmp_path, allow_private=True) as sources:
            assert read_catalog(feed, sources=sources).field_table["price"] == kind


def test_a_packed_feed(host: PhotoHost, feed: str) -> None:
    url = host.put("/shop/export.php?id=3", gzip.compress(ROWS), kind="application/gzip")
    assert feed
    with PhotoSources(allow_private=True) as sources:
        assert [product.id for product in read_catalog(url, sources=sources).products] == ["p0", "p1", "p2"]


def test_no_feed(host: PhotoHost, feed: str) -> None:
    host.put("/page", b"<!doctype html><html><body>log in</body></html>", kind="text/html")
    for url, reason in (
        (f"{host.root}/none.csv", "the server answers 404"),
        (f"{host.root}/page", "page"),
        ("ftp://shop.example/products.csv", "a manifest is not fetched from there"),
        (feed.replace("http:", "HTTPS:"), "connection fails"),
    ):
        with PhotoSources(allow_private=True) as sources, pytest.raises(CatalogError, match=reason) as caught:
            read_catalog(url, sources=sources)
        assert str(caught.value).startswith(url)
        assert "fetched" not in str(caught.value).partition(": ")[0]


def test_names_lead_where_they_lead_on_the_web() -> None:
    url = "https://shop.example:8443/feeds/products.csv?key=a/b#c"
    for name, wanted in {
        "a.jpg": "https://shop.example:8443/feeds/a.jpg",
        "./more/a b.jpg": "https://shop.example:8443/feeds/more/a b.jpg",
        "/top.jpg": "https://shop.example:8443/top.jpg",
        "//cdn.example/a.jpg": "https://cdn.example/a.jpg",
    }.items():
        assert beside(url, name) == wanted
    assert beside("s3://bucket/feeds/products.csv", "a.jpg") == "s3://bucket/feeds/a.jpg"
    with pytest.raises(ValueError, match="leads out"):
        beside(url, "../../a.jpg")


@given(st.text(max_size=40))
def test_files_are_called_what_every_disk_takes(name: str) -> None:
    called = name_of(f"https://shop.example/{name}")
    assert called == Path(called).name
    assert called.isascii()
    assert called.isprintable()
    assert called not in ("", ".", "..", "catalog.toml", "fetched.json")
