"""Photos in object stores: on a store in memory, and, where both are installed, s3 on moto's server."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from indexer.errors import FetchError, MissingExtra
from indexer.photos.fetch.many import stores
from indexer.photos.fetch.many.stores import Store
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.indexer.photos.fetch.many.web_shop import drawn, in_memory
from tests.shops.catalogs.row_catalog import counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS
from tests.shops.models.tiny_model import write_tiny_model

fsspec = pytest.importorskip("fsspec", reason="reads object stores: pip install 'jewelry-similarity[remote]'")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


class Bucket(MemoryFileSystem):  # type: ignore[misc]
    """A store in memory, that counts what it is asked, and can be down."""

    cachable = False
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    asked: ClassVar[list[str]] = []
    fault: ClassVar[Exception | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.partition("://")[2] or path)

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        self._ask("info")
        return super().info(path, **kwargs)  # type: ignore[no-any-return]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        self._ask("read")
        return super().cat_file(path, start=start, end=end, **kwargs)  # type: ignore[no-any-return]

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    made = Bucket()
    monkeypatch.setattr(stores, "require", lambda *_: None)
    monkeypatch.setattr(fsspec, "filesystem", lambda *_, **__: made)
    yield made
    Bucket.store.clear()
    Bucket.asked.clear()
    Bucket.fault = None


class StoreShop:
    """Six products in a bucket, their manifest too."""

    def __init__(self, root: Path, bucket: Bucket, scheme: str) -> None:
        self.bucket, self.scheme = bucket, scheme
        self.model, self.index = write_tiny_model(root / "m", size=16), in_memory(root / "i")
        for n in range(6):
            bucket.pipe_file(f"{scheme}://shop/photos/{n}.jpg", drawn(f"{n}"))
        self.list()

    def list(self, price: int = 1) -> None:
        rows = [f"p{n},photos/{n}.jpg,rings,{price}" for n in range(6)]
        text = "\n".join(["product_id,image,category,price", *rows, ""])
        self.bucket.pipe_file(f"{self.scheme}://shop/catalog.csv", text.encode())

    def sync(self) -> SyncReport:
        self.bucket.asked.clear()
        return sync(f"{self.scheme}://shop/catalog.csv", self.model, self.index)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_night_after_night(tmp_path: Path, bucket: Bucket, scheme: str) -> None:
    shop = StoreShop(tmp_path, bucket, scheme)
    report = shop.sync()
    assert (counts(report), report.rejects) == ({"new": 6}, [])
    assert bucket.asked.count("read") == 6
    assert counts(shop.sync()) == {"unchanged": 6}
    assert "read" not in bucket.asked
    bucket.pipe_file(f"{scheme}://shop/photos/1.jpg", drawn("another"))
    bucket.rm_file(f"{scheme}://shop/photos/2.jpg")
    shop.list(price=2)
    report = shop.sync()
    assert counts(report) == {"changed": 1, "updated": 4, "gone": 1}
    assert "there is no such object" in report.rejects[0].reason


def test_a_store_that_is_down_keeps_its_photos(tmp_path: Path, bucket: Bucket) -> None:
    shop = StoreShop(tmp_path, bucket, "s3")
    catalog = tmp_path / "catalog.csv"
    rows = [f"p{n},s3://shop/photos/{n}.jpg" for n in range(6)]
    catalog.write_text("\n".join(["product_id,image", *rows, ""]))
    sync(catalog, shop.model, shop.index)
    for fault in (ConnectionError("no route"), PermissionError("Forbidden"), RuntimeError("who knows\nwhat")):
        Bucket.fault = fault
        bucket.asked.clear()
        report = sync(catalog, shop.model, shop.index)
        assert counts(report) == {"kept": 6}
        assert all(reject.reason.isprintable() for reject in report.rejects)
        assert len(report.rejects) == (6 if isinstance(fault, PermissionError) else 1)
    Bucket.fault = None
    assert counts(sync(catalog, shop.model, shop.index)) == {"unchanged": 6}


def test_what_is_too_large_is_not_read(bucket: Bucket) -> None:
    bucket.pipe_file("s3://shop/large.jpg", b"x" * 1001)
    bucket.pipe_file("s3://shop/empty.jpg", b"")
    store = Store("s3", bucket, most=1000)
    for name, reason in (("large", "more than the 0.001 MB"), ("empty", "empty"), ("none", "no such object")):
        with pytest.raises(FetchError, match=reason):
            store.read(f"s3://shop/{name}.jpg")
    assert "read" not in bucket.asked


def test_what_is_not_installed_is_said(tmp_path: Path) -> None:
    missing = next((name for name in stores.PACKAGES.values() if importlib.util.find_spec(name) is None), None)
    if missing is None:
        pytest.skip("all of them are installed")
    scheme = next(scheme for scheme, name in stores.PACKAGES.items() if name == missing)
    catalog = tmp_path / "catalog.csv"
    catalog.write_text(f"product_id,image\np,{scheme}://shop/a.jpg\n")
    with pytest.raises(
        MissingExtra, match=rf"{missing} is not installed; run: pip install 'jewelry-similarity\[remote"
    ):
        sync(catalog, write_tiny_model(tmp_path / "m", size=16), tmp_path / "i")


def test_s3_on_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto.server", reason="a server that speaks s3: pip install 'moto[server,s3]' s3fs")
    pytest.importorskip("s3fs", reason="reads s3: pip install 'jewelry-similarity[remote]'")
    import boto3

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="shop")
        for n in range(6):
            client.put_object(Bucket="shop", Key=f"photos/{n}.jpg", Body=drawn(f"{n}"))
        rows = [f"p{n},photos/{n}.jpg,rings" for n in range(6)]
        client.put_object(Bucket="shop", Key="c.csv", Body="\n".join(["product_id,image,category", *rows, ""]).encode())
        model, index = write_tiny_model(tmp_path / "m", size=16), in_memory(tmp_path / "i")
        assert counts(sync("s3://shop/c.csv", model, index)) == {"new": 6}
        assert counts(sync("s3://shop/c.csv", model, index)) == {"unchanged": 6}
        client.put_object(Bucket="shop", Key="photos/1.jpg", Body=drawn("another"))
        client.delete_object(Bucket="shop", Key="photos/2.jpg")
        report = sync("s3://shop/c.csv", model, index)
        assert counts(report) == {"changed": 1, "unchanged": 4, "gone": 1}
        store = index.read()
        assert {point.payload["photo"]["path"] for point in store.scroll()} == {
            f"s3://shop/photos/{n}.jpg" for n in (0, 1, 3, 4, 5)
        }
        store.close()
    finally:
        server.stop()
