"""Answers and reports as tables for a terminal."""
