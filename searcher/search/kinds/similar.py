"""Products that look like one example: a product, a photo or a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from searcher.questions.example import Example
from searcher.search.kinds.question import Asking, Question, Search


@dataclass(frozen=True)
class Similar(Question):
    """The products nearest to an example by any of its photos."""

    example: Example

    @property
    def liked(self) -> Sequence[Example]:
        """The example."""
        return (self.example,)

    def search(self, asking: Asking) -> Search:
        """See `Question.search`."""
        return Search(self.example.to_json(), asking.nearest(asking.liked[0].vectors), asking.liked)
