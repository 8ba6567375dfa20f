"""What the trainer's commands share: whether private addresses may be asked, and what is said of a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from indexer.catalog.products import Catalog

private_option = click.option(
    "--allow-private", is_flag=True, help="Fetch photos from addresses of the own network and from any port, too."
)


def told(catalog: Catalog) -> Catalog:
    """The catalog, after saying what a person should know of it: a column that was meant to be the category, say."""
    for note in catalog.notes:
        click.echo(f"note: {note}", err=True)
    return catalog
