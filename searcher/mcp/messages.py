"""A line of the wire becomes a message, or is refused with what is wrong with it and, wherever it can be told, its id.

JSON-RPC 2.0 (https://www.jsonrpc.org/specification, 4 and 5.1) with what the Model Context Protocol narrows: an id is a
text or a whole number, and there are no batches.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from indexer.system.text import counted

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32602, -32603

MOST_DEPTH = 100
"""Lists and objects within each other; no argument needs more than four."""

Id = str | int

_MEMBER = r'"(?:jsonrpc|method)"\s*:\s*"(?:[^"\\]|\\.){0,200}"'
_ID = r'"id"\s*:\s*(-?\d{1,18}|"(?:[^"\\]|\\.){0,200}")'
_FIRST = re.compile(rf"\s*\{{\s*(?:{_MEMBER}\s*,\s*)*{_ID}\s*[,}}]")
_LAST = re.compile(rf"[,{{]\s*{_ID}\s*(?:,\s*{_MEMBER}\s*)*\}}\s*\Z")
_HALF = re.compile("[\ud800-\udfff]")
_EDGE = 4096
"""Letters at either end of a line in which the id of what cannot be read is looked for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no message."""

    code: int
    why: str
    id: Id | None = None
    """Of the request, where one can be told."""
    request: bool = True
    """Whether an answer is due; none is for a notification, which is anything with a method and without an id."""


def read_message(line: bytes) -> dict[str, Any] | Refused:
    """The object of one line: a request, a notification or a response, whose members have the right types."""
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"the line is not UTF-8: byte {error.start + 1} is 0x{error.object[error.start]:02x}"
        return Refused(PARSE_ERROR, why, id_of(line))
    try:
        read = json.loads(text)
    except RecursionError:
        return _too_deep(id_of(line))
    except json.JSONDecodeError as error:
        return Refused(PARSE_ERROR, f"the line is not JSON: {error.msg} at letter {error.pos + 1}", id_of(line))
    except ValueError:  # of thousands of digits
        return Refused(INVALID_REQUEST, "a number in the line is too long", id_of(line))
    if isinstance(read, list):
        return Refused(INVALID_REQUEST, "a list of requests is not taken; send each on a line of its own")
    if not isinstance(read, dict):
        return Refused(INVALID_REQUEST, "the line is JSON and no object, so it is no request")
    return _wrong(read) or read


def too_long(start: bytes, end: bytes, length: int, most: int) -> Refused:
    """What is said of a line of which nothing but its ends was kept."""
    why = f"the line has {counted(length, 'byte')}; {most:,} at most are taken; send a smaller photo, or its url"
    return Refused(INVALID_REQUEST, why, id_of(start, end))


def id_of(start: bytes, end: bytes | None = None) -> Id | None:
    """The id of a request that cannot be read: before or after its params, where programs write it."""
    end = start if end is None else end
    for pattern, part in ((_FIRST.match, start[:_EDGE]), (_LAST.search, end[-_EDGE:])):
        if found := pattern(part.decode("utf-8", "replace")):
            try:
                read: Id = json.loads(found[1])
            except ValueError:
                continue
            if not (isinstance(read, str) and _HALF.search(read)):
                return read
    return None


def _wrong(message: dict[str, Any]) -> Refused | None:
    """What is wrong with an object that was read, if anything is."""
    named, given = "id" in message, message.get("id")
    known = given if isinstance(given, str | int) and not isinstance(given, bool) else None
    if isinstance(known, str) and _HALF.search(known):
        known = None
    request = named or "method" not in message
    if named and known is None and "error" not in message:
        return Refused(INVALID_REQUEST, "id must be text or a whole number")
    if message.get("jsonrpc") != "2.0":
        return Refused(INVALID_REQUEST, 'jsonrpc must be "2.0"', known, request)
    if "method" not in message:
        if "result" in message or "error" in message:
            return Refused(INVALID_REQUEST, "this answers nothing; no question was asked", known, request=False)
        return Refused(INVALID_REQUEST, "there is no method", known)
    if not isinstance(message["method"], str):
        return Refused(INVALID_REQUEST, "method must be text", known, request)
    if not isinstance(message.get("params", {}), dict | None):
        return Refused(INVALID_PARAMS, "params must be an object", known, request)
    if message["method"] == "tools/call" and (why := _no_call(message.get("params") or {})):
        return Refused(INVALID_PARAMS, why, known, request)
    return _unfit(message, known, request)


def _no_call(params: dict[str, Any]) -> str | None:
    """What is wrong with the call of a tool; the package says no more than that something is."""
    if not isinstance(params.get("name"), str):
        return "params.name must be text, the name of a tool" if "name" in params else "params.name is missing"
    if not isinstance(params.get("arguments", {}), dict | None):
        return "params.arguments must be an object, the arguments by their names"
    return None


def _unfit(message: dict[str, Any], known: Id | None, request: bool) -> Refused | None:
    """Refuse what JSON can carry and nothing behind it can: halves of surrogate pairs, and endless nesting."""
    level: list[Any] = [message]
    for _ in range(MOST_DEPTH + 1):
        texts = [one for one in level if isinstance(one, str)]
        below = [one for one in level if isinstance(one, dict | list)]
        texts += [name for one in below if isinstance(one, dict) for name in one]
        if any(not text.isascii() and _HALF.search(text) for text in texts):
            why = "a text holds half a surrogate pair, which is no character; write the whole character"
            return Refused(INVALID_PARAMS, why, known, request)
        if not below:
            return None
        level = [value for one in below for value in (one.values() if isinstance(one, dict) else one)]
    return _too_deep(known, request)


def _too_deep(known: Id | None, request: bool = True) -> Refused:
    why = f"lists and objects are nested more than {MOST_DEPTH} deep"
    return Refused(INVALID_PARAMS, why, known, request)
