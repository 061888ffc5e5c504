"""Datagram sockets that stand in for CAN sockets: one datagram is one ``can_frame``.

Knows: which options of a raw CAN socket they lack, and how BPF filters by identifier instead.
Refuses to know: what frames mean, and who sends them.

A machine without SocketCAN has these. They cost more than CAN sockets do (addresses, routing), and
the kernel's filter by identifier is a program here, where it is a table look-up there.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
from typing import Any

from vehicle.runtime.can_socket import (
    CAN_RAW_FILTER,
    RECEIVE_BUFFER_BYTES,
    SO_RCVBUFFORCE,
    SOL_CAN_RAW,
)

SO_ATTACH_FILTER = 26
SO_TIMESTAMPNS = 35
"""Source: asm-generic/socket.h."""
HOST = "127.0.0.1"

_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
"""Source: linux/bpf_common.h."""
_UDP_HEADER_BYTES = 8
_EXTENDED_FLAG = 0x8000_0000


def open_socket() -> socket.socket:
    """Return a socket on this machine that stamps what it receives."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, 0))
    # The same room for every contender and the driver: the service's own port forces its own.
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER_BYTES)
            break
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return sock


def pass_only(sock: socket.socket, words: list[int]) -> None:
    """Let the kernel drop every frame whose first word, flags included, is not one of ``words``."""
    program = [(_LOAD_WORD, 0, 0, _UDP_HEADER_BYTES)]
    for index, word in enumerate(words):
        # BPF loads a word in network order.
        swapped = int.from_bytes(word.to_bytes(4, sys.byteorder), "big")
        program.append((_JUMP_IF_EQUAL, len(words) - index, 0, swapped))
    program += [(_RETURN, 0, 0, 0), (_RETURN, 0, 0, 0xFFFF)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    descriptor = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, descriptor)


class StandIn:
    """What a raw CAN socket is to a port."""

    def __init__(self, *, kernel_filters: bool) -> None:
        self.real = open_socket()
        self._kernel_filters = kernel_filters
        self.recv_into = self.real.recv_into
        self.send = self.real.send
        self.fileno = self.real.fileno
        self.setblocking = self.real.setblocking
        self.getsockopt = self.real.getsockopt
        self.close = self.real.close

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        """Set an option; the filters of a CAN socket become a program, or are left out."""
        if (level, option) != (SOL_CAN_RAW, CAN_RAW_FILTER):
            self.real.setsockopt(level, option, value)
        elif self._kernel_filters:
            pass_only(self.real, [word for word, _ in struct.iter_unpack("=II", value)])


class Answer:
    """What a service's process says to whoever measures it, on its standard output."""

    def __init__(self, *ports: int) -> None:
        """Tell on which ports it listens: it is ready."""
        print(*ports, flush=True)

    @staticmethod
    def end(received: int | None) -> None:
        """Tell how many of the car's frames came in; None: nobody counted."""
        print("" if received is None else received, flush=True)
