"""Fields as the texts of a question name them: look one up, say which there are, show a text in an error."""

from __future__ import annotations

from difflib import get_close_matches

from indexer.fields.types import FieldTable, FieldType

SHOWN = 80
"""Characters of a text that an error message quotes."""


def kind_of(field: str, fields: FieldTable) -> FieldType:
    """The field's type; raises ``ValueError`` that suggests the nearest name when there is no such field."""
    if field in fields:
        return fields[field]
    near = get_close_matches(field[:SHOWN], fields, n=1, cutoff=0.6)
    raise ValueError(f"there is no field {shown(field)}" + (f" (did you mean {near[0]!r}?)" if near else ""))


def listing(fields: FieldTable) -> str:
    """The fields there are with their types, as an error message ends."""
    return "Fields: " + ", ".join(f"{name} ({kind})" for name, kind in fields.items())


def shown(text: str) -> str:
    """The text as an error message quotes it: on one line, without control characters, and not all of a long one."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def is_unicode(text: str) -> bool:
    """Whether it can be stored at all: bytes of a command line that are no UTF-8 arrive as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
