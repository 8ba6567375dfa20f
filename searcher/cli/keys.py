"""Commands about the HTTP service's API keys: keys add, keys list, keys revoke."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import PathType, echo_json, json_option

if TYPE_CHECKING:
    from searcher.http.access.keys import Key, KeyFile, Scope

_file_option = click.option(
    "--keys",
    "path",
    type=PathType(),
    metavar="FILE",
    help="File of API keys [JEWELRY_KEYS; default: keys.json].",
)


@click.group()
def keys() -> None:
    """Make, list and revoke API keys of the HTTP service.

    The file holds hashes: a key is shown when it is made, and never again. A running service notices changes.
    """


@keys.command()
@click.argument("name")
@click.option("--scope", type=click.Choice(["read", "admin"]), default="read", show_default=True, help="What it may.")
@click.option("--rate", type=click.IntRange(0), metavar="N", help="Requests a minute; 0: no limit.")
@_file_option
@json_option
def add(name: str, scope: Scope, rate: int | None, path: Path | None, as_json: bool) -> None:
    """Make a key for NAME and print it.

    \b
    Examples:
      searcher keys add "web shop"
      searcher keys add "back office" --scope admin --rate 0
    """
    file = _file(path)
    key, token = file.add(name, scope, rate)
    if as_json:
        echo_json({"key": token, **_shown(key)})
        return
    click.echo(token)
    click.echo(
        f"This is the only time it is shown. It is for {key.name!r}, scope {key.scope}; to take it back: "
        f"searcher keys revoke {key.id} --keys {file.path}",
        err=True,
    )


@keys.command("list")
@_file_option
@json_option
def list_keys(path: Path | None, as_json: bool) -> None:
    """List the keys there are."""
    found = [_shown(key) for key in _file(path).keys()]  # noqa: SIM118 - no dictionary
    if as_json:
        echo_json({"keys": found})
        return
    if not found:
        click.echo("No keys.", err=True)
    for key in found:
        rate = {None: "the service's rate", 0: "no limit"}.get(key["rate"], f"{key['rate']} a minute")
        click.echo(f"{key['id']}  {key['scope']:5}  {key['created_at']}  {rate:18}  {key['name']}")


@keys.command()
@click.argument("key_id", metavar="ID")
@_file_option
@json_option
def revoke(key_id: str, path: Path | None, as_json: bool) -> None:
    """Remove the key ID; running services refuse it at once."""
    key = _file(path).revoke(key_id)
    echo_json(_shown(key)) if as_json else click.echo(f"Revoked {key.id} ({key.name})")


def _file(path: Path | None) -> KeyFile:
    from searcher.http.access.keys import KeyFile
    from searcher.settings import ServeSettings

    return KeyFile(path or ServeSettings.read().keys or Path("keys.json"))


def _shown(key: Key) -> dict[str, Any]:
    return {"id": key.id, "name": key.name, "scope": key.scope, "created_at": key.created_at, "rate": key.rate}
