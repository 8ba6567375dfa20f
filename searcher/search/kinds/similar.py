"""Products that look like one example: a product, a photo or a vector."""

from __future__ import annotations

from searcher.search.kinds.question import Asking, Question, Search


class Similar(Question):
    """The products nearest to what is liked, one example, by any of its photos."""

    def search(self, asking: Asking) -> Search:
        """See `Question.search`."""
        return Search(self.liked[0].to_json(), asking.nearest(asking.liked[0].vectors), asking.liked)
