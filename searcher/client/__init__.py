"""A Python client of the HTTP service; of the rest it needs errors, version and text alone."""
