"""A Qdrant server: generations as collections behind an alias."""
