"""One door to a catalog: a folder or a manifest, whichever the path is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from indexer.catalog import folder, manifest
from indexer.catalog.photo_paths import LINK_TO_NOTHING
from indexer.catalog.products import Catalog
from indexer.errors import CatalogError
from indexer.system.regular import no_file

MANIFEST_NAMES = ("catalog.csv",)


def read_catalog(path: Path) -> Catalog:
    """Read a catalog folder, or a manifest file given itself.

    A folder with a manifest (``catalog.csv``) is read through it; any other folder by its layout,
    ``<category>/<product>.jpg`` or ``<category>/<product>/<photo>.jpg``. Photos are found, not opened.

    Raises:
        CatalogError: the path is missing, holds not one usable photo, or its manifest as a whole cannot be read.
    """
    try:
        catalog = _read(path)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error}); check its owner and rights") from error
    if catalog.products:
        return catalog
    if catalog.rejects:  # an error, not an empty catalog: a sync of that would empty the index
        first, count = catalog.rejects[0], len(catalog.rejects)
        which = f"the first of {count} problems is {first.where}" if count > 1 else first.where
        raise CatalogError(f"{path}: not one photo can be used; {which}: {first.reason}")
    raise CatalogError(
        f"{path}: no photos found; expected <category>/<product>.jpg, <category>/<product>/<photo>.jpg, "
        "or a catalog.csv with product_id and image columns"
    )


def _read(path: Path) -> Catalog:
    if not path.exists():
        raise CatalogError(f"{path}: no such folder or manifest; give the folder that holds your photos")
    _refuse_pipes(path)
    if not path.is_dir():
        if path.suffix.lower() != ".csv":
            raise CatalogError(f"{path}: not a manifest this version reads; give a folder or a .csv file")
        return manifest.read(path)
    for name in MANIFEST_NAMES:
        if (path / name).is_symlink() and not (path / name).exists():
            raise CatalogError(f"{path / name}: {LINK_TO_NOTHING}")
    found = next((path / name for name in MANIFEST_NAMES if (path / name).is_file()), None)
    return manifest.read(found) if found else folder.read(path)


def _refuse_pipes(path: Path) -> None:
    """What is read of a catalog beside its photos must be files: to open a pipe may take for ever."""
    folder = path if path.is_dir() else path.parent
    beside = [other for other in folder.iterdir() if other.name.lower().startswith("catalog.")]
    for one in {path, *beside}:
        with suppress(FileNotFoundError):  # a link to nothing
            if (what := no_file(one.stat().st_mode)) is not None:
                raise CatalogError(f"{one}: is {what} and no file; put the file itself in its place")
