"""A photo behind an address that a stranger gave: fetched within limits, never from a private network."""
