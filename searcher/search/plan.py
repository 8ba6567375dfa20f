"""What is wanted of an answer, parsed: the first thing that happens to a question, before anything of it costs time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from indexer.errors import UsageError
from indexer.fields.types import FieldTable
from indexer.store.filters import text_form
from indexer.store.filters.tree import Filter, all_of
from indexer.store.filters.where import where_texts
from searcher.questions.options import Options
from searcher.search.ground.published import Published
from searcher.search.kinds.question import Asking, Question
from searcher.search.shown_fields import check_shown_fields
from searcher.search.style.boosts import Boost, parse_boosts
from searcher.search.style.caps import Cap, parse_caps
from searcher.search.style.fallback import relaxations
from searcher.search.style.presets import PresetFilter, parse_preset

if TYPE_CHECKING:
    from searcher.search.facets.counting import Counted


class Step(NamedTuple):
    """A filter to search with, and the filter texts that were dropped for it, in the order they were."""

    where: Filter | None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a question as one generation understands them. Nothing in it can be refused any more, except a
    preset, by the values of the product asked with."""

    options: Options
    steps: Sequence[Step]
    """The filter as asked, then with fewer and fewer of its texts."""
    boosts: Sequence[Boost]
    caps: Sequence[Cap]
    preset: PresetFilter | None
    facets: Counted | None


def make_plan(published: Published, question: Question, options: Options) -> Plan:
    """Parse the options for a question to a generation.

    Raises:
        UsageError: a filter, boost, cap, relax order, preset, facet, field or page that makes no sense for this
            catalog, or for this kind of question.
    """
    question.check(Asking(published, options))
    if options.colour:
        _check_colours(question)
    table = published.store.record.field_table
    check_shown_fields(options.fields, table)
    plan = Plan(
        options,
        boosts=parse_boosts(options.boosts, table),
        caps=parse_caps(options.caps, table),
        steps=_steps(published.read_filter(options.where), options, table),
        preset=parse_preset(options.preset, table) if options.preset else None,
        facets=_facets(options, table),
    )
    if plan.preset and not question.has_product:
        plan.preset({})  # says what a photo, a text or several products lack
    return plan


def _check_colours(question: Question) -> None:
    """Refuse to go by the colours of what has none; raises ``UsageError``."""
    examples = [*question.liked, *question.disliked]
    if not examples:
        raise UsageError("a text has no colours to go by; leave colour out, or ask with a product or a photo")
    if any(example.vector is not None for example in examples):
        raise UsageError("a vector has no colours to go by; leave colour out, or ask with a product or a photo")


def _facets(options: Options, table: FieldTable) -> Counted | None:
    if not options.facets:
        return None
    from searcher.search.facets.counting import parse_facets  # at the top it would slow every start

    return parse_facets(options.facets, table)


def _steps(where: Filter | None, options: Options, table: FieldTable) -> Sequence[Step]:
    texts = where_texts(options.where)
    each = {text: text_form.read(text, table) for text in texts} if options.relax else {}
    fewer = relaxations(texts, options.relax, table)
    return [Step(where), *(Step(all_of(each[text] for text in left), dropped) for left, dropped in fewer)]
