"""What platforms export, each with columns of its own, becomes the rows that a hand-written manifest would have."""
