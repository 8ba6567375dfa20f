"""The wire to a Qdrant server: addresses, what talks to each, and the words of faults."""
