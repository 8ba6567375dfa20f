"""From a catalog to a model directory: what `trainer fit` does, from beginning to end."""
