"""What this machine has for the guest: the programs, and room for its memory.

Knows: what must be installed, and what the kernel's memory file asks of its folder.
Refuses to know: how anything is installed (``install``) and started (``guest.py``).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

KERNEL = "linux.uml"
NEEDED = (KERNEL, "modprobe", "ip", "setpriv", "taskset", "stty")
SYSTEMD = Path("/lib/systemd/systemd")
ROOMS = ("/dev/shm", "/tmp", "/var/tmp")
"""Where the guest's memory may lie, the quickest first. In a container /dev/shm has 64 MiB, and
/tmp may be small as well."""
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class UnavailableError(Exception):
    """This machine cannot run the guest. The message says what is missing and what to do."""


def find_tools(*, systemd: bool) -> str:
    """Return the kernel's path.

    Raises:
        UnavailableError: a program is not installed.
    """
    path = f"{os.environ.get('PATH', '')}:{PATHS}"
    missing = [name for name in NEEDED if shutil.which(name, path=path) is None]
    if systemd and not SYSTEMD.exists():
        missing.append("systemd")
    if missing:
        raise UnavailableError(f"{', '.join(missing)} not installed; run tools/guest/install")
    return str(shutil.which(KERNEL, path=path))


def memory_folder(memory_mib: int) -> str:
    """Return where the kernel may keep its memory: it needs room there, and the right to execute.

    Raises:
        UnavailableError: none of ``ROOMS`` will do.
    """
    for folder in ROOMS:
        with contextlib.suppress(OSError):
            info = os.statvfs(folder)
            free_mib = info.f_bavail * info.f_frsize >> 20
            if free_mib >= memory_mib and not info.f_flag & os.ST_NOEXEC:
                return folder
    raise UnavailableError(
        f"none of {', '.join(ROOMS)} has {memory_mib} MiB of room without noexec;"
        " ask for less by -m"
    )
