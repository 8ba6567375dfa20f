"""The columns of a manifest: what type each has, how its cells are read, and which are left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass, field
from functools import partial

from indexer.catalog.catalog_toml import Settings
from indexer.catalog.cells.decimals import File, Numbers, Unclear, decide
from indexer.catalog.cells.numbers import Decimal, one_currency, read_number
from indexer.catalog.cells.types import certain, decide_type
from indexer.catalog.cells.values import Values
from indexer.catalog.tables.headers import canonical, near_miss
from indexer.catalog.tables.table import Sheet
from indexer.errors import CatalogError
from indexer.fields.groups import GROUP
from indexer.fields.types import FieldTable, FieldType, FieldValue, cast

REQUIRED = ("product_id", "image")
STRUCTURE = (*REQUIRED, "category")
"""Columns that say what belongs together; every other column is a field."""
KNOWN: FieldTable = {
    "title": FieldType.TEXT,
    "brand": FieldType.KEYWORD,
    "metal": FieldType.KEYWORD,
    "stone": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "list_price": FieldType.NUMBER,
    "currency": FieldType.KEYWORD,
    "in_stock": FieldType.BOOLEAN,
    "url": FieldType.KEYWORD,
    "gtin": FieldType.KEYWORD,
    "role": FieldType.KEYWORD,
    GROUP: FieldType.KEYWORD,
}
"""Columns whose type does not depend on what happens to stand in them."""
ONE_NAME = frozenset({GROUP})
"""Of these a cell is one name, whatever stands in it: a bar in it parts nothing."""
NAMES = (*STRUCTURE, *KNOWN)
"""Names that are known whatever their case."""
_MEANT = tuple(name for name in NAMES if name != "list_price")
"""Names that a column of nearly that name was probably meant to have: a ``cost_price`` is what it says."""
_Reader = Callable[[str], FieldValue]
_HOW_TO_WRITE = {
    FieldType.NUMBER: "write 1250.50",
    FieldType.BOOLEAN: "write true or false",
    FieldType.DATE: "write 2026-01-31 or 2026-01-31T18:00:00+01:00",
}


@dataclass(slots=True)
class Columns:
    """The fields of a manifest, and what a person should know of them."""

    table: dict[str, FieldType] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Why a column cannot be used, a line each; all the others can."""
    notes: list[str] = field(default_factory=list)
    _readers: dict[str, _Reader] = field(default_factory=dict)
    _fitting: dict[str, Container[str]] = field(default_factory=dict)
    """Of columns in which not every text will do, the values that are known to."""
    _decimals: dict[str, Decimal | None] = field(default_factory=dict)

    def read(self, cells: Mapping[str, str]) -> dict[str, FieldValue]:
        """The fields of a row; raises ``ValueError`` with the first value that does not fit, in words."""
        return {name: read(text) for name, read in self._readers.items() if (text := cells[name])}

    def fit(self, cells: Mapping[str, str]) -> bool:
        """Whether `read` would take a row, without making its fields; each different value is read once."""
        for name, fitting in self._fitting.items():
            text = cells[name]
            if text and text not in fitting:
                if not isinstance(fitting, set):
                    return False
                try:
                    self._readers[name](text)
                except ValueError:
                    return False
                fitting.add(text)
        return True

    @property
    def reading(self) -> list[tuple[str, str, str | None]]:
        """What decides which fields the same cells become: each column's type and decimal sign."""
        return [(name, str(kind), self._decimals.get(name)) for name, kind in self.table.items()]

    def add(self, name: str, kind: FieldType, read: _Reader, *, fitting: Container[str] | None = None) -> None:
        """One more column; ``fitting`` are all the values that it takes, None where every one has to be tried."""
        self.table[name], self._readers[name] = kind, read
        if fitting is not None or kind in (FieldType.NUMBER, FieldType.BOOLEAN, FieldType.DATE):
            self._fitting[name] = set() if fitting is None else fitting

    def add_numbers(self, name: str, decimal: Decimal | None, numbers: Numbers, odd: Collection[str]) -> None:
        """One more column, of numbers with this decimal sign."""
        by_value = numbers.by_value(decimal)
        self._decimals[name] = decimal
        self.add(name, FieldType.NUMBER, partial(_number, name, decimal, by_value, odd), fitting=by_value)


