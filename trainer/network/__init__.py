"""The network: backbone and head, weights, export."""
