"""`evaluate_model` run end to end on drawn photos with a small real ONNX network: no training needed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from rich.console import Console

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError, UsageError
from indexer.models.directory import FORMAT_VERSION, ModelFile, fingerprint_of, load_model
from indexer.models.embedder import Embedder
from indexer.models.preprocessing import Preprocessing
from trainer.evaluation.evaluate import evaluate_model
from trainer.evaluation.metrics import (
    CATEGORY_FIGURES,
    CATEGORY_KEYS,
    PRODUCT_KEYS,
    category_metrics,
    retrieval_metrics,
    self_retrieval_metrics,
)
from trainer.evaluation.table import tables

SIZE = 32


def write_network(folder: Path) -> Path:
    """A model directory whose embedding is the photo's 4x4 mean colours, as darkness on a small constant."""
    from onnx import TensorProto, checker, helper, numpy_helper

    def constant(name: str, value: Any) -> Any:
        return numpy_helper.from_array(np.asarray(value), name)

    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["white", "float"], ["dark"]),
        helper.make_node("Div", ["dark", "white"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["means"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Add", ["flat", "floor"], ["positive"]),
        helper.make_node("LpNormalization", ["positive"], ["embedding"], axis=1, p=2),
        helper.make_node("MatMul", ["embedding", "weights"], ["category_logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 48]),
            helper.make_tensor_value_info("category_logits", TensorProto.FLOAT, ["n", 2]),
        ],
        [
            constant("white", np.float32(255)),
            constant("floor", np.float32(0.01)),
            constant("weights", np.zeros((48, 2), np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    folder.mkdir()
    data, preprocessing = model.SerializeToString(), Preprocessing(size=SIZE)
    (folder / "model.onnx").write_bytes(data)
    record = {
        "format_version": FORMAT_VERSION,
        "fingerprint": fingerprint_of(data, preprocessing, 48, ["bars", "discs"]),
        "dimension": 48,
        "preprocessing": preprocessing.record(),
        "categories": ["bars", "discs"],
    }
    (folder / "model.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return load_model(write_network(tmp_path_factory.mktemp("models") / "means"))


def draw_photo(path: Path, category: str, product: int, view: int) -> None:
    """Bars stand, discs lie in the middle; a product has its colour, a view its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(int(v) for v in np.random.default_rng([product, len(category)]).integers(0, 200, 3))
    image = Image.new("RGB", (96, 96), "white")
    draw = ImageDraw.Draw(image)
    box = (40 + view, 4, 56 + view, 92) if category == "bars" else (24 + view, 24, 72 + view, 72)
    (draw.rectangle if category == "bars" else draw.ellipse)(box, fill=colour)
    image.save(path)


def build(folder: Path, *, products: int = 6, views: int = 2, roles: tuple[str, ...] = ()) -> Catalog:
    """A manifest catalog of two categories; view v of each product has the role roles[v]."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "catalog.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["product_id", "image", "category", *(["role"] if roles else [])])
        for category in ("bars", "discs"):
            for product in range(products):
                for view in range(views):
                    name = f"{category}/{product}-{view}.png"
                    draw_photo(folder / name, category, product, view)
                    writer.writerow([f"{category}{product}", name, category, *roles[view : view + 1]])
    return read_catalog(folder)


def embed(model: ModelFile, catalog: Catalog) -> tuple[np.ndarray[Any, Any], list[str], list[str], list[str]]:
    """What the evaluation should have seen: embeddings, categories, product ids and roles in catalog order."""
    photos = [(product, image) for product in catalog.products for image in product.images]
    vectors = Embedder(model).embed([image.path for _, image in photos])
    roles = [str(image.fields.get("role", "")) for _, image in photos]
    return vectors, [str(p.category) for p, _ in photos], [p.id for p, _ in photos], roles


def test_several_photos_a_product(model: ModelFile, tmp_path: Path) -> None:
    catalog = build(tmp_path / "shop")
    result = evaluate_model(model, catalog)
    assert {"category", "per_category", "product", "edited_copy", "images", "model"} < set(result)
    vectors, categories, products, _ = embed(model, catalog)
    shown = {key: result["category"][key] for key in CATEGORY_KEYS}
    assert shown == pytest.approx(category_metrics(vectors, categories, products))
    assert list(result["per_category"]) == ["bars", "discs"]
    assert set(result["per_category"]["bars"]) == {*CATEGORY_FIGURES, "images"}
    assert result["per_category"]["bars"]["images"] == 12
    found = result["product"]["photo_vs_photos"]
    assert set(result["product"]) == {"photo_vs_photos"}
    assert {key: found[key] for key in PRODUCT_KEYS} == pytest.approx(self_retrieval_metrics(vectors, products))
    assert (found["queries"], found["gallery"]) == (24, 24)
    assert result["images"] == {"count": 24, "rejected": 0, "rejects": [], "hubs": []}
    assert result["model"] == {"name": "means", "fingerprint": model.fingerprint, "size": SIZE, "dimension": 48}
    assert result["edited_copy"]["edits"] == 24
    assert 0 <= result["edited_copy"]["R@1"] <= result["edited_copy"]["R@5"] <= 1
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_same_seed_gives_the_same_result_and_another_one_other_edits(model: ModelFile, tmp_path: Path) -> None:
    catalog = build(tmp_path / "shop", products=12)
    first = evaluate_model(model, catalog, seed=1)
    assert evaluate_model(model, catalog, seed=1) == first
    copies = [evaluate_model(model, catalog, seed=seed)["edited_copy"] for seed in range(2, 6)]
    assert any(copy != first["edited_copy"] for copy in copies)


def test_one_photo_a_product_has_no_product_figures(model: ModelFile, tmp_path: Path) -> None:
    result = evaluate_model(model, build(tmp_path / "shop", views=1))
    assert result["product"] is None
    assert result["category"]["P@1"] > 0


def test_roles_ask_queries_against_gallery_and_catalog(model: ModelFile, tmp_path: Path) -> None:
    catalog = build(tmp_path / "shop", views=4, roles=("catalog", "query", "query", "gallery"))
    result = evaluate_model(model, catalog)
    vectors, _, products, roles = embed(model, catalog)
    at = {role: [n for n, r in enumerate(roles) if r == role] for role in ("query", "gallery", "catalog")}
    for role in ("gallery", "catalog"):
        expected = retrieval_metrics(
            vectors[at["query"]], vectors[at[role]], [products[n] for n in at["query"]], [products[n] for n in at[role]]
        )
        found = result["product"][f"query_vs_{role}"]
        assert {key: found[key] for key in PRODUCT_KEYS} == pytest.approx(expected)
        assert (found["queries"], found["gallery"]) == (24, 12)
    assert result["per_category"]["bars"]["images"] == 24


def test_query_photos_never_meet_each_other(model: ModelFile, tmp_path: Path) -> None:
    """A burst: two equal query photos a product, and a catalog picture that is filed under the other category."""
    folder = tmp_path / "shop"
    lines = ["product_id,image,category,role"]
    for product in range(4):
        for view, role in enumerate(("query", "query", "gallery")):
            drawn = ("bars", "discs")[product % 2] if role == "query" else ("discs", "bars")[product % 2]
            draw_photo(folder / f"{product}-{view}.png", drawn, product, 0)
            lines.append(f"p{product},{product}-{view}.png,{('bars', 'discs')[product % 2]},{role}")
    (folder / "catalog.csv").write_text("\n".join(lines))
    result = evaluate_model(model, read_catalog(folder))
    # Were queries compared with queries, each would find its equal twin first, and P@1 would be 1.
    assert result["category"]["P@1"] == 0.0
    assert result["product"]["query_vs_gallery"]["queries"] == 8
    assert result["product"]["query_vs_catalog"] is None


def test_a_role_column_without_queries_is_no_protocol(model: ModelFile, tmp_path: Path) -> None:
    result = evaluate_model(model, build(tmp_path / "shop", roles=("catalog", "gallery")))
    assert set(result["product"]) == {"photo_vs_photos"}


def test_a_pixel_identical_photo_counts_as_the_original(model: ModelFile, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    draw_photo(folder / "discs" / "other.png", "discs", 1, 0)
    for product in range(3):
        draw_photo(folder / "bars" / f"{product}.png", "bars", 7, 0)  # the same picture three times
    with Image.open(folder / "bars" / "2.png") as image:
        image.save(folder / "bars" / "2.bmp")  # other bytes, the same pixels
    (folder / "bars" / "2.png").unlink()
    found = evaluate_model(model, read_catalog(folder))["edited_copy"]
    assert (found["R@1"], found["edits"]) == (1.0, 4)


def test_bad_photos_are_rejects(model: ModelFile, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    build(folder, views=1)
    (folder / "bars" / "0-0.png").write_bytes(b"not a photo")
    whole = (folder / "discs" / "1-0.png").read_bytes()
    (folder / "discs" / "1-0.png").write_bytes(whole[: len(whole) // 2])
    with (folder / "catalog.csv").open("a") as handle:
        handle.write(",bars/1-0.png,bars\n")
    told: list[tuple[str, int, int]] = []
    result = evaluate_model(model, read_catalog(folder), progress=lambda *step: told.append(step))
    assert result["images"]["count"] == 10
    assert result["images"]["rejected"] == 3
    where = {reject["where"]: reject for reject in result["images"]["rejects"]}
    assert set(where) == {"catalog.csv:14", "bars/0-0.png", "discs/1-0.png"}
    assert "not an image" in where["bars/0-0.png"]["reason"]
    assert where["bars/0-0.png"]["product_id"] == "bars0"
    assert told == [("embed", n, 12) for n in range(1, 13)]


def test_nothing_usable_is_one_clear_error(model: ModelFile, tmp_path: Path) -> None:
    folder = tmp_path / "shop" / "rings"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_text("hello")
    with pytest.raises(CatalogError, match=r"none of 1 photos can be used; the first: rings/a\.jpg: not an image"):
        evaluate_model(model, read_catalog(folder.parent))


def test_only_the_chosen_photos_take_part(model: ModelFile, tmp_path: Path) -> None:
    catalog = build(tmp_path / "shop", views=1)
    keys = [f"{category}/{n}-0.png" for category in ("bars", "discs") for n in range(3)]
    assert evaluate_model(model, catalog, image_keys=keys)["images"]["count"] == 6
    with pytest.raises(UsageError, match=r"no photo 'bars/99\.png' \(1 such in all\)"):
        evaluate_model(model, catalog, image_keys=[*keys, "bars/99.png"])


def test_what_cannot_be_measured_is_null(model: ModelFile, tmp_path: Path) -> None:
    catalog = build(tmp_path / "shop", views=1)
    alone = evaluate_model(model, catalog, image_keys=["bars/0-0.png", "discs/0-0.png", "discs/1-0.png"])
    assert alone["per_category"]["bars"] == {**dict.fromkeys(CATEGORY_FIGURES), "images": 1}
    assert alone["per_category"]["discs"]["P@1"] is not None
    nothing = evaluate_model(model, catalog, image_keys=["bars/0-0.png", "discs/0-0.png"])
    assert nothing["category"] is None
    json.dumps(nothing, allow_nan=False)
    assert "no category has photos of two products" in shown(nothing)


def test_one_category_and_one_photo_are_no_figures(model: ModelFile, tmp_path: Path) -> None:
    """Whatever is found is right there: 1.000 would be printed of any network."""
    catalog = build(tmp_path / "shop")
    bars = [image.key for product in catalog.products if product.category == "bars" for image in product.images]
    one = evaluate_model(model, catalog, image_keys=bars)
    assert one["category"] is one["category_macro"] is one["chance"] is None
    assert set(one["per_category"]["bars"].values()) == {None, 12}
    assert one["product"]["photo_vs_photos"]["R@1"] is not None
    assert "all photos are of one category (bars)" in shown(one)
    product = evaluate_model(model, catalog, image_keys=["bars/0-0.png", "bars/0-1.png"])
    assert product["product"] is None
    photo = evaluate_model(model, catalog, image_keys=["bars/0-0.png"])
    assert (photo["category"], photo["product"]) == (None, None)
    assert photo["edited_copy"]["R@1"] is photo["edited_copy"]["R@5"] is None
    retrieval = {"classification": None}  # which category a photo is recognised as can go wrong with one photo, too
    text = shown(one | retrieval | {"product": None, "edited_copy": photo["edited_copy"]}) + shown(photo | retrieval)
    assert "1.000" not in text


def shown(result: dict[str, Any]) -> str:
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(tables(result))
    return capture.get()


def test_the_table_for_people(model: ModelFile, tmp_path: Path) -> None:
    result = evaluate_model(model, build(tmp_path / "shop"))
    text = shown(result)
    rows = (result["category"], CATEGORY_KEYS), (result["product"]["photo_vs_photos"], (*PRODUCT_KEYS, "queries"))
    for figure in [row[key] for row, keys in rows for key in keys]:
        assert (f"{figure:.3f}" if isinstance(figure, float) else str(figure)) in text
    assert "every photo against all others" in text
    assert f"24 photos, model means ({model.fingerprint[:12]}, 32 px)" in text


def test_the_table_takes_odd_names_and_missing_figures(model: ModelFile, tmp_path: Path) -> None:
    result = evaluate_model(model, build(tmp_path / "shop", views=1))
    result["per_category"]["[bold]rings[/x]"] = {**dict.fromkeys(CATEGORY_KEYS), "images": 1}
    result["images"] |= {
        "rejected": 12,
        "rejects": [{"where": f"[red]{n}", "reason": "empty", "product_id": None} for n in range(12)],
    }
    text = shown(result)
    assert "[bold]rings[/x]" in text
    assert "[red]9: empty" in text
    assert "and 2 more" in text


@pytest.mark.slow
def test_real_products_with_roles(model: ModelFile, real_data: Path) -> None:
    result = evaluate_model(model, read_catalog(real_data / "products"))
    assert result["product"]["query_vs_gallery"]["queries"] == 389
    assert result["product"]["query_vs_catalog"]["gallery"] == 16
    assert result["images"] == {"count": 886, "rejected": 0, "rejects": [], "hubs": []}
