"""What a model's numbers mean: scores as probabilities, a classifier as sure as it is right, and what is no product."""
