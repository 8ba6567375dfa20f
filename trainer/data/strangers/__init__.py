"""Strangers: drawn pictures of what no product is, as they stray into catalogs; what a model makes of them is known.

A sheet of paper, a landscape, a face, a logo, noise. Nothing is downloaded and no picture is stored: they are drawn
from a seed. ``paint`` has the colours and grounds, ``patterns``, ``papers``, ``scenes`` and ``figures`` a kind each a
function, ``drawing`` draws some of all.
"""
