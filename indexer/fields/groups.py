"""Groups: several products that are one piece in several versions, such as a ring in three metals and twenty sizes.

A catalog names a product's group in the column ``group_id``. A product without one is a group by itself.
"""

from __future__ import annotations

from indexer.fields.types import FieldTable, FieldType

GROUP = "group_id"


def has_groups(table: FieldTable) -> bool:
    """Whether a catalog with these fields names groups: as keywords, as nothing else can be asked for by name."""
    return table.get(GROUP) is FieldType.KEYWORD
