"""Audits of the labels and photos of a catalog: mislabels and outliers."""
