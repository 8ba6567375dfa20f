"""The vector store: one interface, one filter tree, an engine behind it in a module of its own."""
