"""Commands that move an index without embedding: push, pull, export, import, snapshot, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import PathType, echo_json, index_of, index_options, json_option, together

if TYPE_CHECKING:
    from indexer.settings import IndexerSettings
    from indexer.store.interface import Index
    from indexer.store.transfer.copy import TransferReport

_PATH = PathType()

_other_side = together(
    click.option("--collection", metavar="NAME", help="Its alias, if it is on a server [JEWELRY_COLLECTION]."),
    click.option("--api-key", metavar="KEY", help="Its API key; better in the environment [JEWELRY_QDRANT_API_KEY]."),
)
"""Options that describe the other index of `push` and `pull`."""

_replace = click.option(
    "--replace", "overwrite", is_flag=True, help="Replace an index of another catalog or another model."
)


@click.command()
@click.option("--to", "location", required=True, metavar="DIR|URL", help="Where to: a directory or a Qdrant server.")
@_other_side
@index_options
@_replace
@json_option
def push(
    location: str, collection: str | None, api_key: str | None, overwrite: bool, as_json: bool, **here: Any
) -> None:
    """Copy the published generation to another index, and switch that one to it.

    Nothing is embedded. The copy is compared with the original point by point before its readers see it. Run it
    again after a failure: a server keeps what arrived, a directory is copied anew.

    \b
    Examples:
      indexer push --to http://localhost:6333
      indexer push --to /backup/index --index index
    """
    _copy(index_of(**here), _there(location, collection, api_key), overwrite, as_json)


@click.command()
@click.option("--from", "location", required=True, metavar="DIR|URL", help="Where from: a directory or a server.")
@_other_side
@index_options
@_replace
@json_option
def pull(
    location: str, collection: str | None, api_key: str | None, overwrite: bool, as_json: bool, **here: Any
) -> None:
    """Copy another index's published generation here; the reverse of push.

    \b
    Example:
      indexer pull --from http://localhost:6333 --index index
    """
    _copy(_there(location, collection, api_key), index_of(**here), overwrite, as_json)


@click.command("export")
@click.argument("file", type=_PATH)
@index_options
@json_option
def export_(file: Path, index: Path | None, qdrant_url: str | None, as_json: bool) -> None:
    """Write ids, product ids, payloads and vectors to FILE, which ends in .npz or .parquet."""
    from indexer.store.transfer.tables import write_table

    place = index_of(index, qdrant_url)
    store = place.read(whole=True)
    try:
        table = write_table(store, file)
    finally:
        store.close()
    if as_json:
        echo_json({"index": place.location, "file": str(file), "points": table.count(), "checksum": table.checksum})
    else:
        click.echo(f"Wrote {table.count()} points of {place.location} to {file}")


@click.command("import")
@click.argument("file", type=_PATH)
@index_options
@_replace
@json_option
def import_(file: Path, index: Path | None, qdrant_url: str | None, overwrite: bool, as_json: bool) -> None:
    """Publish the points of FILE, written by export, or of a folder, written by embed, as the next generation.

    A folder is read a shard at a time; its thumbnails come along. All is checked before anything is written.
    """
    from indexer.cli.progress import Stages
    from indexer.store.transfer.copy import transfer
    from indexer.store.transfer.shards.importing import import_shards
    from indexer.store.transfer.tables import read_table

    place = index_of(index, qdrant_url)
    with Stages(show=not as_json) as stages:
        if file.is_dir():
            report = import_shards(file, place, overwrite=overwrite, progress=stages)
        else:
            report = transfer(read_table(file), str(file), place, overwrite=overwrite, progress=stages)
    _print(report, as_json)


@click.command()
@click.argument("folder", type=_PATH)
@index_options
@click.option("--thumbnails", is_flag=True, help="Put the thumbnails aside too.")
@json_option
def snapshot(folder: Path, index: Path | None, qdrant_url: str | None, thumbnails: bool, as_json: bool) -> None:
    """Put the published generation aside in FOLDER, which must be new or empty."""
    from indexer.store.transfer.snapshots import take_snapshot

    report = take_snapshot(index_of(index, qdrant_url), folder, thumbnails=thumbnails)
    if as_json:
        echo_json(report.to_json())
    else:
        pictures = f" and {report.thumbnails} thumbnails" if thumbnails else ""
        click.echo(f"Put {report.points} points{pictures} of {report.source} aside in {folder}")


@click.command()
@click.argument("folder", type=_PATH)
@index_options
@_replace
@json_option
def restore(folder: Path, index: Path | None, qdrant_url: str | None, overwrite: bool, as_json: bool) -> None:
    """Publish the snapshot in FOLDER as the next generation; the one before it can be rolled back to."""
    from indexer.cli.progress import Stages
    from indexer.store.transfer.snapshots import restore_snapshot

    place = index_of(index, qdrant_url)
    with Stages(show=not as_json) as stages:
        report = restore_snapshot(folder, place, overwrite=overwrite, progress=stages)
    _print(report, as_json)


COMMANDS = (push, pull, export_, import_, snapshot, restore)


def _settings(**given: Any) -> IndexerSettings:
    from pydantic import ValidationError

    from indexer.errors import UsageError
    from indexer.settings import IndexerSettings

    try:
        return IndexerSettings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]}={first['input']!r}: {first['msg']}") from None


def _there(location: str, collection: str | None, api_key: str | None) -> Index:
    """The other index: an address is a server, anything else a directory."""
    from indexer.settings import IndexerSettings, open_server
    from indexer.store.embedded.index import open_index

    if "://" not in location:
        return open_index(location, IndexerSettings.read().memory)
    given = {"collection": collection, "qdrant_api_key": api_key}
    return open_server(_settings(**{name: value for name, value in given.items() if value is not None}), location)


def _copy(source: Index, target: Index, overwrite: bool, as_json: bool) -> None:
    from indexer.cli.progress import Stages
    from indexer.store.transfer.copy import copy_index

    with Stages(show=not as_json) as stages:
        report = copy_index(source, target, overwrite=overwrite, progress=stages)
    _print(report, as_json)


def _print(report: TransferReport, as_json: bool) -> None:
    if as_json:
        echo_json(report.to_json())
        return
    same = "bit for bit the same" if report.bit_for_bit else "vectors within 1e-6"
    if not report.published:
        click.echo(
            f"Already there: generation {report.generation} in {report.target} holds these {report.points} points"
        )
        return
    kept = report.points - report.sent
    before = f" ({kept} were there from an unfinished run)" if kept else ""
    click.echo(f"Copied {report.sent} of {report.points} points from {report.source}{before}, {same}")
    click.echo(f"Published generation {report.generation} in {report.target}, checksum {report.checksum}")
