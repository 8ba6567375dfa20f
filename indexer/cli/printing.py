"""What the `indexer` command prints for people: short reports on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.cli.speed import print_speed
from indexer.sync.report import SyncReport
from indexer.sync.watch.told import Event, Watched
from indexer.system.text import counted, printable

SHOWN_REJECTS = 5
SHOWN_OTHERS = 5
MANY = {"an index": "indexes", "a model": "models", "an output": "outputs"}
ONE = (
    *(("an ", ""), ("a model", "model"), ("files", "file"), ("copies", "copy")),
    *(("rows", "row"), ("products", "product"), ("drafts", "draft")),
)
CARRIED = "co-views and clusters were carried over, decisions on duplicates and events name the former id"


def print_report(report: SyncReport) -> None:
    """A sync's outcome in a few lines."""
    out = Console(highlight=False, soft_wrap=True)
    for note in report.repairs:
        out.print(f"Repaired: {note}.", style="yellow", markup=False)
    products = counted(report.products, "product")
    scope = "" if report.scope is None else f" of the scope {scope_text(report.scope)}"
    out.print(f"{products}{scope}, {_counts(report)}", markup=False)
    if report.rebuilt:
        what = "would be" if report.dry_run else "was"
        out.print(f"The index was built by another model or text model, so everything {what} embedded again beside it.")
    if report.read_again:
        which = counted(report.read_again, "photo")
        how = "would be" if report.dry_run else "was" if report.read_again == 1 else "were"
        why = "as this version reads such photos differently"
        out.print(f"{which} with transparency or a colour profile {how} embedded again, {why}.")
    if report.coloured:
        out.print(f"{counted(report.coloured, 'photo')} got colours, which the index did not have; none was embedded.")
    if report.dry_run:
        out.print("Dry run: nothing was written.")
    elif report.published:
        total = report.seconds["total"]
        out.print(f"Embedded {_embedded(report)} in {total:.1f} s ({report.embedded / total:.0f} photos/s).")
        out.print(f"Published generation {report.generation} in {report.index}", markup=False)
        print_speed(out, report)
    else:
        out.print(f"Already up to date: generation {report.generation} in {report.index}", markup=False)
    _print_removed(out, report)
    for one in report.renamed[:SHOWN_OTHERS]:
        out.print(f"  {one.before} is called {one.after} now: {one.because}; {CARRIED}", markup=False)
    if len(report.renamed) > SHOWN_OTHERS:
        out.print(f"{len(report.renamed)} products have another id now; --json lists them all", markup=False)
    for note in report.notes[:SHOWN_OTHERS]:
        out.print(f"  note: {note}", style="cyan", markup=False)
    if len(report.notes) > SHOWN_OTHERS:
        out.print(f"{len(report.notes)} notes; --json lists them all", markup=False)
    if report.passed_over:
        out.print(f"Passed over: {_passed_over(report)}", markup=False)
    for reject in report.rejects[:SHOWN_REJECTS]:
        out.print(f"  rejected {reject.where}: {reject.reason}", style="yellow", markup=False)
    if report.rejects:
        where = f"; all in {report.rejects_file}" if report.rejects_file else ""
        out.print(f"{len(report.rejects)} rejected{where}", style="yellow", markup=False)


def _counts(report: SyncReport) -> str:
    """Photos by what became of them. What moved is gone from where it was, and that is no loss."""
    counts = ", ".join(f"{n} {name}" for name, n in {**report.photos, "gone": len(report.removed)}.items() if n)
    return f"photos: {counts}" if counts else "no photos"


def watched_text(one: Watched, catalog: Path | str) -> tuple[str, bool]:
    """What a watch says, in one line without its time; and whether it is as it should be."""
    again = "" if one.again_in is None else f"; trying again in {one.again_in:g} s"
    shown = printable(str(catalog))
    if "://" in shown:
        shown = shown.partition("?")[0]  # what follows may be a key
    match one.event:
        case Event.WATCHING:
            return f"Watching {shown}: {printable(str(one.message))}; Ctrl-C ends it", True
        case Event.REFUSED:
            once = f"indexer sync {shown} --allow-removal"
            return f"Refused until something changes, or done once by {once}: {one.message}", False
        case Event.WAITING:
            return f"Waiting: {one.message}", False
        case Event.FAILED:
            return f"Failed: {one.message}{again}", False
    return "" if one.report is None else _synced_text(one.report), True


def _synced_text(report: SyncReport) -> str:
    counts = _counts(report)
    parts = [f"{counted(report.products, 'product')}, {counts}"]
    parts.append(f"{'published' if report.published else 'nothing to do, it is'} generation {report.generation}")
    parts += [f"{report.seconds['total']:.1f} s"]
    parts += [f"repaired: {note}" for note in report.repairs]
    if len(report.notes):
        more = f" (and {len(report.notes) - 1} more)" if len(report.notes) > 1 else ""
        parts.append(f"note: {report.notes[0]}{more}")
    if report.rejects:
        parts.append(f"{len(report.rejects)} rejected, listed in {report.rejects_file}")
    return printable("; ".join(parts))


def scope_text(scope: Any) -> str:
    """A scope as it was given, in one line."""
    return printable(" and ".join(scope) if isinstance(scope, list) else str(scope))


