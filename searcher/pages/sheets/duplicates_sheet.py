"""The page of a report of duplicates: its groups and loose pairs as cards, from its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.system.text import counted, printable
from searcher.answers.wording import written
from searcher.insights.duplicates.answers import Tier, prices_differ
from searcher.insights.duplicates.wording import evidence_in_words
from searcher.pages.sheets.duplicates_words import (
    ALIGNED,
    TIERS,
    WHAT_IT_IS,
    certainty,
    differing_fields,
    name_of,
    several,
)
from searcher.pages.sheets.origin import notes_of, origin_of
from searcher.pages.sheets.picture_sheet import PictureSheet
from searcher.pages.sheets.sheet import Card, Choice, Sheet, Shown

LOOSE, CATEGORIES, PRICES, DELETABLE = "loose", "categories", "prices", "deletable"
PLACEHOLDER, BLANK = "placeholder", "blank"


def duplicates_sheet(document: Mapping[str, Any], pictures: PictureSheet) -> Sheet:
    """The page of a `DuplicateReport` as JSON."""
    summary = document["summary"]
    cards = [_group_card(group, pictures) for group in document["groups"]]
    cards += [_pair_card(number, pair, pictures) for number, pair in enumerate(document["loose_pairs"], start=1)]
    cards += [_placeholder_card(shared, pictures) for shared in document.get("placeholders", [])]
    cards += _blank_cards(document.get("blank", []), pictures)
    tags = [tag for card in cards for tag in card.tags]
    flags = (
        (CATEGORIES, "Several categories"),
        (PRICES, "Several prices"),
        (DELETABLE, "Something to delete"),
        (LOOSE, "Loose pairs"),
        (PLACEHOLDER, "Placeholders"),
        (BLANK, "Blank photos"),
    )
    return Sheet(
        kind="duplicates",
        title="Duplicates",
        lead="Photos that show the same picture, the same product or a variant of it. "
        "What costs money comes first: products filed under several categories, then those with several prices.",
        facts=_facts(summary),
        entry=("group", "groups") if len(cards) == len(document["groups"]) else ("entry", "entries"),
        cards=cards,
        kinds=[Choice(str(tier), TIERS[tier], tags.count(tier)) for tier in Tier if tier in tags],
        flags=[Choice(tag, label, tags.count(tag)) for tag, label in flags if tag in tags],
        orders=[
            Choice("", "What costs money first"),
            Choice("sure", "Most certain first"),
            Choice("unsure", "Least certain first"),
            Choice("size", "Most photos first"),
        ],
        differences=any(photo.difference is not None for card in cards for photo in card.photos),
        notes=notes_of(document, pictures),
        origin=origin_of(document),
    )


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [
        ("photos", "photos looked at"),
        ("groups", "groups"),
        ("photos_in_groups", "photos in groups"),
        ("deletable", "photos may be deleted"),
        ("crossing_categories", "groups across categories"),
        ("prices_differ", "groups with several prices"),
        ("loose_pairs", "loose pairs"),
        ("not_verified", "pairs not verified"),
        ("placeholders", "placeholders"),
        ("blank", "blank photos"),
    ]
    known = {name: summary.get(name, 0) for name, _ in facts}  # an older report counts less
    return [(f"{known[name]:,}", label) for name, label in facts if known[name] or name in ("photos", "groups")]


def _group_card(group: Mapping[str, Any], pictures: PictureSheet) -> Card:
    members = group["members"]
    first, others = members[0], members[1:]
    deletable = sum(member["delete"] for member in members)
    tags = [group["tier"]]
    tags += [
        tag
        for tag, holds in (
            (CATEGORIES, group["crosses_categories"]),
            (PRICES, group["prices_differ"]),
            (DELETABLE, deletable),
        )
        if holds
    ]
    meta = [counted(len(members), "photo"), counted(len(group["products"]), "product")]
    meta += [f"{deletable} to delete"] if deletable else []
    return Card(
        id=group["id"],
        title=TIERS[group["tier"]],
        meta=" · ".join(meta),
        flags=_flags(group["crosses_categories"], group["prices_differ"], members),
        tags=tags,
        order=_order([member["probability"] for member in others], len(members)),
        photos=[_shown(first, pictures), *(_compared(first, member, member, pictures) for member in others)],
        find=printable(group["id"]),
    )


def _pair_card(number: int, pair: Mapping[str, Any], pictures: PictureSheet) -> Card:
    both = [pair["first"], pair["second"]]
    crosses = both[0]["category"] != both[1]["category"]
    differ = prices_differ(pair["tier"], (photo["payload"] for photo in both))
    return Card(
        id=f"pair {number}",
        title=TIERS[pair["tier"]],
        meta="loose pair: no match for the rest of a group",
        flags=_flags(crosses, differ, both),
        tags=[pair["tier"], LOOSE, *([CATEGORIES] if crosses else []), *([PRICES] if differ else [])],
        order=_order([pair["probability"]], 2),
        photos=[_shown(both[0], pictures), _compared(both[0], both[1], pair, pictures)],
    )


def _placeholder_card(shared: Mapping[str, Any], pictures: PictureSheet) -> Card:
    photos = shared["photos"]
    return Card(
        id=shared["id"],
        title="Placeholder",
        meta=f"one picture for {counted(len(shared['products']), 'product')}: nothing of it is deleted",
        tags=[PLACEHOLDER],
        order=_order([], len(photos)),
        photos=[_shown(photo, pictures) for photo in photos],
        find=printable(shared["id"]),
    )


def _blank_cards(photos: list[Mapping[str, Any]], pictures: PictureSheet) -> list[Card]:
    """One card for all photos that show nothing."""
    if not photos:
        return []
    return [
        Card(
            id=BLANK,
            title="Blank photos",
            meta=f"{counted(len(photos), 'photo')} of one colour: compared with nothing",
            tags=[BLANK],
            order=_order([], len(photos)),
            photos=[_shown(photo, pictures) for photo in photos],
        )
    ]


def _order(probabilities: list[float | None], size: int) -> dict[str, float]:
    least = min((p for p in probabilities if p is not None), default=1.0)
    return {"sure": least, "unsure": -least, "size": size}


def _flags(crosses: bool, differ: bool, photos: list[Mapping[str, Any]]) -> list[str]:
    flags = []
    if crosses:
        flags.append(f"Filed under {several([printable(str(p['category'] or 'no category')) for p in photos])}")
    if differ:
        flags.append(f"Prices {several([written(photo['payload'], 'price') for photo in photos])}")
    return flags


def _shown(photo: Mapping[str, Any], pictures: PictureSheet) -> Shown:
    return Shown(
        name=name_of(photo),
        picture=pictures.photo(photo["sha256"], photo["photo"]),
        under=_under(photo),
        file=_file(photo),
        mark=_mark(photo),
    )


def _compared(
    first: Mapping[str, Any], photo: Mapping[str, Any], found: Mapping[str, Any], pictures: PictureSheet
) -> Shown:
    """A photo beside the first; ``found`` is the member or pair that says what it is to it."""
    evidence = found["evidence"] or {}
    return Shown(
        name=name_of(photo),
        picture=pictures.photo(photo["sha256"], photo["photo"]),
        under=_under(photo),
        file=_file(photo),
        mark=_mark(photo),
        verdict=WHAT_IT_IS[found["tier"]],
        certainty=certainty(found["probability"]),
        lines=evidence_in_words(evidence),
        differs=differing_fields(first, photo),
        difference=pictures.difference(
            (first["sha256"], first["photo"]),
            (photo["sha256"], photo["photo"]),
            evidence.get("transform"),
            bool(evidence.get("flipped")),
        )
        if found["tier"] in ALIGNED
        else None,
    )


def _mark(photo: Mapping[str, Any]) -> str:
    return "delete" if photo.get("delete") else "keep" if photo.get("keep") else ""


def _under(photo: Mapping[str, Any]) -> str:
    parts = [
        photo["product_id"] if photo["payload"].get("title") else None,
        photo["category"],
        written(photo["payload"], "price"),
    ]
    return printable(" · ".join(str(part) for part in parts if part))


def _file(photo: Mapping[str, Any]) -> str:
    weight = photo["bytes"] / 1000
    return printable(f"{photo['photo']} · {photo['width']}x{photo['height']} · {weight:,.0f} kB")
