"""API keys in a JSON file: made, listed, revoked and recognised; the file holds hashes, never the keys themselves.

    {"keys": [{"id": …, "name": …, "scope": "read"|"admin", "sha256": …, "created_at": …, "rate": null|per minute}]}

A key is ``jwl_<id>_<secret>``. The secret has 256 random bits, so one round of SHA-256 protects it: the slow hashes
for passwords make up for passwords being guessable. The prefix lets scanners for leaked secrets find it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from indexer.errors import UsageError
from indexer.system.clock import now
from indexer.system.files import replace_text

Scope = Literal["read", "admin"]
LONGEST_NAME = 100
_TOKEN = re.compile(r"jwl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of one key; the key itself was shown once, when it was made."""

    id: str
    name: str
    scope: Scope
    sha256: str
    created_at: str
    rate: int | None = None
    """Requests a minute; None: as the service's setting says, 0: without limit."""


class Keys(Protocol):
    """Where the service looks a key up."""

    def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        ...

    def find(self, token: str) -> Key | None:
        """The key somebody presents, or None; raises ``UsageError`` where that cannot be told."""
        ...


class KeyFile:
    """A file of keys; it is read again when it was changed.

    Args:
        path: the file; it need not be there until it is asked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}

    def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first; none when there is no file.

        Raises:
            UsageError: the file cannot be read.
        """
        return tuple(self._current().values())

    def add(self, name: str, scope: Scope, rate: int | None = None) -> tuple[Key, str]:
        """Make a key.

        Args:
            name: whom it is for, for people.
            scope: ``read`` asks questions, ``admin`` everything.
            rate: requests a minute; None takes the service's own limit, 0 is without limit.

        Returns:
            What is known of it, and the key itself, which nothing can show again.

        Raises:
            UsageError: a name nobody could read in a list, an unknown scope, or the file cannot be read or written.
        """
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            given = repr(name[:LONGEST_NAME])
            raise UsageError(f"the name of a key is 1 to {LONGEST_NAME} printable characters, not {given}")
        if scope not in get_args(Scope):
            raise UsageError(f"the scope of a key is read or admin, not {scope!r}")
        if rate is not None and rate < 0:
            raise UsageError(f"the rate of a key is 0 (no limit) or more requests a minute, not {rate}")
        key, token = new_key(name, scope, rate)
        with self._changing() as keys:
            keys[key.id] = key
        return key, token

    def revoke(self, key_id: str) -> Key:
        """Remove a key; running services refuse it from their next request on.

        Raises:
            UsageError: there is no such key, or the file cannot be read or written.
        """
        with self._changing() as keys:
            if key_id not in keys:
                known = ", ".join(keys) or "none"
                raise UsageError(f"{self.path}: no key {key_id!r} (there are: {known}); see searcher keys list")
            return keys.pop(key_id)

    def find(self, token: str) -> Key | None:
        """The key somebody presents, or None; takes as long for a wrong secret as for the right one.

        Raises:
            UsageError: the file cannot be read.
        """
        return found(token, self._current())

    def _current(self) -> dict[str, Key]:
        """The keys, read again when the file is another one than last time; an unreadable file opens nothing."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return self._keys
        except OSError as error:
            raise _unreadable(self.path, error) from error
        seen = status.st_mtime_ns, status.st_size, status.st_ino
        if seen != self._seen:
            self._keys = _read(self.path)
            self._seen = seen
        return self._keys

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Key]]:
        """The keys to change, written back at the end; two who change them at once wait for each other."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                keys = dict(_read(self.path)) if self.path.exists() else {}
                yield keys
                _write(self.path, keys)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written ({error.strerror or error}); check its rights") from error


class MemoryKeys:
    """Keys that live as long as the process: for a service that one person starts for themselves."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def add(self, name: str, scope: Scope, rate: int | None = None) -> tuple[Key, str]:
        """Make a key; see `KeyFile.add`, whose limits on names are for who keeps them in a list."""
        key, token = new_key(name, scope, rate)
        self._keys[key.id] = key
        return key, token

    def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        return tuple(self._keys.values())

    def find(self, token: str) -> Key | None:
        """The key somebody presents, or None."""
        return found(token, self._keys)


def new_key(name: str, scope: Scope, rate: int | None) -> tuple[Key, str]:
    """A new key: what is known of it, and the key itself."""
    secret = secrets.token_urlsafe(32)
    key = Key(secrets.token_hex(6), name, scope, _digest(secret), now(), rate)
    return key, f"jwl_{key.id}_{secret}"


def found(token: str, keys: Mapping[str, Key]) -> Key | None:
    """The key of these that somebody presents, or None; takes as long for a wrong secret as for the right one."""
    match = _TOKEN.fullmatch(token)
    key = keys.get(match[1]) if match else None
    matches = hmac.compare_digest(_digest(match[2] if match else ""), key.sha256 if key else _NO_HASH)
    return key if key is not None and matches else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _read(path: Path) -> dict[str, Key]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return {key.id: key for key in map(_key, rows)}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _unreadable(path, error) from error


def _key(row: dict[str, Any]) -> Key:
    key = Key(**row)
    texts = (key.id, key.name, key.sha256, key.created_at)
    if not all(isinstance(text, str) for text in texts) or not re.fullmatch("[0-9a-f]{64}", key.sha256):
        raise ValueError("a key without id, name, time or sha256")
    if key.scope not in get_args(Scope) or not (key.rate is None or (type(key.rate) is int and key.rate >= 0)):
        raise ValueError(f"key {key.id} has an unknown scope or rate")
    return key


def _unreadable(path: Path, error: Exception) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) else repr(error)
    return UsageError(
        f"{path}: is not a readable file of API keys ({reason}); restore it, or remove it and make new keys"
    )


def _write(path: Path, keys: dict[str, Key]) -> None:
    """Replace the file at once, readable by its owner alone from its first byte on."""
    text = json.dumps({"keys": [asdict(key) for key in keys.values()]}, indent=2, ensure_ascii=True) + "\n"
    replace_text(path, text, mode=0o600)
