"""Backbones: which there are, what of them is kept, and how their maps become features."""
