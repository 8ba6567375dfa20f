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
    """A document as JSON; raises ``UsageError`` for what JSON has not."""
    try:
        return json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the question cannot be sent as JSON: {error}") from error


def example_json(value: Example) -> Any:
    """An example as the service takes it; raises ``UsageError`` for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | os.PathLike):
        return {"image": photo_base64(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return {"vector": numbers(value)}


def examples_json(values: Iterable[Example]) -> list[Any]:
    """Several examples; see `example_json`."""
    if isinstance(values, str | bytes):
        raise UsageError("a list of examples is needed; put the one there is into a list")
    return [example_json(value) for value in values]


def numbers(vector: Sequence[float] | None) -> list[float] | None:
    """A vector as plain numbers, also where it is an array of numpy's."""
    if vector is None:
        return None
    try:
        return [float(number) for number in vector]
    except (TypeError, ValueError):
        kind = type(vector).__name__
        raise UsageError(f"a value of type {kind} cannot be compared with; give ids, photos or vectors") from None


def photo_file(photo: Photo) -> tuple[str, bytes]:
    """Name and bytes of an image file; raises ``ImageError`` where there is none."""
    if isinstance(photo, bytes):
        return "image", photo
    try:
        path = Path(photo)
        return "image", path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{os.fspath(photo)}: cannot be read ({reason}); give an image file") from error
    except TypeError:
        raise UsageError(f"a value of type {type(photo).__name__} is not a photo; give its path or its bytes") from None


def photo_base64(photo: Photo) -> str:
    """A photo as text; see `photo_file`."""
    return base64.b64encode(photo_file(photo)[1]).decode()


def in_path(product_id: str) -> str:
    """A product id within an address; parts that are dots would be taken for steps on the way."""
    try:
        parts = [quote(part, safe="") for part in product_id.split("/")]
    except UnicodeEncodeError:
        raise UsageError(f"the product id {product_id[:100]!r} is not valid text") from None
    return "/".join(part.replace(".", "%2E") if part in (".", "..") else part for part in parts)


def last_part(address: str) -> str:
    """The last part of an address that the service gave, without what signs it, as part of another one."""
    return in_path(address.partition("?")[0].rpartition("/")[2])