def _passed_over(report: SyncReport) -> str:
    """What lies in the catalog and is no part of it, the most first, each kind with an example."""
    shown = [f"{_counted(one.count, one.what)} ({one.example})" for one in report.passed_over[:SHOWN_OTHERS]]
    others = sum(one.count for one in report.passed_over[SHOWN_OTHERS:])
    return ", ".join([*shown, *([f"{others} of other kinds"] if others else [])])


def _counted(count: int, what: str) -> str:
    """``1 index``, ``2 models``, ``1 .txt file``, ``3 hidden``: a kind that is passed over, with its number."""
    if count > 1:
        return f"{count} {MANY.get(what, what)}"
    for many, one in ONE:
        what = what.replace(many, one)
    return f"1 {what}"


def _embedded(report: SyncReport) -> str:
    """How many photos went through the model, and where the vectors of the others are from."""
    parts = [str(report.embedded)]
    if report.recovered:
        # After a repair the vectors that were kept are taken from where unfinished work is.
        where = "" if report.repairs else " from an unfinished run"
        parts.append(f"{report.recovered} recovered{where}")
    if report.shared:
        verb = "shares" if report.shared == 1 else "share"
        parts.append(f"{counted(report.shared, 'photo')} {verb} the bytes of another")
    return ", ".join(parts)


def _print_removed(out: Console, report: SyncReport) -> None:
    """What left the index altogether; a dry run lists all of it, as it is asked for that."""
    shown = report.removed if report.dry_run else report.removed[:SHOWN_OTHERS]
    verb = "would be removed" if report.dry_run else "removed"
    for one in shown:
        out.print(f"  {verb}: {one.photo} of {one.product_id}", markup=False)
    if len(report.removed) > SHOWN_OTHERS:
        listed = "" if report.dry_run else "; --json lists them all"
        out.print(f"{len(report.removed)} photos {verb}{listed}", markup=False)


def print_status(status: dict[str, Any]) -> None:
    """An index at a glance."""
    from indexer.store.records import ADD_COLOURS

    out = Console(highlight=False, soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    fields = ", ".join(f"{name} ({kind})" for name, kind in status["field_table"].items())
    for name, value in (
        ("Index", _engine(status)),
        *_server(status),
        ("Generation", f"{status['generation']}, built {status['created_at']}"),
        ("Kept", ", ".join(status["generations"])),
        ("Content", f"{status['photos']} photos of {status['products']} products"),
        ("Categories", ", ".join(f"{name} {count}" for name, count in status["categories"].items()) or "none"),
        ("Fields", fields or "none besides product_id and category"),
        ("Model", f"{status['model_path']} ({status['fingerprint'][:12]})"),
        *_text_model(status),
        ("Colours", "of every photo" if status.get("colours") else f"none yet; {ADD_COLOURS}"),
        ("Catalog", status["catalog_root"]),
    ):
        table.add_row(name, Text(str(value)))
    out.print(table)
    for note in status.get("notes", []):
        out.print(f"  note: {note}", style="cyan", markup=False)
    for warning in status.get("warnings", []):
        out.print(f"  warning: {warning}", style="yellow", markup=False)


def print_checked(generations: Sequence[dict[str, Any]]) -> None:
    """What comparing the generations with what was published found."""
    out = Console(highlight=False, soft_wrap=True)
    for one in generations:
        what = f"whole; compared {one['files']} files" if one["files"] else "whole; counted its photos"
        if one["points"] is None:
            what = "can be opened; it was published before checksums were kept, and the next one will have them"
        for found in [f"damaged: {damage}" for damage in one["damage"]] or [what]:
            out.print(f"Generation {one['generation']} {found}", markup=False)


def _text_model(status: dict[str, Any]) -> list[tuple[str, str]]:
    text = status.get("text_model")
    return [] if text is None else [("Text model", f"{text['path']} ({text['fingerprint'][:12]})")]


def _engine(status: dict[str, Any]) -> str:
    size = f", {status['bytes'] / 1e6:.1f} MB" if "bytes" in status else ""
    version = f" Qdrant {status['server_version']}" if status.get("server_version") else ""
    return f"{status['index']} ({status['engine']}{version}{size})"


def _server(status: dict[str, Any]) -> list[tuple[str, str]]:
    """What only a server has to say."""
    if "collection" not in status:
        return []
    strict = "refused" if status["strict"] else "allowed"
    return [
        ("Collection", f"{status['alias']} → {status['collection']}, optimizer {status['optimizer']}"),
        (
            "Kept as",
            f"shards {status['shards']}, replicas {status['replicas']}, write consistency "
            f"{status['write_consistency']}, quantization {status['quantization']}, "
            f"{len(status['payload_indexes'])} payload indexes, filters without an index {strict}",
        ),
        *_nodes(status["cluster"]),
        ("On this machine", status["local"]),
    ]


def _nodes(cluster: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Which shards each node of a cluster holds, a node a line; what is not well stands behind it."""
    lines = []
    for node in cluster["nodes"] if cluster else []:
        held = [
            str(one["shard"]) if one["state"] == "Active" else f"{one['shard']} ({one['state']})"
            for one in node["shards"]
        ]
        silent = "" if node["reached"] else " (does not answer)"
        shards = f"shard{'s' if len(held) > 1 else ''} {', '.join(held)}" if held else "no shard"
        lines.append(f"{node['node']}{silent}: {shards}")
    return [("Nodes", "\n".join(lines))] if lines else []
