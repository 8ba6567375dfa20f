"""The pages of the audits: mislabels and outliers as cards, a product beside the photos it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.system.text import counted, printable
from searcher.answers.wording import written
from searcher.insights.audits.answers import Oddity
from searcher.pages.sheets.origin import notes_of, origin_of
from searcher.pages.sheets.picture_sheet import PictureSheet
from searcher.pages.sheets.sheet import Card, Choice, Sheet, Shown

ODDITIES: Mapping[str, str] = {
    Oddity.NO_JEWELRY: "Probably none of your categories",
    Oddity.FAR: "Unlike everything else",
    Oddity.DISAGREEING: "Photos that do not belong together",
}


def mislabels_sheet(document: Mapping[str, Any], pictures: PictureSheet) -> Sheet:
    """The page of a `MislabelReport` as JSON."""
    summary, entries = document["summary"], document["entries"]
    by_category: dict[str, int] = {}
    for entry in entries:
        by_category[entry["category"]] = by_category.get(entry["category"], 0) + 1
    return Sheet(
        kind="mislabels",
        title="Doubtful categories",
        lead="Products that look like another category than the one they are filed under, the most doubtful first.",
        facts=[
            (f"{summary['products']:,}", "products judged"),
            (f"{summary['suspected']:,}", "look like another category"),
            (f"{summary['shown']:,}", "shown here"),
        ],
        entry=("product", "products"),
        cards=[_mislabel(entry, pictures) for entry in entries],
        kinds=[Choice(name, f"Filed under {printable(name)}", count) for name, count in by_category.items()],
        orders=[Choice("", "Most doubtful first"), Choice("photos", "Most photos first")],
        placeholder="Product, title, category",
        notes=notes_of(document, pictures),
        origin=origin_of(document),
    )


def outliers_sheet(document: Mapping[str, Any], pictures: PictureSheet) -> Sheet:
    """The page of an `OutlierReport` as JSON."""
    summary = document["summary"]
    shown = summary["shown"]
    return Sheet(
        kind="outliers",
        title="Photos that stand out",
        lead="Photos unlike everything else in the catalog, photos of something else, and products whose photos do "
        "not belong together.",
        facts=[
            (f"{summary['photos']:,}", "photos judged"),
            *((f"{summary['found'][kind]:,}", label.lower()) for kind, label in ODDITIES.items()),
            (f"{len(document['entries']):,}", "shown here"),
        ],
        entry=("product", "products"),
        cards=[_outlier(entry, pictures) for entry in document["entries"]],
        kinds=[Choice(str(kind), label, shown[kind]) for kind, label in ODDITIES.items() if shown[kind]],
        orders=[Choice("", "As ranked"), Choice("score", "Highest score first"), Choice("photos", "Most photos first")],
        placeholder="Product, title, category",
        notes=notes_of(document, pictures),
        origin=origin_of(document),
    )


def neighbour(photo: Mapping[str, Any], pictures: PictureSheet, words: str = "alike by") -> Shown:
    """A photo beside the one in question; ``photo`` is a `Neighbour.to_json` or a cluster's `Member.to_json`."""
    category = photo["category"] or "no category"
    return Shown(
        name=printable(photo["product_id"]),
        picture=pictures.photo(photo["sha256"], photo["photo"]),
        under=printable(category),
        lines=[f"{words} {photo['cosine']:.3f}"],
        file=printable(photo["photo"]),
    )


def _mislabel(entry: Mapping[str, Any], pictures: PictureSheet) -> Card:
    given, suggested = printable(entry["category"]), printable(entry["suggested"])
    return Card(
        id=printable(entry["product_id"]),
        title=_title(entry),
        meta=f"doubt {100 * entry['score']:.0f} of 100 · {counted(entry['photos'], 'photo')}",
        flags=[f"{given} → {suggested}?"],
        tags=[entry["category"]],
        order={"photos": entry["photos"]},
        find=f"{given} {suggested}",
        photos=[_lead(entry, pictures), *(neighbour(one, pictures) for one in entry["neighbours"])],
        others="Its nearest photos of other products" if entry["neighbours"] else "",
    )


def _outlier(entry: Mapping[str, Any], pictures: PictureSheet) -> Card:
    disagreeing = entry["oddity"] == Oddity.DISAGREEING
    others = "Its other photos, least alike first" if disagreeing else "Its nearest photos of other products"
    return Card(
        id=printable(entry["product_id"]),
        title=_title(entry),
        meta=f"{entry['z']:.1f} deviations from what is usual · {counted(entry['photos'], 'photo')}",
        flags=[ODDITIES[entry["oddity"]]],
        tags=[entry["oddity"]],
        order={"score": entry["score"], "photos": entry["photos"]},
        photos=[_lead(entry, pictures), *(neighbour(one, pictures) for one in entry["neighbours"])],
        others=others if entry["neighbours"] else "",
    )


def _title(entry: Mapping[str, Any]) -> str:
    return printable(str(entry["payload"].get("title") or entry["product_id"]))


def _lead(entry: Mapping[str, Any], pictures: PictureSheet) -> Shown:
    photo = entry["photo"]
    parts = [photo["category"], written(entry["payload"], "price")]
    return Shown(
        name=printable(photo["product_id"]),
        picture=pictures.photo(photo["sha256"], photo["photo"]),
        under=printable(" · ".join(str(part) for part in parts if part)),
        lines=[printable(reason) for reason in entry["reasons"]],
        file=printable(photo["photo"]),
    )
