"""What is found again at once among thousands: photos that share one content, products that all get another id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from indexer.catalog.products import Catalog, Product, ProductImage
from indexer.fields.identity import point_id
from indexer.photos.places import Seen
from indexer.store.records import Point
from indexer.sync.photo import Wanted
from indexer.sync.planning.contents import Sources
from indexer.sync.planning.names import find_renamed


def point_of(product: str, path: str, content: str = "same") -> Point:
    return Point(point_id(product, path), {"product_id": product, "photo": {"path": path, "sha256": content}})


def wanted_of(product: str, path: str) -> Wanted:
    image = ProductImage(path, Path(path), 0)
    return Wanted(point_id(product, path), product, image, {"product_id": product}, Seen(1, 1))


def test_of_one_content_each_photo_gets_its_own_point_by_product_then_by_name() -> None:
    points = [point_of(f"p{n}", f"rings/p{n}/a.jpg") for n in range(5)]
    sources = Sources(points)

    def found(product: str, path: str) -> str:
        source = sources.take("same", wanted_of(product, path))
        assert source is not None
        return str(source.payload["product_id"])

    assert found("p3", "bands/p3/other.jpg") == "p3"  # its product's
    assert found("new", "bands/new/a.jpg") == "p0"  # of that name, the first that is left
    assert found("p3", "bands/p3/b.jpg") == "p1"  # its product's is taken: the first that is left
    assert found("p4", "bands/p4/a.jpg") == "p4"
    assert [found(f"n{n}", f"bands/n{n}/x.jpg") for n in range(3)] == ["p2", "p2", "p2"]  # the last, for all others
    assert sources.take("other", wanted_of("p1", "rings/p1/a.jpg")) is None


def test_a_placeholder_of_thousands_of_products_is_found_as_the_rule_says() -> None:
    many = [f"p{n}" for n in range(4000)]
    sources = Sources([point_of(one, f"rings/{one}.jpg") for one in many])
    taken = [sources.take("same", wanted_of(one, f"bands/{PurePosixPath(one)}.jpg")) for one in reversed(many)]
    assert [source.payload["product_id"] for source in taken if source] == many[::-1]


class Counted(tuple[Product, ...]):
    """Products that count how many of them were looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Product]:
        for product in super().__iter__():
            Counted.looks += 1
            yield product


def test_products_that_all_get_another_id_are_not_searched_for_one_by_one() -> None:
    names = [f"{n:04d}" for n in range(500)]
    keys = [(category, name, f"{category}/{name}.jpg") for category in ("bands", "rings") for name in names]
    products = Counted(Product(f"{c}/{n}", c, (ProductImage(key, Path(key), 0),)) for c, n, key in keys)
    catalog = Catalog(Path("catalog"), products, {})
    before = [point_of(n, key) for c, n, key in keys if c == "rings"]
    pairs = [(point, wanted_of(f"rings/{point.payload['product_id']}", key)) for point in before for key in ["x"]]

    renamed = find_renamed(pairs, catalog, before, ())

    assert len(renamed) == 500
    assert renamed[0].because == "bands has a product 0000 too"
    assert Counted.looks <= 3 * len(products)
