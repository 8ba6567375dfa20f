"""What a sync is going to do: the difference between a catalog and a generation, and what of it is refused."""
