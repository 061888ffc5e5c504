"""A disk of 64 KiB, to be filled or made read-only; the kernel's stamps, once it gives them."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator

import pytest

from vehicle.runtime.can_socket import SO_TIMESTAMPNS


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)],
        capture_output=True, check=False,
    ) if os.geteuid() == 0 else None  # fmt: skip
    if mounted is None or mounted.returncode != 0:
        pytest.skip("a file system can be mounted only by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="session")
def kernel_stamps() -> Iterator[None]:
    """The kernel stamps what arrives. It begins to a little after the first socket asks for it.

    Until then a frame that is read is given the moment of its reading.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        give_up_s = time.monotonic() + 60
        unread_ns = 0
        while unread_ns < 5_000_000:
            assert time.monotonic() < give_up_s, "this kernel stamps nothing"
            probe.sendto(b"?", probe.getsockname())
            time.sleep(0.01)
            _, ancillary, _, _ = probe.recvmsg(1, 128)
            seconds, nanoseconds = struct.unpack("@qq", ancillary[0][2])
            unread_ns = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
        yield
