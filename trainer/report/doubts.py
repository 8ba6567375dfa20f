"""What a model confuses, and which labels it doubts: confusion matrix, look-alikes and label suspects on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.system.text import counted
from trainer.report.confusions import Confusion, LookAlike
from trainer.report.retrieval_grid import HeldOut
from trainer.report.words import safe, section

MOST_NAMES = 24
"""Categories up to which the matrix is shown whole; of more, the rows that are confused most."""
MOST_SUSPECTS = 30


def confusion_table(found: Confusion, *, by_classifier: bool) -> str:
    """The matrix as a table, a row a true category; ``by_classifier`` says who gave the other one."""
    if len(found.names) < 2:
        return ""
    wrong = found.counts.sum(axis=1) - found.counts.diagonal()
    shown = list(range(len(found.names)))
    note = ""
    if len(shown) > MOST_NAMES:
        shown = sorted(sorted(shown, key=lambda one: -int(wrong[one]))[:MOST_NAMES])
        note = f"<p class=note>The {MOST_NAMES} of {len(found.names):,} categories that are confused most.</p>"
    head = "".join(
        f'<th><span title="{safe(found.names[one])}">{_short(found.names[one])}</span></th>' for one in shown
    )
    lines = []
    for row in shown:
        total = max(1, int(found.counts[row].sum()))
        cells = "".join(_cell(int(found.counts[row, column]), total, row == column) for column in shown)
        lines.append(f"<tr><td>{safe(found.names[row])}</td>{cells}</tr>")
    table = f'<div class="scroll"><table class="matrix"><tr><th>is ↓ · taken for →</th>{head}</tr>'
    who = (
        "what the model's classifier calls each held-out photo"
        if by_classifier
        else "the category of each held-out photo's nearest other photo"
    )
    words = (
        f"Each row is a category as the catalog has it, each column {who}. The numbers are photos: those on the "
        f"diagonal are right, {100 * found.right:.1f} % of all. A dark cell beside it is a pair that is confused."
    )
    return section("What is taken for what", (words,), f"{table}{''.join(lines)}</table></div>{note}")


def look_alike_cards(found: Sequence[LookAlike], held_out: HeldOut, images: Sequence[str]) -> str:
    """The hardest confusions: two photos each, of different categories, that the model finds alike."""
    if not found:
        return ""
    cards = []
    for one, image in zip(found, images, strict=True):
        (_, first, product), (_, second, other) = held_out[one.photo], held_out[one.nearest]
        times = counted(one.times, "photo")
        cards.append(
            f'<div class="pair">{image}<p><b>{safe(first)}</b> · {safe(product)}<br><b>{safe(second)}</b> · '
            f"{safe(other)}<br><em>similarity {one.score:.2f} · {times} cross{'es' if one.times == 1 else ''} between "
            "these two</em></p></div>"
        )
    words = (
        "Pairs of categories between which a photo's nearest neighbour crosses most often, each with the two photos "
        "that look most alike. Either they do look alike, or one of them is filed wrongly: a look decides."
    )
    return section("Hardest confusions", (words,), f'<div class="pairs">{"".join(cards)}</div>')


def suspects_table(record: Mapping[str, Any]) -> str:
    """Labels of training photos that others contradict, as ``training.label_suspects`` of model.json lists them."""
    suspects = label_suspects(record)
    if not suspects:
        return ""
    lines = "".join(
        f"<tr><td>{safe(one['key'])}</td><td>{safe(one.get('label', ''))}</td><td>{safe(one.get('suggested', ''))}</td>"
        f"<td>{_percent(one.get('confidence'))}</td></tr>"
        for one in suspects[:MOST_SUSPECTS]
    )
    more = len(suspects) - MOST_SUSPECTS
    note = f"<p class=note>… and {more:,} more, all in model.json.</p>" if more > 0 else ""
    words = (
        f"{counted(len(suspects), 'training photo')} may be filed wrongly: a model that had not seen the photo put it "
        "elsewhere. They counted less in training. Correct in the catalog what is wrong, and train again."
    )
    table = (
        '<div class="scroll"><table class="suspects"><tr><th>photo</th><th>filed as</th><th>looks like</th>'
        f"<th>confidence</th></tr>{lines}</table></div>"
    )
    return section("Labels to look at", (words,), table + note)


def label_suspects(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of ``training.label_suspects`` that name a photo; none where nobody looked."""
    training = record.get("training")
    rows = training.get("label_suspects") if isinstance(training, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping) and row.get("key")] if isinstance(rows, list) else []


def _cell(count: int, total: int, right: bool) -> str:
    if not count:
        return "<td></td>"
    kind = "hit" if right else "miss"
    return f'<td class="{kind}" style="--share:{100 * count / total:.0f}%">{count:,}</td>'


def _short(name: str) -> str:
    return safe(name if len(name) <= 12 else name[:11] + "…")


def _percent(value: object) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, int | float) else "-"
