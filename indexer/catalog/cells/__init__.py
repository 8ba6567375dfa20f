"""What a cell says: numbers as shops write them, which type a column has, and which cell decided it."""
