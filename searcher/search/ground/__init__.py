"""What all questions stand on: one generation, the nearest products in it, a candidate, and how long a part takes."""
