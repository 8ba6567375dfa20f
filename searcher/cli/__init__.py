"""The command line of the searcher, a file a group of commands."""
