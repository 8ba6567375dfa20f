"""One vector per product, in a space where what differs between photos of one product counts for little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.labels.photos import Floats
from indexer.models.vectors import unit
from searcher.insights.gallery import Gallery

SHRINK = 0.05
"""Least share of the mean variance that is added to every direction."""


def product_vectors(gallery: Gallery) -> Floats:
    """Unit vectors of products [products, dimension]: the mean of their photos, after whitening by `whitening`.

    A cosine between them is not a cosine of photos: it is for comparing products with each other.
    """
    space = whitening(gallery)
    total = np.add.reduceat(gallery.vectors.astype(np.float64), gallery.starts[:-1], axis=0) @ space
    return unit(total).astype(np.float32)


def whitening(gallery: Gallery) -> NDArray[np.float64]:
    """The map [dimension, dimension] under which photos of one product scatter alike in all directions.

    Background, view and light are the directions in which photos of one product differ; scaled down, they no longer
    make two products alike. It is within-class covariance normalisation (Hatch, Kajarekar & Stolcke, *Within-Class
    Covariance Normalization for SVM-based Speaker Recognition*, 2006) with products for classes. The fewer photos there
    are to learn from, the nearer it is to leaving everything as it is, which it does where each product has one photo.
    """
    dimension = gallery.vectors.shape[1]
    counts = gallery.photo_counts
    spare = int((counts - 1).sum())
    if not spare:
        return np.eye(dimension)
    vectors = gallery.vectors.astype(np.float64)
    centres = np.add.reduceat(vectors, gallery.starts[:-1], axis=0) / counts[:, None]
    scatter = np.zeros((dimension, dimension))
    for start in range(0, len(vectors), 10_000):  # the differences of all photos at once would double the memory
        part = vectors[start : start + 10_000] - centres[gallery.product[start : start + 10_000]]
        scatter += part.T @ part
    scatter /= spare
    usual = float(np.trace(scatter)) / dimension
    if usual < 1e-9:  # all photos of a product are the same picture
        return np.eye(dimension)
    shrunk = scatter + (SHRINK + dimension / (10 * spare)) * usual * np.eye(dimension)
    found: NDArray[np.float64] = np.linalg.cholesky(np.linalg.inv(shrunk))
    return found
