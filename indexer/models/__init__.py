"""Model directories: what stands in one, and how a photo or a text becomes a vector."""
