"""From files to embeddings, on every core, with what a killed run had finished."""
