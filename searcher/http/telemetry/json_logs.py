"""Logs as JSON, one object a line on stderr, in which no text from outside can begin a line of its own."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from indexer.system import trace_context
from searcher.http.request_context import request_id

LONGEST = 4000
FIELDS = "fields"
"""Name of the ``extra`` whose dictionary goes into the line: ``log.info("request", extra={FIELDS: {…}})``."""


class JsonFormatter(logging.Formatter):
    """A record as one line of ASCII: JSON escapes control characters, line separators and all that is not ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
        }
        if (asked := request_id.get()) is not None:
            line["request_id"] = asked
        if (traceparent := trace_context.current()) is not None:
            line["trace_id"] = trace_context.trace_id(traceparent)
        line.update(getattr(record, FIELDS, {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-LONGEST:]
        return json.dumps(line, default=str)


def log_config(level: str) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`; uvicorn's own log of requests is off, ours says more."""
    own = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{__name__}.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "searcher": own,
            "indexer": own,
            "uvicorn": {**own, "level": "WARNING"},
            "uvicorn.access": {"handlers": [], "propagate": False},
        },
    }
