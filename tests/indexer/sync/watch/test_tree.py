"""What of a folder a watch looks at, and on which file systems nobody tells of changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.sync.watch.mounts import without_events
from indexer.sync.watch.tree import Tree
from indexer.system.marks import mark
from tests.shops.catalogs.small_catalog import touch


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name in ("catalog.csv", "rings/a.jpg", "rings/b/c.jpg"):
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return Tree(tmp_path / "shop", tmp_path / "shop" / "index")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "rings/a.jpg").unlink(),
        lambda root: (root / "rings/a.jpg").rename(root / "rings/z.jpg"),
        lambda root: touch(root / "rings/b/c.jpg"),
        lambda root: (root / "rings/b/c.jpg").chmod(0),
        lambda root: (root / "rings/b").chmod(0o711),
        lambda root: (root / "catalog.csv").write_text("other"),
        lambda root: (root / "new").mkdir(),
        lambda root: (root / "rings/b").rename(root / "rings/d"),
        lambda root: (root / "link.jpg").symlink_to("rings/a.jpg"),
        lambda root: (root / "link.jpg").symlink_to("nothing"),
        lambda root: os.mkfifo(root / "pipe.jpg"),
    ],
)
def test_whatever_a_sync_would_see_changes_the_mark(tree: Tree, change) -> None:  # type: ignore[no-untyped-def]
    before = tree.mark()
    assert tree.mark() == before
    change(tree.root)
    assert tree.mark() != before


@pytest.mark.parametrize(
    "name",
    [".catalog.csv.swp", "rings/a.jpg.part", "@eaDir/a.jpg", "rings/.DS_Store", "index/work/j", "out/report.html"],
)
def test_what_a_sync_passes_over_does_not(tree: Tree, name: str) -> None:
    (tree.root / "out").mkdir()
    mark(tree.root / "out")
    before, path = tree.mark(), tree.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert tree.mark() == before
    assert not tree.concerns([str(path)])


def test_changes_are_of_the_catalog_however_its_path_is_written(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    through = Tree(tmp_path / "link", tmp_path / "index")
    for root in (tmp_path / "link", tmp_path / "shop"):
        assert through.concerns([str(root / "rings/a.jpg")])
        assert through.concerns([str(root / "index"), str(root)])
    assert not through.concerns([str(tmp_path / "elsewhere/a.jpg")])
    assert Tree(tree.root / "catalog.csv", tmp_path / "index").root == tree.root
    assert Tree(tmp_path / "later/catalog.csv", tmp_path / "index").root == tmp_path / "later"


@pytest.mark.parametrize(
    ("mounted", "kind"),
    [
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw", None),
        ("22 1 8:1 / / rw - nfs4 server:/ rw", "nfs4"),
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / {root} rw shared:3 - cifs //nas/shop rw", "cifs"),
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / {root}/rings rw - fuse.sshfs nas: rw", "fuse.sshfs"),
        ("22 1 8:1 / / rw - nfs4 server:/ rw\n23 22 0:5 / {root} rw - ext4 /dev/sdb rw", None),
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / {root}2 rw - nfs nas: rw", None),
        ("22 1 8:1 / / rw - fuse.fuse-overlayfs overlay rw", None),
    ],
)
def test_a_network_drive_is_known_by_its_type(tmp_path: Path, mounted: str, kind: str | None) -> None:
    root = tmp_path / "a shop"
    root.mkdir()
    listed = tmp_path / "mountinfo"
    listed.write_text(mounted.replace("{root}", str(root).replace(" ", "\\040")) + "\n")
    assert without_events(root, listed) == kind
    assert without_events(root, tmp_path / "not there") is None
