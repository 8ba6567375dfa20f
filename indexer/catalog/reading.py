"""One door to a catalog: a folder or a manifest, whichever the path is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from indexer.catalog import folder, manifest
from indexer.catalog.named.paths import LINK_TO_NOTHING
from indexer.catalog.named.told import Known
from indexer.catalog.products import Catalog
from indexer.errors import CatalogError, FetchError
from indexer.fields.types import FieldTable
from indexer.photos.fetch.many.sources import STORES, WEB, PhotoSources, scheme_of
from indexer.system.arguments import path_of
from indexer.system.regular import no_file

_FORMS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xml", ".parquet")
MANIFEST_SUFFIXES = (*_FORMS, *(f"{form}.gz" for form in _FORMS))
"""A manifest in a folder is called catalog, in any case, and so; the first of them that is there decides."""
_OFTEN_ANOTHER = (".txt", ".xml", ".txt.gz", ".xml.gz")
"""Files so called are often something else, and manifests only where they have the columns of one."""


def read_catalog(
    path: str | Path,
    published: FieldTable | None = None,
    sources: PhotoSources | None = None,
    known: Known | None = None,
) -> Catalog:
    """Read a catalog folder, or a manifest file given itself.

    A folder with a manifest (``catalog.csv``) is read through it; any other folder by its layout,
    ``<category>/<product>.jpg`` or ``<category>/<product>/<photo>.jpg``. Photos are found, not opened.

    Args:
        path: the folder or the manifest, or the URL of a manifest (http, https, s3, gs, az): photos that it names
            without a URL are beside it there.
        published: the fields of the index that is to be brought in step. Where more than half of a column's cells
            fit the type it has there, it keeps that type, and rows that do not fit are rejects.
        sources: where photos behind URLs come from; from the public internet by default, and none is kept.
        known: what is known from the last time; products of a manifest that are as they were are put aside unread.

    Raises:
        CatalogError: the path is missing, holds not one usable photo, or its manifest as a whole cannot be read.
        UsageError: it is no path.
    """
    if isinstance(path, str) and scheme_of(path) is not None:
        return _behind_url(path.strip(), published, sources or PhotoSources(), known)
    path = path_of("path", path)
    return _usable(path, _read_file(path, published, sources, known))


def _read_file(path: Path, published: FieldTable | None, sources: PhotoSources | None, known: Known | None) -> Catalog:
    try:
        return _read(path, published, sources, known)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error}); check its owner and rights") from error


def _behind_url(url: str, published: FieldTable | None, sources: PhotoSources, known: Known | None) -> Catalog:
    """The catalog of a manifest that is fetched."""
    scheme, shown = scheme_of(url), url.partition("?")[0]  # what follows may be a key
    if scheme not in (*WEB, *STORES):
        kinds = ", ".join(f"{one}://" for one in (*WEB, *STORES))
        raise CatalogError(f"{shown}: a manifest is not fetched from there; use {kinds}, or download it")
    try:
        path = sources.document(url)
    except OSError as error:
        raise CatalogError(f"{shown}: cannot be written to this disk ({error.strerror or error})") from error
    except FetchError as error:
        raise CatalogError(f"{shown}: {error}; nothing was changed") from error
    try:
        catalog = replace(_read_file(path, published, sources, known), address=shown)
    except CatalogError as error:
        raise CatalogError(str(error).replace(str(path), shown)) from error
    return _usable(shown, catalog)


def _usable(path: Path | str, catalog: Catalog) -> Catalog:
    """The catalog, unless there is nothing in it."""
    if catalog.products or (catalog.told is not None and any(catalog.told.aside)):
        return catalog
    if catalog.rejects:  # an error, not an empty catalog: a sync of that would empty the index
        first, count = catalog.rejects[0], len(catalog.rejects)
        which = f"the first of {count} problems is {first.where}" if count > 1 else first.where
        raise CatalogError(f"{path}: not one photo can be used; {which}: {first.reason}")
    raise CatalogError(
        f"{path}: no photos found; expected <category>/<product>.jpg, <category>/<product>/<photo>.jpg, "
        "or a catalog.csv with product_id and image columns"
    )


def _read(path: Path, published: FieldTable | None, sources: PhotoSources | None, known: Known | None) -> Catalog:
    if not path.exists():
        raise CatalogError(f"{path}: no such folder or manifest; give the folder that holds your photos")
    _refuse_pipes(path)
    if not path.is_dir():
        if not path.name.lower().endswith(MANIFEST_SUFFIXES) and not manifest.is_one(path):
            raise CatalogError(
                f"{path}: not a manifest or a feed that this version reads; give a folder or one of these"
            )
        return manifest.read(path, published, sources, known)
    manifests = _manifests(path)
    if not manifests:
        return folder.read(path)
    found, *others = manifests
    if found.is_symlink() and not found.exists():  # a share that is not mounted leaves no other catalog
        raise CatalogError(f"{found}: {LINK_TO_NOTHING}")
    catalog = manifest.read(found, published, sources, known)
    notes = [f"{other.name} is passed over, as {found.name} decides" for other in others]
    return replace(catalog, notes=(*catalog.notes, *notes))


def _manifests(root: Path) -> list[Path]:
    """The manifests in a folder: .csv before .tsv before .txt …, and of several spellings the small one first."""
    named = [p for p in root.iterdir() if _suffix(p) is not None]
    found = [p for p in named if p.is_file() or (p.is_symlink() and not p.exists())]
    found = [p for p in found if _suffix(p) not in _OFTEN_ANOTHER or manifest.is_one(p)]
    return sorted(found, key=lambda p: (_rank(p), p.name != p.name.lower(), p.name))


def _suffix(path: Path) -> str | None:
    """How the name of a manifest ends; None where it is not called like one."""
    stem, dot, rest = path.name.lower().partition(".")
    return f".{rest}" if stem == "catalog" and dot and f".{rest}" in MANIFEST_SUFFIXES else None


def _rank(path: Path) -> int:
    return MANIFEST_SUFFIXES.index(_suffix(path) or "")


def _refuse_pipes(path: Path) -> None:
    """What is read of a catalog beside its photos must be files: to open a pipe may take for ever."""
    folder = path if path.is_dir() else path.parent
    beside = [other for other in folder.iterdir() if other.name.lower().startswith("catalog.")]
    for one in {path, *beside}:
        with suppress(FileNotFoundError):  # a link to nothing
            if (what := no_file(one.stat().st_mode)) is not None:
                raise CatalogError(f"{one}: is {what} and no file; put the file itself in its place")
