"""The parts of a dataset: the leak-free split, and what an earlier model has seen of it."""
