"""The machine below: files, locks, cores, memory, text for a terminal. Knows nothing of catalogs."""
