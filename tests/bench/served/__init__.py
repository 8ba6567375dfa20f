"""What a question costs over a server that answers at once."""
