"""The store: what an engine must do, and the two that do it."""
