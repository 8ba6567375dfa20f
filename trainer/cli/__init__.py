"""The `trainer` console script, a file for each command."""
