"""Tests of the searcher package."""
