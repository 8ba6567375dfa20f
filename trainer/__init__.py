"""Learns an embedding model from a shop's own photos; the only package that imports torch."""
