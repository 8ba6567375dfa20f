"""Readers turn what a shop has (a folder, a manifest) into a Catalog."""
