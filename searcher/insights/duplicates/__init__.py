"""Duplicates: which photos of a catalog are the same picture, the same product or a variant, and which to remove."""
