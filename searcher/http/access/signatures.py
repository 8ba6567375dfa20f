"""Addresses of pictures that are their own key: for ``<img>``, which sends no header.

    /v1/pictures/<sha256>?by=<id of a key>&expires=<seconds since 1970>&signature=<…>

An answer to who came with a key carries such addresses; whoever has one sees that picture until it expires, and
nothing else. The signature is an HMAC-SHA256 (RFC 2104) over path and time, with what the key file keeps of the key:
all workers and all services with that file know it, a restart changes nothing, and a revoked key takes its addresses
along. An hour's addresses are all alike, so that browsers and caches know a picture again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qsl

from searcher.http.access.keys import Key, Keys

PICTURES = "/v1/pictures/"
"""Before the sha256 of a photo: the address of its picture."""

signer: ContextVar[Signer | None] = ContextVar("signer", default=None)
"""Who signs addresses in the answer at hand: the key that somebody came with."""

_NO_HASH = "0" * 64
_PARAMETERS = ("by", "expires", "signature")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs addresses for one key.

    They live for ``lifetime`` to two times ``lifetime`` seconds: their time goes on in steps of that length.
    """

    key: Key
    lifetime: int
    clock: Callable[[], float] = time.time

    def sign(self, path: str) -> str:
        """A path, as the service knows it, with what lets anybody see it for a while."""
        expires = (int(self.clock()) // self.lifetime + 2) * self.lifetime
        return f"{path}?by={self.key.id}&expires={expires}&signature={_signature(self.key.sha256, path, expires)}"


def presented(path: str, query: bytes) -> dict[str, str] | None:
    """What signs an address of a picture; None where it is no such address, or not signed."""
    if not path.startswith(PICTURES) or b"signature=" not in query:
        return None
    pairs = parse_qsl(str(query, "latin-1"), keep_blank_values=True)
    given = {name: [value for one, value in pairs if one == name] for name in _PARAMETERS}
    return {name: values[0] if len(values) == 1 else "" for name, values in given.items()}


def signed_by(path: str, given: dict[str, str], keys: Keys, lifetime: int, now: float) -> Key | str:
    """The key that signed an address, or why it counts for nothing.

    Args:
        path: the path as the service knows it.
        given: what `presented` found.
        keys: the keys there are.
        lifetime: the setting; who holds a key cannot sign for longer either.
        now: seconds since 1970.

    Raises:
        UsageError: the keys cannot be read.
    """
    key = next((one for one in keys.keys() if one.id == given["by"]), None)  # noqa: SIM118 - no dictionary
    text = given["expires"]
    expires = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
    right = _signature(key.sha256 if key else _NO_HASH, path, expires)
    if not hmac.compare_digest(right.encode(), given["signature"].encode("utf-8", "replace")) or key is None:
        return (
            "the signature of this address does not fit, or its key was revoked; ask again for the answer it came with"
        )
    if not now < expires <= now + 2 * lifetime:
        return "this address has expired; ask again for the answer it came with"
    return key


def _signature(sha256: str, path: str, expires: int) -> str:
    text = f"jewelry picture\n{path}\n{expires}".encode()
    digest = hmac.new(bytes.fromhex(sha256), text, hashlib.sha256).digest()
    return str(base64.urlsafe_b64encode(digest).rstrip(b"="), "ascii")
