"""A table as XML: the items of RSS 2.0 or the entries of Atom, each element of them a cell.

Read piece by piece, so that memory does not grow with the file. Nothing that a file declares is expanded or fetched: a
declared entity ends the reading (see *XML Denial of Service Attacks and Defenses*, MSDN Magazine, November 2009).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from indexer.catalog.tables.packed import opened
from indexer.catalog.tables.records import Record
from indexer.catalog.tables.spreadsheet import LONGEST_CELL
from indexer.errors import CatalogError
from indexer.fields.types import LIST_SEPARATOR

_ROOTS, _ITEMS = frozenset({"rss", "feed", "RDF"}), frozenset({"item", "entry"})
_PIECE = 64 * 1024
_UNSEEN = bytes({*range(1, 32)} - {9, 10, 13})
"""What XML may not hold and descriptions that were copied from elsewhere do: one of them would cost the whole feed."""
_LONGEST_MARKUP = 2 * 1024 * 1024
"""Bytes of one tag or comment, which must be held as a whole."""
_MOST_ELEMENTS, _DEEPEST = 5_000, 32
_OF_A_SIGN = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY],
    }
)
"""What a text with & in it comes to."""
_CUT = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    }
)
_HAS_AN_END = "the file ends within this product; send all of it"


class XmlItems:
    """The products of a feed, in the order of the file. Names of elements go without their prefix."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Record]:
        """Every item; where the file ends too early, the last one says so.

        Raises:
            CatalogError: it is no XML, no feed, or declares entities.
        """
        parser = _Parser(self._path)
        with opened(self._path) as file:
            while piece := file.read(_PIECE):
                yield from parser.feed(piece)
        yield from parser.feed(b"", ends=True)

    def is_feed(self) -> bool:
        """Whether it begins as one."""
        parser = _Parser(self._path)
        try:
            with opened(self._path) as file:
                parser.feed(file.read(_PIECE))
        except CatalogError:
            pass
        return parser.root in _ROOTS


class _Item:
    """A product while its elements are still coming in."""

    def __init__(self, line: int) -> None:
        self.line, self.problem = line, ""
        self._cells: dict[str, str] = {}
        self._prefixed: set[str] = set()
        self._open: list[tuple[str, list[str]]] = []
        self._depth = self._elements = self._length = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            self.problem = f"holds more than {_MOST_ELEMENTS:,} elements, or {_DEEPEST} in each other; it is no product"
        else:
            place = next((attributes[one] for one in ("href", "term") if one in attributes), "")  # as Atom has them
            self._open.append((name, [place] if place else []))

    def text(self, text: str) -> None:
        if self._open and not self.problem:
            self._length += len(text)
            if self._length > LONGEST_CELL:
                self.problem = f"has more than {LONGEST_CELL:,} characters; shorten it"
            self._open[-1][1].append(text)

    def end(self) -> bool:
        """Whether the item itself has ended."""
        self._depth -= 1
        if self._depth < 0:
            return True
        if self._depth < len(self._open):
            self._close()
        return False

    def record(self, problem: str = "", *, is_cut: bool = False) -> Record:
        return Record(self.line, self._cells, self.problem or problem or None, is_cut)

    def _close(self) -> None:
        path = [name.rpartition(":") for name, _ in self._open]
        text = "".join(self._open.pop()[1]).strip()
        if not text:
            return
        name, prefixed = "_".join(local for _, _, local in path), bool(path[0][0])
        if name in self._cells and prefixed is (name in self._prefixed):
            self._cells[name] += LIST_SEPARATOR + text
        elif prefixed or name not in self._cells:  # of title and g:title, the second is the product's
            self._cells[name] = text
        if prefixed:
            self._prefixed.add(name)


class _Parser:
    def __init__(self, path: Path) -> None:
        self._path, self._fed, self._has_begun, self._is_wide = path, 0, False, False
        self.root = ""
        self._item: _Item | None = None
        self._done: list[Record] = []
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.EntityDeclHandler = self._text, self._refuse
        parser.StartDoctypeDeclHandler = self._announce
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, piece: bytes, *, ends: bool = False) -> list[Record]:
        """The items that are complete with this piece."""
        parser, self._done = self._parser, []
        if self._fed == 0:
            self._is_wide = piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        if not self._is_wide:
            piece = piece.translate(None, _UNSEEN)
        self._fed += len(piece)
        try:
            parser.Parse(piece, ends)
        except expat.ExpatError as error:
            if not (ends and error.code in _CUT):
                what = f"not readable as XML ({expat.ErrorString(error.code)}, column {error.offset + 1})"
                sign = "; a sign & of a text is written &amp;" if error.code in _OF_A_SIGN else ""
                raise CatalogError(f"{self._path}:{error.lineno}: {what}; export it anew{sign}") from error
            item = self._item or _Item(error.lineno)
            self._done.append(item.record(_HAS_AN_END, is_cut=True))
        if self._fed - parser.CurrentByteIndex > _LONGEST_MARKUP:
            what = f"a tag of more than {_LONGEST_MARKUP // 2**20} MB"
            raise CatalogError(f"{self._path}:{parser.CurrentLineNumber}: {what}; it is no feed")
        return self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._item is not None:
            self._item.start(name, attributes)
        elif not self._has_begun:
            self.root, self._has_begun = local, True
            if local not in _ROOTS:
                raise CatalogError(
                    f"{self._path}: is XML, but begins with <{local[:40]}> and is neither RSS 2.0 nor Atom; "
                    "export a feed for Google Merchant Center"
                )
        elif local in _ITEMS:
            self._item = _Item(self._parser.CurrentLineNumber)

    def _announce(self, name: str, *_: object) -> None:
        self.root = name.rpartition(":")[2]

    def _text(self, text: str) -> None:
        if self._item is not None:
            self._item.text(text)

    def _end(self, _: str) -> None:
        if self._item is not None and self._item.end():
            self._done.append(self._item.record())
            self._item = None

    def _refuse(self, name: str, *_: object) -> None:
        raise CatalogError(
            f"{self._path}:{self._parser.CurrentLineNumber}: declares the entity {name[:40]!r}, which no feed needs; "
            "export it without a document type"
        )
