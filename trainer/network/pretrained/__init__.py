"""Pretrained weights: files of them, what pip brings, what hubs hold, and whether they are those of a network."""
