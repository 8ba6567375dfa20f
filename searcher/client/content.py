"""What the client sends: examples, photos and options as the service takes them, and ids as parts of an address."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from indexer.errors import ImageError, UsageError
from indexer.system.arguments import listed, number_of, pairs_of, refused, said, text_of
from indexer.system.text import named

if TYPE_CHECKING:
    from searcher.client.shapes import ExampleBody

Photo: TypeAlias = "bytes | str | os.PathLike[str]"
"""An image file: its bytes, or its path."""

Crop = tuple[float, float, float, float]
"""Left, top, right and bottom of the part that counts, as shares (0 to 1) of the upright photo's width and height."""

Example: TypeAlias = "str | bytes | os.PathLike[str] | Sequence[float] | ExampleBody"
"""What to compare with: a product id (text), a photo (its bytes, or a `Path`), a vector, or the body of an example."""


def given(**values: Any) -> dict[str, Any]:
    """The values that are given."""
    return {name: value for name, value in values.items() if value is not None}


def as_json(document: Mapping[str, Any]) -> str:
    """A document as JSON; raises ``UsageError`` that names the part which JSON has not."""
    parts = []
    for name, value in document.items():
        try:
            parts.append(f"{json.dumps(name)}: {json.dumps(value, allow_nan=False, default=_plain)}")
        except UsageError as error:
            raise UsageError(f"{name} cannot be sent as JSON: {error}") from None
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"{name} cannot be sent as JSON: {_WHY.get(type(error), error)}") from error
    return f"{{{', '.join(parts)}}}"


_WHY: Mapping[type, str] = {
    ValueError: "it holds NaN, infinity, a number of thousands of digits, or itself",
    TypeError: "it holds a dictionary whose names are no texts",
    RecursionError: "it is nested too deep",
}


def _plain(value: Any) -> Any:
    """What JSON has in place of a value: lists for all that has an order, numbers of numpy's as numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview | set | frozenset):
        return list(value)
    raise UsageError(f"it holds {said(value)}; give texts, numbers, lists and dictionaries")


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """What goes into an address or a form; raises ``UsageError`` for what is neither text nor number nor truth."""
    return {name: _as_text(name, value) for name, value in values.items()}


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return str(value).lower()
    number = number_of(name, value, "text or a number")
    if abs(number) > 1e20:
        raise refused(name, value, "a number of a size that can be meant")
    return str(number)


def example_json(name: str, value: Example) -> Any:
    """An example as the service takes it; raises ``UsageError`` that names the argument for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | os.PathLike):
        return {"image": photo_base64(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return {"vector": numbers(name, value)}


def examples_json(name: str, values: Iterable[Example]) -> list[Any]:
    """Several examples; see `example_json`."""
    return [example_json(name, value) for value in listed(name, values, "product ids, photos or vectors")]


def pairs_json(name: str, values: Iterable[tuple[Example, Example]]) -> list[Any]:
    """Pairs of examples: what is liked, and what is not."""
    return [
        {"positive": example_json(name, first), "negative": example_json(name, second)}
        for first, second in pairs_of(name, values)
    ]


def numbers(name: str, vector: Sequence[float] | None) -> list[float] | None:
    """A vector as plain numbers, also where it is an array of numpy's."""
    if vector is None:
        return None
    try:
        return [float(number_of(name, number)) for number in listed(name, vector, "numbers", ordered=True)]
    except (UsageError, OverflowError, TypeError):
        what = f"{said(vector)} cannot be compared with"
        raise UsageError(f"{name}: {what}; give ids, photos or vectors") from None


def photo_file(photo: Photo) -> tuple[str, bytes]:
    """Name and bytes of an image file; raises ``ImageError`` where there is none."""
    if isinstance(photo, bytes):
        return "image", photo
    if not isinstance(photo, str | os.PathLike) or not isinstance(os.fspath(photo), str):
        raise UsageError(f"{said(photo)} is not a photo; give its path or its bytes")
    path = Path(photo)
    try:
        return "image", path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{named(path)}: cannot be read ({reason}); give an image file") from error


def photo_base64(photo: Photo) -> str:
    """A photo as text; see `photo_file`."""
    return base64.b64encode(photo_file(photo)[1]).decode()


def in_path(product_id: str, name: str = "product_id") -> str:
    """A product id within an address; parts that are dots would be taken for steps on the way."""
    text_of(name, product_id)
    try:
        parts = [quote(part, safe="") for part in product_id.split("/")]
    except UnicodeEncodeError:
        raise UsageError(f"the product id {product_id[:100]!r} is not valid text") from None
    return "/".join(part.replace(".", "%2E") if part in (".", "..") else part for part in parts)


def last_part(address: str) -> str:
    """The last part of an address that the service gave, without what signs it, as part of another one."""
    text_of("address", address, "an address that the service gave")
    return in_path(address.partition("?")[0].rpartition("/")[2])
