"""Vectors beside that of the looks, on every engine."""
