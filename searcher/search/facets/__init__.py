"""Facets: the values and ranges of fields with the number of products each selects."""
