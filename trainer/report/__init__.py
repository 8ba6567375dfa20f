"""The report of a fit, for people."""
