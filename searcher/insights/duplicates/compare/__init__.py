"""One picture laid over another: what of it is the same, and what differs."""
