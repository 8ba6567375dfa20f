"""What lies beside the points of a generation: the lock of the one writer, and files that belong to the points."""
