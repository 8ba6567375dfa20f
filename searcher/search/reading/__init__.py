"""Examples and texts become vectors."""
