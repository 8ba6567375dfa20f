"""The exports of platforms that are known, one a file."""
