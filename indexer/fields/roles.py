"""The fields that the index writes itself: the one table of what each of them is. A new one is a new row.

What is filtered, counted, kept, shown and reserved elsewhere is derived from the rows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from indexer.fields.types import FieldTable, FieldType


class Writer(StrEnum):
    """Which command writes a field. What no sync writes belongs to a product, and every sync keeps it."""

    SYNC = "sync"
    EVENTS = "events"
    CLUSTERS = "clusters"


class Role(NamedTuple):
    """What a field is to the index; a dotted name is a part of an object."""

    name: str
    type: FieldType | None = None
    """None where no filter can name it."""
    writer: Writer = Writer.SYNC
    instead: str | None = None
    """What a shop could call a column of its own; None where a catalog gives the field itself."""
    of_photo: bool = False
    """Whether photos of one product may differ in it."""
    identifies: bool = False
    """Whether each product or photo has a value of its own: there is nothing to count, and no word in it."""
    answered: bool = True
    """Whether an answer has it without being asked for it."""


CO_VIEWED, CLUSTER = "co_viewed", "cluster"

ROLES = (
    Role(name="product_id", type=FieldType.KEYWORD, identifies=True),
    Role(name="category", type=FieldType.KEYWORD),
    Role(name="predicted_category", type=FieldType.KEYWORD, instead="expected_category", of_photo=True),
    Role(name="predicted_confidence", type=FieldType.NUMBER, instead="confidence", of_photo=True),
    Role(name="indexed_at", type=FieldType.DATE, instead="listed_at", of_photo=True),
    Role(name="photo", instead="shop_photo", of_photo=True),
    Role(name="photo.sha256", type=FieldType.KEYWORD, of_photo=True, identifies=True),
    Role(name="photo.pixel_sha256", type=FieldType.KEYWORD, of_photo=True, identifies=True),
    Role(name="photo.phash", type=FieldType.KEYWORD, of_photo=True, identifies=True),
    Role(name="photo.rank", type=FieldType.NUMBER, of_photo=True),
    Role(name="photo.bytes", type=FieldType.NUMBER, of_photo=True),
    Role(name="photo.width", type=FieldType.NUMBER, of_photo=True),
    Role(name="photo.height", type=FieldType.NUMBER, of_photo=True),
    Role(name=CO_VIEWED, writer=Writer.EVENTS, instead="goes_with", answered=False),
    Role(name=CLUSTER, type=FieldType.KEYWORD, writer=Writer.CLUSTERS, instead="group"),
)

BUILT_IN: FieldTable = {role.name: role.type for role in ROLES if role.type and role.writer is Writer.SYNC}
"""Fields every point has and a filter may name, whatever the manifest says."""
RESERVED = {role.name: role.instead for role in ROLES if role.instead}
"""Names no manifest column may have, and what it could be called instead."""
KEPT = tuple(role.name for role in ROLES if role.writer is not Writer.SYNC)
"""Written by others than a sync, on every photo of a product; a sync keeps them."""
KEPT_TABLE: FieldTable = {role.name: role.type for role in ROLES if role.type and role.name in KEPT}
"""Those of them a filter may name: a generation that has one has it in its field table, like a catalog's column."""
OWN = frozenset(role.name for role in ROLES if role.name not in KEPT_TABLE)
"""What is left out where the fields of the shop are told: all but what stands in the field table like a column."""
OF_A_PHOTO = frozenset(role.name for role in ROLES if role.of_photo)
IDENTIFIERS = tuple(role.name for role in ROLES if role.identifies)
UNTELLING = frozenset({*IDENTIFIERS, "url", "currency", "role", "gtin", "group_id"})
"""Fields, the catalog's too, whose values do not describe a piece: not offered as facets, not searched by words."""
NOT_ANSWERED = frozenset(role.name for role in ROLES if not role.answered)
