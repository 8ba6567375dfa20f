"""The command line of the indexer, and what all three programs share of theirs."""
