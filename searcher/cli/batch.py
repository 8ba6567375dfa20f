"""`searcher similar --batch`: an answer for each product id of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from indexer.cli.command_line import echo_json
from indexer.errors import EXIT_REJECTS, UsageError
from indexer.system.text import one_line
from searcher.answers.answer import Answer
from searcher.cli.options import service_of, wanted_of


def similar_batch(path: Path, others: tuple[object, ...], given: Mapping[str, Any]) -> int | None:
    """Print the answers in the file's order; ids that are not in the index are named, and the exit code is 3."""
    if any(other is not None for other in others) or given["html"] is not None:
        raise UsageError("--batch goes with neither --product-id, --image, --url, --crop nor --html")
    ids = _read(path)
    answers = service_of(given).similar_batch(ids, **wanted_of(given))
    failed = [(one, answer) for one, answer in zip(ids, answers, strict=True) if not isinstance(answer, Answer)]
    if given["as_json"]:
        echo_json([a.to_json() if isinstance(a, Answer) else {"error": one_line(a)} for a in answers])
    else:
        from searcher.cli.tables.answers import print_table

        for answer in answers:
            if isinstance(answer, Answer):
                print_table(answer)
                click.echo()
    for _, error in failed:
        click.echo(f"Error: {one_line(error)}" if isinstance(error, Exception) else "", err=True)
    return EXIT_REJECTS if failed else None


def _read(path: Path) -> list[str]:
    """The ids; a line that is not UTF-8 is an id that no index holds, so that the others are answered."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
        if "\0" in text:
            raise ValueError("it is not text in UTF-8")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: cannot be read ({one_line(error)}); give a text file with a product id a line"
        ) from None
    ids = [line.strip() for line in text.splitlines() if line.strip()]
    if not ids:
        raise UsageError(f"{path}: holds no product id; write one a line")
    return ids
