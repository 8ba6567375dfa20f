"""The command `searcher serve`: the HTTP service."""

from __future__ import annotations

from pathlib import Path

import click

from indexer.cli.command_line import PathType, index_options

_PATH = PathType()


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen [JEWELRY_SERVE_HOST; default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="[JEWELRY_SERVE_PORT; default: 8000; 0: any].")
@click.option(
    "--workers", type=click.IntRange(1, 256), metavar="N", help="[JEWELRY_SERVE_WORKERS; default: 1 process]."
)
@click.option("--keys", type=_PATH, metavar="FILE", help="API keys, made by `searcher keys add` [JEWELRY_KEYS].")
@click.option("--open", "open_", is_flag=True, default=None, help="Answer other machines without keys [JEWELRY_OPEN].")
@click.option(
    "--rate-limit",
    type=click.IntRange(0),
    metavar="N",
    help="Requests a minute and client; 0: no limit [JEWELRY_RATE_LIMIT; default: 1200].",
)
@click.option(
    "--cors-origin",
    multiple=True,
    metavar="URL",
    help="A site whose pages may ask; repeat it for more [JEWELRY_CORS_ORIGINS].",
)
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="NAME",
    help="A name the service is asked by, besides this machine's; repeat it for more [JEWELRY_ALLOWED_HOSTS].",
)
@click.option(
    "--allow-private",
    is_flag=True,
    default=None,
    help="Fetch query photos from private addresses too [JEWELRY_ALLOW_PRIVATE_URLS].",
)
@click.option(
    "--root-path", metavar="PATH", help="What a proxy puts before all addresses: /search [JEWELRY_ROOT_PATH]."
)
@index_options
@click.option("--model", type=_PATH, metavar="DIR", help="Model for photos [JEWELRY_MODEL; default: the index's own].")
def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    keys: Path | None,
    open_: bool | None,
    rate_limit: int | None,
    cors_origin: tuple[str, ...],
    allowed_host: tuple[str, ...],
    allow_private: bool | None,
    root_path: str | None,
    index: Path | None,
    qdrant_url: str | None,
    model: Path | None,
) -> None:
    """Answer questions over HTTP, until SIGTERM or Ctrl-C.

    Without API keys only this machine is answered, by its own names, and nobody who comes through a proxy. Logs are
    JSON, one line a request, on stderr. The document at /openapi.json describes the routes; /livez, /readyz and
    /metrics are for orchestrators and monitoring. A new generation of the index is picked up by itself.

    \b
    Examples:
      searcher serve
      searcher keys add "web shop" --keys keys.json
      searcher serve --host 0.0.0.0 --workers 4 --keys keys.json
    """
    from searcher.http.server.serve import serve as run
    from searcher.settings import ServeSettings

    run(
        ServeSettings.read(
            serve_host=host,
            serve_port=port,
            serve_workers=workers,
            keys=keys,
            open=open_,
            rate_limit=rate_limit,
            cors_origins=cors_origin or None,
            allowed_hosts=allowed_host or None,
            allow_private_urls=allow_private,
            root_path=root_path,
            index=index,
            qdrant_url=qdrant_url,
            model=model,
        )
    )
