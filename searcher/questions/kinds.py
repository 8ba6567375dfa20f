"""Options of one kind of question each, declared in the way of those that all questions share."""

# No annotations from __future__: an option is read out of its annotation, and texts would have to be compiled anew.

from collections.abc import Sequence
from typing import Annotated, Literal

from indexer.store.filters.where import Where
from searcher.questions.declared import Option
from searcher.questions.options import WHERE

Strategy = Literal["average_vector", "best_score"]
"""Between the examples, or near one of them; see `searcher.search.kinds.recommend`."""

TextMode = Literal["words", "looks", "auto"]
"""``auto`` is ``looks`` where the index has a text model, else ``words``."""

CROP = Option(
    "Left, top, right and bottom of the part of the photo that counts, as shares 0 to 1.",
    least=0,
    most=1,
    tool="Part of the photo that counts: left, top, right, bottom, 0 to 1.",
)


class RecommendOptions:
    """How liked and disliked examples are put together."""

    strategy: Annotated[
        Strategy, Option("average_vector: between the examples; best_score: near one of them.", ("--strategy",), "NAME")
    ] = "average_vector"


class VisitOptions:
    """What counts of the products a visitor viewed."""

    decay: Annotated[
        float, Option("Weight of a product relative to the one viewed after it.", ("--decay",), "D", above=0, most=1)
    ] = 0.8
    co_view_weight: Annotated[
        float,
        Option("0 to 1: what visitors viewed together, against looks.", ("--co-view-weight",), "W", least=0, most=1),
    ] = 0.5


class TextOptions:
    """What a text is compared with."""

    mode: Annotated[
        TextMode,
        Option(
            "words of the catalog, or looks through the index's text model; auto: looks if it has one.",
            ("--mode",),
            "MODE",
        ),
    ] = "auto"


class FacetOptions:
    """What is counted, and over which products."""

    fields: Annotated[Sequence[str], Option("Fields; none: all that can be counted.", items=50)] = ()
    where: Annotated[Where, WHERE] = None
    limit: Annotated[int, Option("Values of a field, most frequent first.", ("--limit",), "N", least=1, most=1000)] = 20


class PhotoOptions:
    """What counts of a photo."""

    crop: Annotated[tuple[float, float, float, float] | None, CROP] = None


class ClassifyOptions:
    """How much is said of a photo."""

    k: Annotated[int, Option("How many categories.", ("-k",), "N", least=1, most=1000)] = 5
