"""A Qdrant server: generations as collections behind an alias."""

from __future__ import annotations

import os

# gRPC writes its own lines to stderr beside our one, unless it is told so before it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
