"""A platform's feed as it stands on the web: read where it is, its pictures too, night for night."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from indexer.sync.run import sync
from tests.indexer.photos.fetch.many.web_shop import drawn, in_memory
from tests.indexer.photos.fetch.photo_host import PhotoHost
from tests.shops.catalogs.row_catalog import counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

ITEM = """<item><g:id>{id}</g:id><title>Ring</title><g:item_group_id>R</g:item_group_id><g:price>{price} EUR</g:price>
<g:image_link>{root}/cdn/w_500,h_500/a.jpg?v=1&amp;s=2</g:image_link>
<g:additional_image_link>{root}/cdn/b.jpg,{root}/cdn/c.jpg</g:additional_image_link></item>\n"""
PICTURES = ("/cdn/w_500,h_500/a.jpg?v=1&s=2", "/cdn/b.jpg", "/cdn/c.jpg")


@pytest.mark.parametrize("packed", [False, True])
def test_a_feed_and_its_pictures_by_url(tmp_path: Path, host: PhotoHost, hasty: None, packed: bool) -> None:
    for path in PICTURES:
        host.put(path, drawn(path))

    def publish(*prices: int) -> str:
        items = "".join(ITEM.format(id=f"R{n}", price=price, root=host.root) for n, price in enumerate(prices))
        data = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'.encode()
        return host.put("/feed.php?shop=1", gzip.compress(data) if packed else data, kind="application/xml")

    index, model = in_memory(tmp_path / "index"), write_tiny_model(tmp_path / "model", size=16)
    report = sync(publish(9, 10), model, index, allow_private=True)
    assert (counts(report), report.embedded, report.rejects) == ({"new": 6}, 3, [])
    said = {
        (point.payload["product_id"], point.payload["photo"]["path"], point.payload["price"], point.payload["group_id"])
        for point in index.read().scroll()
    }
    assert said == {(f"R{n}", host.root + path, 9.0 + n, "R") for n in range(2) for path in PICTURES}
    host.log.clear()
    assert counts(sync(publish(9, 12), model, index, allow_private=True)) == {"updated": 3, "unchanged": 3}
    assert [one.status for one in host.log.requests if one.path.startswith("/cdn")] == [304, 304, 304]
