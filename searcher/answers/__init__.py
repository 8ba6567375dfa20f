"""Answers: what comes back, and how it is put into words."""
