"""What Prometheus is told: seconds per route and status, and per stage of an answer.

With several worker processes each writes to files in PROMETHEUS_MULTIPROC_DIR, which `serve` sets before this module
is imported, and whichever worker is asked adds them up.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from indexer.version import __version__
from searcher.http.telemetry import MULTIPROCESS

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})

REGISTRY = CollectorRegistry()
_REQUESTS = Histogram(
    "jewelry_http_request_seconds",
    "Seconds from the first header to the last byte of the answer.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
_STAGES = Histogram(
    "jewelry_stage_seconds", "Seconds of one stage of an answer.", ("stage",), buckets=BUCKETS, registry=REGISTRY
)
_RUNNING = Gauge(
    "jewelry_http_requests_running", "Requests being answered.", registry=REGISTRY, multiprocess_mode="livesum"
)
_ENDED = Counter(
    "jewelry_http_connections_ended",
    "Connections that the service ended: silent, large (headers), crowded (another one came), stuck.",
    ("reason",),
    registry=REGISTRY,
)
_BUILD = Gauge(
    "jewelry_build_info", "The version that answers.", ("version",), registry=REGISTRY, multiprocess_mode="max"
)
_BUILD.labels(__version__).set(1)
for _reason in ("silent", "large", "crowded", "stuck"):
    _ENDED.labels(_reason)  # a series that begins with its first event cannot be seen to rise
_STAGES.labels("search")  # so that all files of a worker are open, whatever becomes of their folder
if MULTIPROCESS not in os.environ:
    ProcessCollector(registry=REGISTRY)


def request_began() -> None:
    """Count a request as running."""
    _RUNNING.inc()


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer; ``route`` is a template, so that there are as many series as routes."""
    _RUNNING.dec()
    _REQUESTS.labels(method if method in _METHODS else "other", route, str(status)).observe(seconds)


def stage_ended(stage: str, seconds: float) -> None:
    """Count a stage."""
    _STAGES.labels(stage).observe(seconds)


def connection_ended(reason: str) -> None:
    """Count a connection that the service ended."""
    _ENDED.labels(reason).inc()


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    if MULTIPROCESS not in os.environ:
        return generate_latest(REGISTRY)
    merged = CollectorRegistry()
    MultiProcessCollector(merged)  # type: ignore[no-untyped-call]
    return generate_latest(merged)
