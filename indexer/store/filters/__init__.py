"""Filters: one tree, its text form and its JSON form, checked against the fields there are."""
