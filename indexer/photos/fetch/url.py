"""Which URLs a photo may be fetched from, judged before any name is resolved, and how one is written into a message."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

import httpx

from indexer.errors import FetchError
from indexer.system.text import without_controls

LONGEST_SHOWN = 100
"""Letters of a URL in a message."""

MAX_URL = 8000
"""Longest URL, in characters: what RFC 9110 (section 4.1) asks everybody to support."""

PORTS = (80, 443)
"""Where the public web serves photos; other ports are how a fetch could be made to talk to other services."""

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?")


def checked_url(text: str, *, base: httpx.URL | None = None, any_port: bool = False) -> httpx.URL:
    """Take a URL apart, once for all who use it: what is checked here is what is asked for later.

    Args:
        text: the URL.
        base: the URL that redirects to it, when it may be relative to that.
        any_port: not only ``PORTS``.

    Raises:
        FetchError: no http(s) URL of a host, or with credentials or a port that is not fetched from.
            The message does not name the URL.
    """
    if len(text) > MAX_URL:
        raise FetchError(f"is longer than the {MAX_URL} characters a URL may have; give a shorter one")
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError("is not a proper URL; check it for line breaks, odd characters and its port") from error
    if url.scheme not in ("http", "https"):
        raise FetchError("is not an http or https URL; give one that begins with https://")
    if url.userinfo:
        raise FetchError("carries a user name or a password; give a URL without them")
    if not _is_host(url.raw_host):
        raise FetchError("names no proper host; give a URL like https://shop.example/ring.jpg")
    if port_of(url) not in PORTS and not any_port:
        raise FetchError(
            f"asks for port {port_of(url)}; only 80 and 443 are fetched from unless private addresses are allowed"
        )
    return url


def host_of(url: httpx.URL) -> str:
    """The name to resolve and to check the certificate against: without the dot that may end it."""
    return url.raw_host.decode("ascii").removesuffix(".")


def port_of(url: httpx.URL) -> int:
    """The port, by the scheme where the URL names none."""
    return (443 if url.scheme == "https" else 80) if url.port is None else url.port


def _is_host(host: bytes) -> bool:
    text = host.decode("ascii", "replace")
    if ":" not in text:
        return _HOST.fullmatch(text) is not None
    try:
        return IPv6Address(text).scope_id is None
    except ValueError:
        return False


def shown_url(url: str) -> str:
    """A URL for a message: one short printable line, without credentials, query and fragment."""
    place, *hidden = re.split(r"[?#]", url, maxsplit=1)
    head, slashes, rest = place.partition("//")
    if not slashes:
        return shown_text(place.rpartition("@")[2], LONGEST_SHOWN)
    authority, slash, path = rest.partition("/")
    return shown_text(head + slashes + authority.rpartition("@")[2] + slash + path, LONGEST_SHOWN) + (
        "?…" if hidden else ""
    )


def shown_text(text: str, longest: int) -> str:
    """A stranger's words on one printable line of limited length."""
    clean = without_controls(text[: longest + 1])
    return clean if len(clean) <= longest else clean[:longest] + "…"
