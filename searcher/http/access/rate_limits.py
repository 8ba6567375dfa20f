"""Rate limits: one token bucket per key, or per client address where there are no keys."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.system.forks import Lock
from searcher.http.access.authentication import is_public
from searcher.http.problems import problem
from searcher.http.request_context import caller_of, client_address, own_path

MOST_CLIENTS = 10_000
BURST_SECONDS = 10
UNLIMITED = frozenset({"/metrics"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bucket says to one request."""

    allowed: bool
    limit: int
    """Requests that a full bucket holds."""
    remaining: int
    wait: float
    """Seconds until the next request is allowed; 0 when it is already."""
    full: float
    """Seconds until the bucket is full again."""
    window: float
    """Seconds in which an empty bucket fills."""


class TokenBuckets:
    """A bucket per client: holds ``burst`` tokens, is refilled evenly, and each request takes one.

    The bucket of the client that has been quiet longest is forgotten when there are too many; it was full, or
    nearly, so that nothing is won by having it forgotten.

    Args:
        rate: tokens a second of clients that have no rate of their own; 0 means no limit.
        burst: tokens of a full bucket; None is ten seconds' worth.
        share: the part of each limit that this process grants, 1 / number of worker processes.
        clock: seconds, rising.
    """

    def __init__(
        self, rate: float, burst: int | None = None, share: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._share, self._clock = rate, burst, share, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, client: str, rate: float | None = None) -> Verdict | None:
        """Take a token; None when the client has no limit.

        Args:
            client: whose bucket.
            rate: tokens a second of this client; None takes the common one.
        """
        own, burst = (self._rate, self._burst) if rate is None else (rate, None)
        if own <= 0:
            return None
        per_second = own * self._share
        size = max(1.0, float(math.floor((own * BURST_SECONDS if burst is None else burst) * self._share)))
        with self._lock:
            at = self._clock()
            tokens, since = self._buckets.pop(client, (size, at))
            tokens = min(size, tokens + max(0.0, at - since) * per_second)
            allowed = tokens >= 1
            tokens -= allowed
            self._buckets[client] = tokens, at
            while len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / per_second
        return Verdict(allowed, int(size), int(tokens), wait, (size - tokens) / per_second, size / per_second)


class RateLimits:
    """Pure ASGI middleware: 429 with Retry-After to whoever asks too often, and what is left to everybody else.

    The headers are those of *RateLimit header fields for HTTP* (IETF draft httpapi-ratelimit-headers-10).
    """

    def __init__(self, app: ASGIApp, buckets: TokenBuckets) -> None:
        self.app, self.buckets = app, buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http" or is_public(own_path(scope)) or own_path(scope) in UNLIMITED:
            await self.app(scope, receive, send)
            return
        caller = caller_of(scope)
        holder = caller.key_id if caller is not None and not caller.by_address else None
        client = holder or network_of(client_address(scope))  # visitors who look at pictures use up no key's requests
        own = None if caller is None or caller.rate is None else caller.rate / 60
        verdict = self.buckets.take(client, own)
        if verdict is None:
            await self.app(scope, receive, send)
            return
        headers = {
            "ratelimit-policy": f'"client";q={verdict.limit};w={math.ceil(verdict.window)}',
            "ratelimit": f'"client";r={verdict.remaining};t={math.ceil(verdict.full)}',
        }
        if not verdict.allowed:
            seconds = max(1, math.ceil(verdict.wait))
            detail = f"too many requests; the next is answered in {seconds} s"
            refusal = problem(429, detail, headers={"retry-after": str(seconds), **headers})
            await refusal(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self.app(scope, receive, with_headers)


def network_of(address: str) -> str:
    """The client an address stands for: IPv6 gives every customer a whole /64."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
