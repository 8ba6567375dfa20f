"""Options that every question about products takes on the command line, and how its answer is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import echo_json, index_options, json_option
from indexer.errors import FilterError, UsageError
from searcher.questions.options import Wanted

if TYPE_CHECKING:
    from searcher.answers.answer import Answer
    from searcher.questions.example import Example
    from searcher.service import SearchService

PATH = click.Path(path_type=Path)

_OPTIONS = (
    click.option("-k", default=10, show_default=True, metavar="N", help="How many products, 1 to 10000."),
    click.option("--offset", default=0, metavar="N", help="Products to skip: page n of size k begins at n times k."),
    click.option("--where", "-w", multiple=True, metavar="FILTER", help="Only products that pass; repeat it for AND."),
    click.option("--filter", "raw_filter", metavar="JSON", help="A filter in Qdrant's JSON, in place of --where."),
    click.option("--min-score", type=float, metavar="S", help="Least cosine, -1 to 1."),
    click.option("--field", "fields", multiple=True, metavar="NAME", help="Payload fields to show; default: all."),
    click.option("--preset", metavar="NAME", help="A filter relative to the product: other-metal, cheaper …"),
    click.option("--boost", "boosts", multiple=True, metavar="BOOST", help="Add to the score: in_stock:0.05."),
    click.option("--cap", "caps", multiple=True, metavar="FIELD:N", help="At most N products of one value: brand:2."),
    click.option("--diversity", default=0.0, metavar="D", help="0 to 1: how much variety counts against likeness."),
    click.option("--relax", multiple=True, metavar="FIELD", help="Drop its filter if too few pass; * is any."),
    click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count its values over what passes."),
    click.option("--explain", is_flag=True, help="Say of each product why it is there."),
    click.option("--exact", is_flag=True, help="Compare with every photo instead of walking the graph."),
    click.option(
        "--model", type=PATH, metavar="DIR", help="Model for photos [JEWELRY_MODEL; default: the index's own]."
    ),
    click.option("--allow-private", is_flag=True, help="Fetch photos from private addresses too."),
    click.option("--html", type=PATH, metavar="FILE", help="Also write the answer as a page."),
)


def question_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """All options of a question; the command gets them as keyword arguments for `Question`."""
    for option in reversed((*_OPTIONS, index_options, json_option)):
        function = option(function)
    return function


def wanted_of(given: Mapping[str, Any]) -> Wanted:
    """The question's options, as `SearchService` takes them."""
    where: Any = given["where"]
    if given["raw_filter"] is not None:
        if where:
            raise UsageError("give either --where or --filter, not both")
        try:
            where = json.loads(given["raw_filter"])
        except (ValueError, RecursionError) as error:
            raise FilterError(f"--filter is no JSON ({error}); give a filter as Qdrant writes it") from None
        if not isinstance(where, dict):
            raise FilterError(
                '--filter is no JSON object; for example {"must": [{"key": "price", "range": {"lte": 9}}]}'
            )
    return Wanted(
        k=given["k"],
        offset=given["offset"],
        where=where,
        min_score=given["min_score"],
        fields=given["fields"] or None,
        exact=given["exact"],
        preset=given["preset"],
        boosts=given["boosts"],
        diversity=given["diversity"],
        caps=given["caps"],
        relax=given["relax"],
        explain=given["explain"],
        facets=given["facets"],
    )


def service_of(given: Mapping[str, Any]) -> SearchService:
    """The service over the index that options and settings choose."""
    from indexer.settings import open_chosen
    from searcher.service import SearchService
    from searcher.settings import SearcherSettings

    settings = SearcherSettings.read()
    place = open_chosen(settings, index=given["index"], qdrant_url=given["qdrant_url"])
    return SearchService(
        place,
        given.get("model") or settings.model,
        settings.catalog,
        allow_private=bool(given.get("allow_private")),
        text_model=given.get("text_model") or settings.text_model,
    )


def show(ask: Callable[[SearchService, Wanted], Answer], given: Mapping[str, Any]) -> None:
    """Ask, and print the answer as the options want it."""
    html: Path | None = given["html"]
    wanted = wanted_of(given)
    if html is not None:
        from searcher.pages.contact_sheet import check_writable

        check_writable(html)  # before the work, not after it
    answer = ask(service_of(given), wanted)
    if html is not None:
        from searcher.pages.contact_sheet import write_contact_sheet

        write_contact_sheet(answer, html)
    if given["as_json"]:
        echo_json(answer.to_json())
    else:
        from searcher.cli.tables.answers import print_table

        print_table(answer)
    if html is not None:
        click.echo(f"Wrote {html}", err=True)


def photo_of(name: str) -> Path | bytes:
    """A photo given by its file name; ``-`` is a pipe."""
    if name == "-":
        from searcher.questions.photo import read_stream

        return read_stream(sys.stdin.buffer)
    return Path(name)


def crop_of(text: str | None) -> tuple[float, float, float, float] | None:
    """A crop box: ``0.1,0.2,0.9,1``.

    Raises:
        UsageError: it is no four numbers.
    """
    if text is None:
        return None
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"--crop {text!r} is not LEFT,TOP,RIGHT,BOTTOM as shares of the photo: 0.1,0.2,0.9,1"
        ) from None
    return left, top, right, bottom


def examples_of(products: tuple[str, ...], photos: tuple[str, ...]) -> list[Example]:
    """Examples given as product ids and as files."""
    from searcher.questions.example import Example

    return [Example(product_id=one) for one in products] + [Example(image=photo_of(one)) for one in photos]
