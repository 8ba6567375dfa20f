"""What readers need of a whole generation, made once by the writer: products, words, ids, and samples of fields.

It is a file beside the generation (SQLite's format, fixed since 2004: sqlite.org/fileformat2.html), of which a reader
looks up what a question needs. Where it is missing, readers find the same out by themselves, in seconds.
"""
