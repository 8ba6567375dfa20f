"""A file of rows becomes a Sheet: its encoding, its separator, the names of its columns, its cells."""
