"""What questions ask of a Qdrant server, as plain JSON, and whether there is another generation."""
