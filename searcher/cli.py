"""The console script `searcher`: each command is a few lines over `SearchService`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from indexer.command_line import echo_json, group, index_options, json_option

_PATH = click.Path(path_type=Path)


@group("Find products that look like this one.")
def main() -> None:
    """Entry point of the console script."""


@main.command()
@click.option("--product-id", "-p", metavar="ID", help="A product of the index: all its photos are compared.")
@click.option("--image", "-i", metavar="FILE", help="A photo that need not be in the catalog; - reads it from a pipe.")
@click.option("-k", default=10, show_default=True, metavar="N", help="How many products, 1 to 10000.")
@click.option("--where", "-w", multiple=True, metavar="FILTER", help="Only products that pass; repeat it for AND.")
@index_options
@click.option("--model", type=_PATH, metavar="DIR", help="Model for --image [JEWELRY_MODEL; default: the index's own].")
@click.option("--exact", is_flag=True, help="Compare with every photo instead of walking the graph.")
@click.option("--html", type=_PATH, metavar="FILE", help="Also write the answer as a page.")
@json_option
def similar(
    product_id: str | None,
    image: str | None,
    k: int,
    where: tuple[str, ...],
    index: Path | None,
    qdrant_url: str | None,
    model: Path | None,
    exact: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Show the products most alike to a product, or to a photo.

    A score is the cosine of the two photos most alike: 1 is the same picture, 0 is nothing in common. The
    product itself is never shown, and every product is shown once.

    \b
    Filters:
      category=rings     metal=gold|silver     category!=watches     metal= (none)
      price=100..500     price<=500            created>=2026-01-31   in_stock=true
      title~pearl        brand^=Au             'brand="A|B"'         metal!= (some)

    \b
    Examples:
      searcher similar --product-id J0004
      searcher similar --product-id J0004 --where category=bracelets --where 'price<=500' -k 20
      searcher similar --image photo.jpg --html answer.html
      searcher similar --product-id J0004 --json

    Pictures come from the index's thumbnails, else from the catalog (JEWELRY_CATALOG, if it has moved).
    """
    from indexer.settings import open_chosen
    from searcher.service import SearchService
    from searcher.settings import SearcherSettings

    settings = SearcherSettings.read()
    if html is not None:
        from searcher.contact_sheet import check_writable, write_contact_sheet

        check_writable(html)  # before the work, not after it
    place = open_chosen(settings, index=index, qdrant_url=qdrant_url)
    service = SearchService(place, model or settings.model, settings.catalog)
    answer = service.similar(product_id, _photo(image), k=k, where=where, exact=exact)
    if html is not None:
        write_contact_sheet(answer, html)
    if as_json:
        echo_json(answer.to_json())
    else:
        from searcher.table import print_table

        print_table(answer)
    if html is not None:
        click.echo(f"Wrote {html}", err=True)


def _photo(image: str | None) -> Path | bytes | None:
    if image == "-":
        from searcher.query_image import read_stream

        return read_stream(sys.stdin.buffer)
    return None if image is None else Path(image)
