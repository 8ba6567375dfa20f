"""Whether the system tells of changes below a folder: what another machine does on a share, it does not."""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

_SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2"}
    | {"9p", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "drvfs", "fakeowner", "davfs", "ncpfs", "coda"}
)
"""Types of file systems that others write to: network drives, and what a host shares with its guests."""
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.portal"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


def without_events(root: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of a file system at, above or below a folder that others write to; None where there is none.

    Args:
        root: the folder.
        mounts: what is mounted, as Linux lists it (proc(5)); where there is no such list, None.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real, above, types = os.path.realpath(root), ("", ""), []
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")[0]
        if len(fields) < 5:
            continue
        place = _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields[4])
        if place == real or real.startswith(place.rstrip("/") + "/"):
            if len(place) >= len(above[0]):  # of several at one place, the last lies over the others
                above = (place, kind)
        elif place.startswith(real.rstrip("/") + "/"):
            types.append(kind)
    return next((kind for kind in (above[1], *types) if _is_shared(kind)), None)


def _is_shared(kind: str) -> bool:
    return kind in _SHARED or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)
