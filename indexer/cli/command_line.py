"""How every console script reports: one-line errors, honest exit codes, JSON on stdout, progress on stderr."""

from __future__ import annotations

import io
import json
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from indexer.errors import EXIT_FAILED, JewelryError, is_full
from indexer.system.text import one_line, parse_share, printable
from indexer.version import __version__

if TYPE_CHECKING:
    from indexer.store.interface import Index

Decorator: TypeAlias = "Callable[[Callable[..., Any]], Callable[..., Any]]"

EXIT_INTERRUPTED = 130
"""What shells report for a program ended by Ctrl-C: 128 + SIGINT."""

_DEBUG = "indexer.cli.debug"


class CommandGroup(click.Group):
    """A click group whose commands end in one line and an exit code, never in a traceback (unless ``--debug``).

    A command may return its exit code; returning nothing means 0.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Accept ``--debug`` anywhere before a ``--``, also behind the command: that is where people add it."""
        own = args[: args.index("--")] if "--" in args else args
        ctx.meta[_DEBUG] = "--debug" in own
        return super().parse_args(ctx, [a for a in own if a != "--debug"] + args[len(own) :])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program, on whatever outputs it has."""
        show_all()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it raises becomes one line on stderr and an exit code."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()  # here a closed pipe can still be dealt with, at exit it cannot
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise  # click ends these well itself, a closed pipe silently
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            code = EXIT_INTERRUPTED
        except JewelryError as error:
            code = _report(ctx, error, one_line(error), error.exit_code)
        except Exception as error:  # noqa: BLE001 - a bug, or a fault nobody foresaw: still one line
            code = _report(ctx, error, _unforeseen(error), EXIT_FAILED)
        if isinstance(code, int):
            ctx.exit(code)
        return code


def show_all() -> None:
    """Have stdout and stderr escape what they cannot show: work that is done must not fail in being told.

    A Windows code page and an ASCII locale lack most letters, and a name that is no UTF-8 can be shown nowhere.
    """
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):  # what a program puts in their place may show everything
            output.reconfigure(errors="backslashreplace")


def _report(ctx: click.Context, error: Exception, line: str, exit_code: int) -> int:
    if ctx.meta[_DEBUG]:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo(f"Error: {line}", err=True)
    return exit_code


def _unforeseen(error: Exception) -> str:
    if isinstance(error, OSError) and is_full(error):
        return f"the disk is full ({printable(str(error.filename or error.strerror))}); make room and run it again"
    return f"{type(error).__name__}: {one_line(error)}; run again with --debug for details"


def group(help_text: str) -> Callable[[Callable[..., Any]], CommandGroup]:
    """A console script's top command with ``--version`` and ``--debug``."""

    def decorate(function: Callable[..., Any]) -> CommandGroup:
        # The option is there for --help; its value is taken out of the arguments by `CommandGroup.parse_args`.
        debug = click.option("--debug", is_flag=True, help="Show the traceback of an error.", expose_value=False)
        version = click.version_option(__version__, package_name="jewelry-similarity")
        settings = {"help_option_names": ["-h", "--help"]}
        return click.group(cls=CommandGroup, help=help_text, context_settings=settings)(version(debug(function)))

    return decorate


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator; ``--help`` lists them in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


class Share(click.ParamType[float]):
    """A share from 0 to 1 on a command line: ``10%`` or ``0.1``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share as a number; anything else is wrong usage."""
        try:
            return parse_share(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class PathType(click.Path):
    """A path on the command line. An empty one is refused: it would be the current directory, and is what a shell makes
    of a variable that is not set."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; raises ``BadParameter`` where it is empty."""
        if isinstance(value, str) and not value.strip():
            self.fail("is empty; name a path" + (", or leave the option out" if _may_miss(param) else ""), param, ctx)
        return super().convert(value, param, ctx)


class CatalogType(PathType):
    """A catalog on the command line: a path, or the URL of a manifest, which stays as it is."""

    name = "path or URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path, or the URL as a text."""
        if isinstance(value, str) and "://" in value:
            return value.strip()
        return super().convert(value, param, ctx)


def _may_miss(param: click.Parameter | None) -> bool:
    return param is not None and not param.required


index_options = together(
    click.option(
        "--index",
        type=PathType(),
        metavar="DIR",
        help="Index directory [JEWELRY_INDEX; default: index].",
    ),
    click.option(
        "--qdrant-url",
        metavar="URL",
        help="Qdrant server in place of a directory, its nodes with commas [JEWELRY_QDRANT_URL].",
    ),
)
"""``--index`` and ``--qdrant-url``: which index a command is about; `index_of` opens it."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
"""The ``--json`` flag: one JSON document on stdout."""


def index_of(index: Path | None, qdrant_url: str | None) -> Index:
    """The index that `index_options` and `IndexerSettings` choose; raises as `IndexerSettings.open_chosen` does."""
    from indexer.settings import IndexerSettings

    return IndexerSettings.read(index=index, qdrant_url=qdrant_url).open_chosen()


def echo_json(document: Any, *, indent: int | None = 2) -> None:
    """Print a document on stdout; dataclasses and paths are the caller's to convert. NaN and infinities become null.

    It is UTF-8 on every output, as JSON has to be (RFC 8259). Half a character, as in a file's name that is no UTF-8,
    is escaped as JSON does it. Without ``indent`` it is one line.
    """
    text = json.dumps(_finite(document), ensure_ascii=False, indent=indent, allow_nan=False)
    click.echo(text.encode("utf-8", "backslashreplace"))


def _finite(value: Any) -> Any:
    """JSON has no NaN, and a program that reads it should not stumble over a metric that is not defined."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
