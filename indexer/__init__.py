"""Catalog, images, embeddings and the vector store: the base that trainer and searcher stand on."""

__version__ = "0.1.0"