def read_columns(sheet: Sheet, settings: Settings, published: FieldTable | None = None) -> Columns:
    """Decide the type of every column, and the decimal sign of those with numbers.

    Args:
        sheet: the manifest's columns and rows; rows that cannot be used decide nothing.
        settings: what catalog.toml sets by hand; it goes before everything else.
        published: the fields of the index that is to be brought in step; their types are kept, see `decide_type`.

    Raises:
        CatalogError: catalog.toml names columns that are not there: all of them are named.
    """
    names = [name for name in sheet.columns if name not in STRUCTURE]
    types, decimals = _settled(sheet, settings)
    given = {**sheet.types, **KNOWN, **types}
    declared: dict[str, FieldType] = {name: given[name] for name in names if name in given}
    numbers = {
        name: Numbers.of(Values((row.line, row.cells[name]) for row in sheet.rows if not row.problem))
        for name in names
        if declared.get(name, FieldType.NUMBER) is FieldType.NUMBER
    }
    found, file = Columns(notes=_near_misses(sheet.columns, types)), _file(sheet, numbers, declared)
    for name in names:
        kind, odd = declared.get(name), frozenset[str]()
        if kind is None:
            decided = decide_type(name, numbers[name], file, (published or {}).get(name))
            kind, odd, numbers[name] = decided.kind, decided.odd, decided.numbers
            found.notes += [decided.note] if decided.note else []
        if kind is FieldType.KEYWORD and name in ONE_NAME:
            found.add(name, kind, _as_it_stands)
            continue
        if kind is not FieldType.NUMBER:
            found.add(name, kind, partial(_cast, name, kind, odd), fitting=set() if odd else None)
            continue
        sign = decimals.get(name) or settings.decimal
        try:
            _check_currencies(numbers[name], sheet.columns)
            decimal = sign or decide(numbers[name], file)
        except Unclear as why:
            or_text = "" if name in KNOWN else f', or [fields] {name} = "keyword"'
            found.left_out.append(f"column {name!r} is left out: {why}{or_text}")
        else:
            found.add_numbers(name, decimal, numbers[name], odd)
    return found


def _settled(sheet: Sheet, settings: Settings) -> tuple[dict[str, FieldType], dict[str, Decimal]]:
    """What catalog.toml says, by the names that columns have here."""
    types = {canonical(name, NAMES): kind for name, kind in settings.types.items()}
    decimals = {canonical(name, NAMES): decimal for name, decimal in settings.decimals.items()}
    wrong = [name for name in dict.fromkeys([*types, *decimals]) if name not in sheet.columns or name in STRUCTURE]
    if wrong:
        no_column = f"not a column of {sheet.path.name}"
        why = [f"field {name!r} is {'always text' if name in STRUCTURE else no_column}" for name in wrong]
        raise CatalogError(f"{settings.path}: {', '.join(why)}; remove {'it' if len(wrong) == 1 else 'them'}")
    return types, decimals


def _near_misses(names: Collection[str], settled: Mapping[str, FieldType]) -> list[str]:
    """Columns that were probably meant to be known ones; a type set by hand says that one is meant as it stands."""
    notes = []
    for name in names:
        near = None if name in NAMES or name in settled else near_miss(name, _MEANT)
        if near and near not in names:
            notes.append(f"column {name!r} is a field of its own; if {near!r} is meant, rename it")
    return notes


def _file(sheet: Sheet, numbers: Mapping[str, Numbers], declared: Mapping[str, FieldType]) -> File:
    """The decimal signs that the columns of a file have."""
    file, seen, proven = File(sheet.separator), set[Decimal](), set[Decimal]()
    for name, every in numbers.items():
        if name in declared:
            seen |= every.customs()
            proven |= every.customs()
        elif not every.odd:
            seen |= every.customs()
            sure = certain(every, file)
            proven |= set() if sure.odd else sure.customs()
    return File(sheet.separator, seen, proven)


def _check_currencies(numbers: Numbers, columns: Collection[str]) -> None:
    currencies = numbers.currencies
    if "currency" not in columns and not one_currency(currencies):
        some = " and ".join(numbers.values.cell(text) for text in list(currencies.values())[:2])
        raise Unclear(f"its currencies differ, {some}; write them into a column 'currency'")


def _as_it_stands(text: str) -> str:
    return text


def _cast(name: str, kind: FieldType, odd: Collection[str], text: str) -> FieldValue:
    if text in odd:
        raise ValueError(_is_odd(name, kind, text))
    try:
        return cast(text, kind)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a {kind}; {_HOW_TO_WRITE[kind]}, or {_as_text(name)}") from None


def _number(name: str, decimal: Decimal | None, values: Mapping[str, float], odd: Collection[str], text: str) -> float:
    if text in values:
        return values[text]
    reading = read_number(text)
    if text in odd:
        raise ValueError(_is_odd(name, FieldType.NUMBER, text))
    if reading is None:
        raise ValueError(f"{name} {text!r} is not a number; {_HOW_TO_WRITE[FieldType.NUMBER]}, or {_as_text(name)}")
    if decimal is None:
        raise ValueError(
            f"{name} {text!r} is {reading.point:.15g} or {reading.comma:.15g}, as the column has decimal points and "
            f'decimal commas; write it as the others, or set [numbers] decimal = "," or "." in catalog.toml'
        )
    which = "point" if decimal == "." else "comma"
    raise ValueError(f"{name} {text!r} is not a number with a decimal {which}, as catalog.toml wants it; correct it")


def _is_odd(name: str, kind: FieldType, text: str) -> str:
    return f"{name} {text!r} is not a {kind}, as {name} is in the index; correct or empty it, or {_as_text(name)}"


def _as_text(name: str) -> str:
    return f'set [fields] {name} = "keyword" in catalog.toml'
