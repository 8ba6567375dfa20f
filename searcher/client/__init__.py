"""A Python client of the HTTP service; needs nothing of the rest but errors."""
