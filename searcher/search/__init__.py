"""From a question to an answer.

Imports fall one way, so that each room is read without those above it:

    ground                   one generation, the nearest products in it, candidates, how long a part takes
    style  facets  reading   what options and examples mean: boosts, caps, presets; what is counted; query vectors
    words                    the words of titles and attributes (stands on facets)
    kinds                    the kinds of questions: what each checks, reads, and searches for
    plan                     the options of a question, parsed; the first thing that happens to it
    ranking  explain         the page of an answer, and why a product is in it
    answering                all of it in order: plan, read, rank, describe, count
"""
