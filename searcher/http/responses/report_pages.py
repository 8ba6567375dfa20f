"""Stored reports for other machines, a page at a time: pictures are addresses of this server, evidence is in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Index
from searcher.answers.naming import NAMED, cut, quoted
from searcher.http.responses.answers import picture_address
from searcher.http.responses.reports import Check, CheckMatch
from searcher.insights.duplicates.answers import CheckMatch as Copied
from searcher.insights.duplicates.answers import DuplicateCheck
from searcher.insights.duplicates.decisions import Decisions, decisions_path
from searcher.insights.duplicates.wording import evidence_in_words
from searcher.insights.report import Kind
from searcher.pages.report_store import Document, ReportStore, is_stale, published_since
from searcher.pages.sheets.duplicates_words import differing_fields
from searcher.search.nearness.near_values import near_values

MOST_ENTRIES = 200
"""Entries of one page."""


class ReportPages:
    """Pages of the stored reports of one index.

    Args:
        index: its thumbnails, decisions and published generation.
        reports: what is stored.

    All methods raise ``ReportMissing`` where there is no report of the kind, and ``JewelryError`` where it cannot be
    read.
    """

    def __init__(self, index: Index, reports: ReportStore) -> None:
        self._index, self._reports = index, reports
        self._thumbnails = ThumbnailStore(index.local)

    def duplicates(self, tier: str | None, offset: int, limit: int) -> Document:
        """Groups in the order of the report, after the last of them the loose pairs; of one tier, or of all.

        Placeholders and blank photos, which are in no tier, come last.
        """
        document = self._reports.document("duplicates")
        groups = [group for group in document["groups"] if tier in (None, group["tier"])]
        pairs = [pair for pair in document["loose_pairs"] if tier in (None, pair["tier"])]
        untiered = {name: document.get(name, []) if tier is None else [] for name in ("placeholders", "blank")}
        lists = {"groups": groups, "loose_pairs": pairs, **untiered}
        shown, start = {}, 0
        for name, entries in lists.items():
            shown[name] = entries[max(0, offset - start) : max(0, offset + limit - start)]
            start += len(entries)
        decisions = Decisions.read(decisions_path(self._index.local))
        return {
            **self._head(document, start, offset),
            "groups": [self._group(group, decisions) for group in shown["groups"]],
            "loose_pairs": [self._pair(pair, decisions) for pair in shown["loose_pairs"]],
            "placeholders": [{**one, "photos": list(map(self._photo, one["photos"]))} for one in shown["placeholders"]],
            "blank": [self._photo(photo) for photo in shown["blank"]],
        }

    def entries(self, kind: Kind, offset: int, limit: int, tag: str | None = None) -> Document:
        """Entries of an audit or of the clusters, in the order of the report.

        Args:
            kind: any but duplicates.
            offset: entries skipped.
            limit: entries wanted.
            tag: the given category of mislabels or the oddity of outliers; None is all.
        """
        document = self._reports.document(kind)
        found: Sequence[Mapping[str, Any]] = document["clusters" if kind == "clusters" else "entries"]
        if tag is not None:
            found = [entry for entry in found if entry["oddity" if kind == "outliers" else "category"] == tag]
        head = self._head(document, len(found), offset)
        if tag is not None and kind == "mislabels" and tag not in (known := document["summary"]["by_category"]):
            head["notes"] = [*head["notes"], _no_category(tag, known)]
        return {**head, "entries": [self._entry(entry) for entry in found[offset : offset + limit]]}

    def compared(self, first: str, second: str) -> tuple[Document, Document, Document] | None:
        """Two photos of the report of duplicates that were compared, and the evidence; photos are named by sha256."""
        document = self._reports.document("duplicates")
        for group in document["groups"]:
            medoid, *others = group["members"]
            for other in others:
                if (medoid["sha256"], other["sha256"]) == (first, second):
                    return medoid, other, other["evidence"] or {}
        for pair in document["loose_pairs"]:
            if (pair["first"]["sha256"], pair["second"]["sha256"]) == (first, second):
                return pair["first"], pair["second"], pair["evidence"]
        return None

    def photo(self, sha256: str) -> Document | None:
        """A photo of the report of duplicates."""
        document = self._reports.document("duplicates")
        photos = [member for group in document["groups"] for member in group["members"]]
        photos += [pair[side] for pair in document["loose_pairs"] for side in ("first", "second")]
        photos += [photo for shared in document.get("placeholders", []) for photo in shared["photos"]]
        photos += document.get("blank", [])
        return next((photo for photo in photos if photo["sha256"] == sha256), None)

    def _head(self, document: Document, total: int, offset: int) -> Document:
        kept = {name: document[name] for name in ("summary", "notes", "generation", "model", "created_at")}
        stale = is_stale(document["generation"], document["created_at"], *published_since(self._index))
        return {"total": total, "offset": offset, "stale": stale, **kept}

    def _group(self, group: Mapping[str, Any], decisions: Decisions) -> Document:
        first = group["members"][0]
        return {**group, "members": [self._member(first, member, decisions) for member in group["members"]]}

    def _member(self, first: Mapping[str, Any], member: Mapping[str, Any], decisions: Decisions) -> Document:
        return {**self._photo(member), **_compared(first, member, member["evidence"], decisions)}

    def _pair(self, pair: Mapping[str, Any], decisions: Decisions) -> Document:
        both = {"first": self._photo(pair["first"]), "second": self._photo(pair["second"])}
        return {**pair, **both, **_compared(pair["first"], pair["second"], pair["evidence"], decisions)}

    def _entry(self, entry: Mapping[str, Any]) -> Document:
        shown = {**entry}
        if "photo" in entry:
            shown["photo"] = self._photo(entry["photo"])
        for photos in ("neighbours", "members"):
            if photos in entry:
                shown[photos] = [self._photo(photo) for photo in entry[photos]]
        return shown

    def _photo(self, photo: Mapping[str, Any]) -> Document:
        return {**photo, "thumbnail": self.thumbnail(photo["sha256"])}

    def check(self, check: DuplicateCheck) -> Check:
        """The check of one photo, of whose matches only what tells them apart is sent."""
        known = {one.name: getattr(check, one.name) for one in fields(check)}
        return Check(**{**known, "matches": tuple(map(self._match, check.matches))})

    def _match(self, match: Copied) -> CheckMatch:
        photo = match.photo
        thumbnail = self.thumbnail(photo.sha256)
        return CheckMatch(photo.product_id, photo.path, match.tier, match.probability, match.evidence, thumbnail)

    def thumbnail(self, sha256: str) -> str | None:
        """The address of a photo's picture, where there is one."""
        return None if self._thumbnails.find(sha256) is None else picture_address(sha256)


def _no_category(asked: str, known: Mapping[str, int]) -> str:
    """A note that no photo of a report is filed under a category, with the nearest of those that there are."""
    said = f"No photo of this report is filed under {quoted([asked])[0]}"
    if near := near_values(asked, known):
        return f"{said}; near: {', '.join(f'{cut(name)} ({known[name]:,})' for name in near)}."
    there = ", ".join(map(cut, sorted(known)[:NAMED])) + (" …" if len(known) > NAMED else "")
    return f"{said}; there is: {there}." if there else f"{said}."


def _compared(
    first: Mapping[str, Any], second: Mapping[str, Any], evidence: Mapping[str, Any] | None, decisions: Decisions
) -> Document:
    same = first["sha256"] == second["sha256"]
    return {
        "in_words": evidence_in_words(evidence),
        "differs": [
            {"field": field, "first": one, "second": other} for field, one, other in differing_fields(first, second)
        ],
        "verdict": None if same else decisions.verdict(first["sha256"], second["sha256"]),
    }
