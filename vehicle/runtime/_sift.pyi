"""The compiled part of ``sift``; see _sift.c, and sift.py for what each argument is."""

from array import array

from vehicle.runtime.sift import Lane

CONTRACT: int
RULE_BYTES: int
MESSAGE_BYTES: int
BUS_BYTES: int

Parts = tuple[bytes, bytearray, bytearray, array[int]]

def read(sieve: Parts, lane: Lane, limit: int, enough: int, now_us: int, /) -> bool: ...
def flush(
    sieve: Parts, lane: Lane | None, records: list[tuple[int, int, int, int, bytes]], /
) -> None: ...
def wait(
    epoll: int, wait_ms: int, limit: int, sieve: Parts, lanes: list[Lane], /
) -> list[tuple[int, int]]: ...
