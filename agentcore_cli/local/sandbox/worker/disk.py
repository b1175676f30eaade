"""What a session writes, bounded by the kernel: its rooms are a file system of their own, in memory, of a fixed size.

So one session can't fill the disk of all, whatever it does: with one file or a million, with files that have lost
their name or have holes. It counts as the session's memory, is there no more when the session has ended, and takes no
time to remove. Where that can't hold a layer over the code (tmpfs keeps no attributes of users before Linux 6.6) the
rooms are folders on the disk, without a bound.
"""

import os

from . import kernel, root

BYTES_MAX = 1024**3
FILES_MAX = 262_144
ROOMS = {"app": 0o755, "work": 0o755, "home": 0o755, "tmp": 0o1777}
FULL = b"no space is left of the session's 1 GB of disk\n"

_ATTRIBUTE = "user.agentcore"


def take(folder: str) -> bool:
    """Put the rooms of this session, whose mount namespace it is, over `folder`; false where that is not to be had."""
    kernel.mount("tmpfs", folder, "tmpfs", root.WRITABLE, f"mode=0755,size={BYTES_MAX},nr_inodes={FILES_MAX}")
    try:
        os.setxattr(folder, _ATTRIBUTE, b"1")
    except OSError:
        kernel.detach(folder)
        return False
    for name, mode in ROOMS.items():
        os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/{name}", mode)
    return True


def is_full(place: str) -> bool:
    """Whether nothing more can be written below `place`."""
    left = os.statvfs(place)
    return left.f_bavail == 0 or left.f_favail == 0
