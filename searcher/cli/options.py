"""Options that every question about products takes on the command line, and how its answer is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from indexer.cli.command_line import Decorator, PathType, echo_json, index_options, json_option, together
from indexer.errors import FilterError, UsageError
from searcher.questions.declared import Declared, declared
from searcher.questions.options import Options, Wanted

if TYPE_CHECKING:
    from searcher.answers.answer import Answer
    from searcher.questions.example import Example
    from searcher.service import SearchService

PATH = PathType()


def options_of(*kinds: type) -> Decorator:
    """Decorator: the options that dataclasses declare, as options of a command, in their order."""
    return together(*(_option(one) for kind in kinds for one in declared(kind) if one.option.flags))


def _option(one: Declared) -> Decorator:
    said: dict[str, Any] = {"metavar": one.option.metavar, "help": one.option.command or one.option.text}
    if one.kind is bool:
        said["is_flag"] = True
    elif one.many:
        said["multiple"] = True
    elif one.default is None:
        said["type"] = one.kind
    else:
        said |= {"default": one.default, "show_default": bool(one.default) or None}
    return click.option(*one.option.flags, one.name, **said)


_raw_filter = click.option(
    "--filter", "raw_filter", metavar="JSON", help="A filter in Qdrant's JSON, in place of --where."
)

photo_options = together(
    click.option(
        "--model", type=PATH, metavar="DIR", help="Model for photos [JEWELRY_MODEL; default: the index's own]."
    ),
    click.option("--allow-private", is_flag=True, help="Fetch photos from private addresses too."),
)
"""How photos that are asked with become vectors."""

question_options = together(
    *(together(_option(one), _raw_filter) if one.name == "where" else _option(one) for one in declared(Options)),
    photo_options,
    click.option("--html", type=PATH, metavar="FILE", help="Also write the answer as a page."),
    index_options,
    json_option,
)
"""All options of a question; the command gets them as keyword arguments for `show`."""


def wanted_of(given: Mapping[str, Any]) -> Wanted:
    """The question's options, as `SearchService` takes them."""
    wanted = {one.name: given[one.name] if given[one.name] != () else one.default for one in declared(Options)}
    if given["raw_filter"] is not None:
        if given["where"]:
            raise UsageError("give either --where or --filter, not both")
        wanted["where"] = _json_filter(given["raw_filter"])
    return cast("Wanted", wanted)


def _json_filter(text: str) -> dict[str, Any]:
    try:
        where = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"--filter is not JSON ({error}); give a filter as Qdrant writes it") from None
    if not isinstance(where, dict):
        raise FilterError(
            '--filter is not a JSON object; for example {"must": [{"key": "price", "range": {"lte": 9}}]}'
        )
    return where


def service_of(given: Mapping[str, Any], *, for_others: bool = False) -> SearchService:
    """The service over the index that options and settings choose; ``for_others``: photos have an upload's limits."""
    from searcher.service import SearchService
    from searcher.settings import SearcherSettings

    chosen = {name: given.get(name) for name in ("index", "qdrant_url", "model", "text_model")}
    settings = SearcherSettings.read(**chosen)
    return SearchService(
        settings.open_chosen(),
        settings.model,
        settings.catalog,
        allow_private=bool(given.get("allow_private")),
        text_model=settings.text_model,
        most_pixels=settings.upload_pixels if for_others else None,
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


def photo_of(name: str) -> Path | Callable[[], bytes]:
    """A photo given by its file name; ``-`` is a pipe, which is read when the photo is needed."""
    if name == "-":
        from searcher.questions.photo import read_stream

        return partial(read_stream, sys.stdin.buffer)
    return Path(name)


def crop_of(text: str | None) -> tuple[float, float, float, float] | None:
    """A crop box: ``0.1,0.2,0.9,1``.

    Raises:
        UsageError: it is not four numbers.
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
