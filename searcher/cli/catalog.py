"""Commands about the catalog itself: one product, the values of its fields, the category of a photo."""

from __future__ import annotations

from typing import Any

import click

from indexer.cli.command_line import echo_json, index_options, json_option
from indexer.system.text import printable
from searcher.cli.options import PATH, crop_of, options_of, photo_of, service_of
from searcher.questions.kinds import ClassifyOptions, FacetOptions

_model = click.option(
    "--model", type=PATH, metavar="DIR", help="Model for the photo [JEWELRY_MODEL; default: the index's own]."
)
_private = click.option("--allow-private", is_flag=True, help="Fetch photos from private addresses too.")


@click.command()
@click.option("--image", "-i", metavar="FILE", help="A photo; - reads it from a pipe.")
@click.option("--url", metavar="URL", help="A photo on the web; private addresses are refused.")
@click.option("--crop", metavar="L,T,R,B", help="The part of the photo that counts, as shares: 0.1,0.2,0.9,1.")
@options_of(ClassifyOptions)
@index_options
@_model
@_private
@json_option
def classify(image: str | None, url: str | None, crop: str | None, k: int, as_json: bool, **given: Any) -> None:
    """Show the likeliest categories of a photo, or that it shows none of these.

    \b
    Example:
      searcher classify --image photo.jpg
    """
    photo = None if image is None else photo_of(image)
    found = service_of(given).classify(photo, url=url, crop=crop_of(crop), k=k)
    if as_json:
        echo_json(found.to_json())
        return
    if found.none_of_these:
        click.echo("none of these: too unlike the photos that the model learned from")
        return
    for name, probability in found.categories:
        click.echo(f"{probability:6.1%}  {name}")


@click.command()
@click.argument("fields", nargs=-1, metavar="[FIELD]...")
@options_of(FacetOptions)
@index_options
@json_option
def facets(fields: tuple[str, ...], where: tuple[str, ...], limit: int, as_json: bool, **given: Any) -> None:
    """Count the products of each value of a field; without fields, of all fields.

    \b
    Examples:
      searcher facets metal price
      searcher facets metal --where category=rings
    """
    found = service_of(given).facets(fields, where, limit=limit)
    if as_json:
        echo_json(found.to_json())
        return
    from searcher.cli.tables.answers import print_facets

    print_facets(found)
    for note in found.notes:
        click.echo(printable(note), err=True)


@click.command()
@click.argument("product_id", metavar="ID")
@index_options
@json_option
def product(product_id: str, as_json: bool, **given: Any) -> None:
    """Show what the index knows of a product."""
    page = service_of(given).product(product_id)
    if as_json:
        echo_json(page.to_json())
        return
    from searcher.cli.tables.answers import print_product

    print_product(page)
