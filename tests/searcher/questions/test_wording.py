"""Words for what cannot be taken: one for each place of what was sent, whatever shapes a value may have."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from searcher.mcp.tools import TOOLS
from searcher.questions.bodies import BatchBody, DiscoverBody, RecommendBody, SimilarBody
from searcher.questions.fields import Body
from searcher.questions.unknown_names import told
from searcher.questions.wording import all_in_words


def said(model: type[Body], sent: Any, given: Any = None) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(sent)
    return all_in_words(told(refused.value.errors(), model), given)


NAMES = "is not known here; there is: product_id, image, url, vector, crop"


@pytest.mark.parametrize(
    ("model", "sent", "words"),
    [
        (RecommendBody, {"positive": [5]}, [("positive.0", "must be text or an object")]),
        (RecommendBody, {"positive": [""]}, [("positive.0", "must have at least 1 character")]),
        (RecommendBody, {"positive": [{"product_id": 5}]}, [("positive.0.product_id", "must be text")]),
        (RecommendBody, {"positive": ["a", {"no": 5}]}, [("positive.1.no", NAMES)]),
        (RecommendBody, {"positive": [{"ExampleBody": 5}]}, [("positive.0.ExampleBody", NAMES)]),
        (RecommendBody, {"positive": [{"crop": [0, 0]}]}, [("positive.0.crop", "must have 4 entries")]),
        (
            RecommendBody,
            {"positive": [{"crop": [0, 0, 2, "a"]}]},
            [("positive.0.crop.2", "must be at most 1"), ("positive.0.crop.3", "must be a number, not text")],
        ),
        (SimilarBody, {"where": [5]}, [("where.0", "must be text")]),
        (SimilarBody, {"where": 5}, [("where", "must be a list or an object")]),
        (SimilarBody, {"crop": [0] * 5}, [("crop", "must have at most 4 entries, not 5")]),
        (DiscoverBody, {"context": [{"positive": 5}]}, [
            ("context.0.positive", "must be text or an object"),
            ("context.0.negative", "is missing"),
        ]),
        (DiscoverBody, {"context": [[]]}, [("context.0", "must be an object")]),
        (DiscoverBody, {"target": {"vector": [1, None]}}, [("target.vector.1", "must be a number")]),
        (BatchBody, {"queries": "J0004"}, [("queries", "must be a list")]),
        (BatchBody, {}, [("queries", "is missing")]),
    ],
)  # fmt: skip
def test_one_thing_of_each_place(model: type[Body], sent: Any, words: list[tuple[str, str]]) -> None:
    assert said(model, sent, sent) == words
    assert said(model, sent) == words  # as well as it goes where only the path is known


def test_a_name_that_looks_like_a_type_is_a_place_where_it_was_sent() -> None:
    sent = {"positive": [{"str": 1, "constrained-str": 2, "list[int]": 3}]}
    assert [place for place, _ in said(RecommendBody, sent, sent)] == [
        "positive.0.str",
        "positive.0.constrained-str",
        "positive.0.list[int]",
    ]


WRONG: tuple[Any, ...] = (
    5,
    -1.5,
    True,
    {},
    {"RatherThan": {}},
    [[]],
    [None, 5],
    [{"no": 1}],
    "x" * 2001,
    "[5]",
    "\ud800",
)
OURS = re.compile(r"\b(str|int|float|bool|dict|RatherThan|Arguments|Input|constrained)\b|valid |function-|\w\[")


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_say_it_as_plainly(tool: str) -> None:
    arguments = TOOLS[tool].arguments
    refused = 0
    for name in arguments.model_fields:
        for value in WRONG:
            try:
                arguments.model_validate({name: value})
            except ValidationError as error:
                refused += 1
                for place, words in all_in_words(told(error.errors(), arguments)):
                    assert not OURS.search(words), (name, value, words)
                    assert not OURS.search(place.removesuffix(".RatherThan")), (name, value, place)
    assert refused > 10
