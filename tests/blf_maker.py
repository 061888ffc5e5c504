"""Builds BLF files byte by byte, independently of any reader, so that tests can break them."""

from __future__ import annotations

import struct
import zlib

V1_HEADER = 32
V2_HEADER = 40
STAMP_10_US = 1
STAMP_NS = 2
EXTENDED = 0x8000_0000


def blf_object(
    kind: int, body: bytes, stamp: int, flags: int = STAMP_NS, version: int = 1
) -> bytes:
    """One object, padded to 4 bytes as every writer pads it."""
    header_bytes = V1_HEADER if version == 1 else V2_HEADER
    size = header_bytes + len(body)
    base = struct.pack("<4sHHLL", b"LOBJ", header_bytes, version, size, kind)
    rest = struct.pack("<LHHQ", flags, 0, 0, stamp) + (b"\0" * 8 if version == 2 else b"")
    return base + rest + body + b"\0" * (size % 4)


def can_body(can_id: int, data: bytes, channel: int = 1, flags: int = 0) -> bytes:
    return struct.pack("<HBBL8s", channel, flags, len(data), can_id, data)


def can_fd_body(can_id: int, data: bytes, channel: int = 1, flags: int = 0, fd: int = 1) -> bytes:
    return struct.pack("<HBBLLBBB5x64s", channel, flags, 15, can_id, 0, 0, fd, len(data), data)


def can_fd_64_body(can_id: int, data: bytes, flags: int, held: int, extra: int = 0) -> bytes:
    fixed = struct.pack(
        "<BBBBLLLLLLLHBBL", 2, 15, len(data), 0, can_id, 0, flags, 0, 0, 0, 0, 0, 0, extra, 0
    )
    return fixed + data[:held]


def can_error_body(can_id: int, data: bytes) -> bytes:
    return struct.pack("<HHLBBBxLLH2x8s", 1, 0, 0, 0, 0, len(data), 0, can_id, 0, data)


def container(plain: bytes, method: int = 2, size_lie: int = 0) -> bytes:
    body = plain if method == 0 else zlib.compress(plain)
    size = 16 + 16 + len(body)
    head = struct.pack("<4sHHLL", b"LOBJ", 16, 1, size + size_lie, 10)
    return head + struct.pack("<H6xL4x", method, len(plain)) + body + b"\0" * (size % 4)


def header(objects: int, start: tuple[int, ...] = (2023, 11, 2, 14, 22, 13, 20, 0)) -> bytes:
    fields = struct.pack("<4sL8BQQLL8H", b"LOGG", 144, *([0] * 8), 0, 0, objects, 0, *start)
    return fields.ljust(144, b"\0")
