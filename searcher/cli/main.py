"""The console script `searcher`: each command is a few lines over `SearchService`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.cli.command_line import group
from searcher.cli.audits import mislabels, outliers
from searcher.cli.catalog import classify, facets, product
from searcher.cli.clusters import clusters
from searcher.cli.duplicates import calibrate_duplicates, duplicates
from searcher.cli.keys import keys
from searcher.cli.mcp import mcp
from searcher.cli.options import PATH, crop_of, examples_of, options_of, photo_of, question_options, show
from searcher.cli.serve import serve
from searcher.questions.kinds import RecommendOptions, TextOptions, VisitOptions


@group("Find products that look like this one.")
def main() -> None:
    """Entry point of the console script."""


@main.command()
@click.option("--product-id", "-p", metavar="ID", help="A product of the index: all its photos are compared.")
@click.option("--image", "-i", metavar="FILE", help="A photo that need not be in the catalog; - reads it from a pipe.")
@click.option("--url", metavar="URL", help="A photo on the web; private addresses are refused.")
@click.option("--crop", metavar="L,T,R,B", help="The part of the photo that counts, as shares: 0.1,0.2,0.9,1.")
@click.option("--batch", type=PATH, metavar="FILE", help="Product ids, one a line: an answer for each.")
@question_options
def similar(
    product_id: str | None, image: str | None, url: str | None, crop: str | None, batch: Path | None, **given: Any
) -> int | None:
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
      searcher similar --product-id J0004 --preset other-metal --cap brand:2 --explain
      searcher similar --image photo.jpg --html answer.html
      searcher similar --image photo.jpg --crop 0,0,0.5,1
      searcher similar --batch ids.txt --json

    Pictures come from the index's thumbnails, else from the catalog (JEWELRY_CATALOG, if it has moved).
    """
    if batch is not None:
        from searcher.cli.batch import similar_batch

        return similar_batch(batch, (product_id, image, url, crop), given)
    photo, box = None if image is None else photo_of(image), crop_of(crop)
    show(lambda service, wanted: service.similar(product_id, photo, url=url, crop=box, **wanted), given)
    return None


@main.command()
@click.option("--like", multiple=True, metavar="ID", help="A product that is liked; repeat it.")
@click.option("--unlike", multiple=True, metavar="ID", help="A product that is not liked; repeat it.")
@click.option("--like-photo", multiple=True, metavar="FILE", help="A photo that is liked.")
@click.option("--unlike-photo", multiple=True, metavar="FILE", help="A photo that is not liked.")
@options_of(RecommendOptions)
@question_options
def recommend(
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    like_photo: tuple[str, ...],
    unlike_photo: tuple[str, ...],
    strategy: Any,
    **given: Any,
) -> None:
    """Show more like these and unlike those.

    \b
    Examples:
      searcher recommend --like J0004 --like J0011 --unlike J0042
      searcher recommend --like-photo wish.jpg --unlike J0042 --strategy best_score
    """
    liked, disliked = examples_of(like, like_photo), examples_of(unlike, unlike_photo)
    show(lambda service, wanted: service.recommend(liked, disliked, strategy=strategy, **wanted), given)


@main.command()
@click.option("--target", metavar="ID", help="A product to look like.")
@click.option("--target-photo", metavar="FILE", help="A photo to look like.")
@click.option("--rather", nargs=2, multiple=True, metavar="A B", help="Rather like product A than like B; repeat it.")
@question_options
def discover(target: str | None, target_photo: str | None, rather: tuple[tuple[str, str], ...], **given: Any) -> None:
    """Show products like the target, but rather like A than like B.

    The score is the number of pairs on whose better side a product lies, and after the point its likeness to the
    target. Without a target the pairs alone decide.

    \b
    Example:
      searcher discover --target J0004 --rather J0011 J0042
    """
    aims = examples_of(() if target is None else (target,), () if target_photo is None else (target_photo,))
    if len(aims) > 1:
        raise click.UsageError("give either --target or --target-photo")
    aim = aims[0] if aims else None
    show(lambda service, wanted: service.discover(aim, rather, **wanted), given)


@main.command("also-viewed")
@click.argument("product_ids", nargs=-1, required=True, metavar="ID...")
@options_of(VisitOptions)
@question_options
def also_viewed(product_ids: tuple[str, ...], decay: float, co_view_weight: float, **given: Any) -> None:
    """Show what a visitor who viewed these products may want to see; name the newest first.

    What was viewed and what is out of stock is left out. Looks alone decide until `indexer events` has counted
    what visitors view together.

    \b
    Example:
      searcher also-viewed J0004 J0011 -k 6
    """
    show(
        lambda service, wanted: service.also_viewed(product_ids, decay=decay, co_view_weight=co_view_weight, **wanted),
        given,
    )


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@options_of(TextOptions)
@click.option(
    "--text-model", type=PATH, metavar="DIR", help="Text model [JEWELRY_TEXT_MODEL; default: the index's own]."
)
@question_options
def text(words: tuple[str, ...], mode: Any, **given: Any) -> None:
    """Show products by a text: by the words of their titles and attributes, or by their looks.

    Looks need an index that was built with `indexer sync --text-model DIR`.

    \b
    Examples:
      searcher text gold ring with a red stone
      searcher text gold ring with a red stone --mode words
    """
    show(lambda service, wanted: service.text(" ".join(words), mode=mode, **wanted), given)


for _command in (
    classify,
    facets,
    product,
    duplicates,
    calibrate_duplicates,
    mislabels,
    outliers,
    clusters,
    keys,
    serve,
    mcp,
):
    main.add_command(_command)
