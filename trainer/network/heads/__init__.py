"""Heads: what makes a unit vector of a backbone's features, each a file."""
