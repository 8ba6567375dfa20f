"""Search by words: the words of titles and attributes, and how much each tells."""
