"""`searcher duplicates` and `searcher calibrate-duplicates`: report, check of one photo, review, calibration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from indexer.cli.command_line import echo_json, index_options, json_option
from indexer.errors import UsageError
from searcher.cli.options import PATH, photo_of, service_of
from searcher.cli.reports import check_places, keep_report, report_options

OF_THE_CHECK = {"image", "url", "model", "allow_private", "index", "qdrant_url", "as_json"}
"""Options that the check of one photo takes; the others are of the report."""


@click.command()
@report_options(20)
@click.option("--since", metavar="DATE", help="Only what was indexed since, against everything: 2026-11-01.")
@click.option("--tier", "tiers", multiple=True, metavar="NAME", help="Show only groups of this tier; repeat it.")
@click.option("-k", default=10, show_default=True, metavar="N", help="Nearest pictures of each photo looked at.")
@click.option(
    "--budget",
    default=240.0,
    show_default=True,
    metavar="S",
    help="Seconds of close comparison; the rest is counted as not verified.",
)
@click.option("--verifier", type=PATH, metavar="FILE", help="Verifier [default: the shop's own, else the package's].")
@click.option("--image", "-i", metavar="FILE", help="Check one new photo instead; - reads it from a pipe.")
@click.option("--url", metavar="URL", help="Check one new photo on the web instead.")
@click.option("--review", is_flag=True, help="Open the report in the page and decide: same, variant, different.")
@click.option("--port", default=8000, show_default=True, metavar="N", help="Port of the page, with --review.")
@click.option(
    "--model", type=PATH, metavar="DIR", help="Model for the photo [JEWELRY_MODEL; default: the index's own]."
)
@click.option("--allow-private", is_flag=True, help="Fetch the photo from a private address too.")
def duplicates(
    where: tuple[str, ...],
    limit: int,
    since: str | None,
    tiers: tuple[str, ...],
    k: int,
    budget: float,
    verifier: Path | None,
    image: str | None,
    url: str | None,
    review: bool,
    port: int,
    html: Path | None,
    csv: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Find photos that are the same picture, the same product, or variants of one design.

    \b
    Tiers, strictest first:
      identical_file     the same bytes
      identical_pixels   other bytes, the same pixels
      edited             the same picture: resized, cropped, flipped, recoloured, stamped, cut out …
      other_photo        probably the same product, photographed again
      variant            the same design in another metal, stone or size: not a duplicate

    Only copies of one picture are ever marked for deletion. Groups that cross categories or carry several prices
    come first. The report is kept beside the index, where the HTTP service finds it. Stopped, it goes on where it
    was the next time.

    \b
    Examples:
      searcher duplicates
      searcher duplicates --where category=rings --html duplicates.html --csv duplicates.csv
      searcher duplicates --since 2026-11-01
      searcher duplicates --image new.jpg
      searcher duplicates --review
    """
    if image is not None or url is not None:
        from searcher.cli.tables.duplicates import print_check

        _refuse_options_of_the_report()
        service = service_of(given)
        check = service.check_duplicates(None if image is None else photo_of(image), url=url)
        echo_json(check.to_json()) if as_json else print_check(check)
        return
    from searcher.cli.tables.duplicates import print_report
    from searcher.insights.duplicates.answers import Tier

    unknown = [name for name in tiers if name not in list(Tier)]
    if unknown:
        raise UsageError(f"there is no tier {unknown[0]!r}; there are {', '.join(Tier)}")
    check_places(html, csv)
    from indexer.cli.progress import Stages

    service = service_of(given)
    with Stages(show=not as_json) as stages:
        report = service.duplicates(
            where=list(where), since=since, k=k, budget=budget, verifier=verifier, progress=stages
        )
    keep_report(service, report, html, csv)
    echo_json(report.to_json()) if as_json else print_report(report, [Tier(name) for name in tiers], limit)
    if review:
        from searcher.http.server.review import run_review
        from searcher.settings import ServeSettings

        run_review(ServeSettings.read(), port, service)


def _refuse_options_of_the_report() -> None:
    """Whoever gives one of them beside a photo means something that the check of one photo does not do."""
    context = click.get_current_context()
    given = [
        one.opts[0]
        for one in context.command.params
        if one.name not in OF_THE_CHECK and context.get_parameter_source(str(one.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UsageError(f"{', '.join(given)} belongs to the report; --image and --url check one photo, without it")


@click.command("calibrate-duplicates")
@click.option("--photos", default=300, show_default=True, metavar="N", help="Photos of the catalog that are edited.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Which photos, and how they are edited.")
@click.option("--output", "-o", type=PATH, metavar="FILE", help="Where to write it [default: beside the index].")
@index_options
@json_option
def calibrate_duplicates(photos: int, seed: int, output: Path | None, as_json: bool, **given: Any) -> None:
    """Fit the search for duplicates to this catalog, from edited copies of its own photos and from decisions.

    Nothing has to be labelled. The result is one JSON file, which `searcher duplicates` then uses.

    \b
    Example:
      searcher calibrate-duplicates
    """
    from indexer.cli.progress import Stages
    from searcher.insights.duplicates.verify.verifier import FILE_NAME

    service = service_of(given)
    with Stages(show=not as_json) as stages:
        made = service.calibrate_duplicates(photos=photos, seed=seed, progress=stages)
    path = output or service.index.local / FILE_NAME
    made.write(path)
    if as_json:
        echo_json({"file": str(path), **made.summary()})
        return
    found = made.summary()
    pairs = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found["pairs"].items())
    click.echo(f"Learned from {pairs} pairs.")
    click.echo(
        f"On pairs it had not seen: {found['held_out']['recall']:.1%} of the copies found, "
        f"{found['held_out']['precision']:.1%} of what it called copies were."
    )
    click.echo(f"Wrote {path}")
