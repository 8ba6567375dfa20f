"""Which pairs of a catalog are compared at all."""
