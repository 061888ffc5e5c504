"""The compiled kernel; see _compiled.c, and compiled.py for what each argument is."""

from array import array

from vehicle.replay.scan.sieve import Record

CONTRACT: int
CHANNEL_BYTES: int
RULE_BYTES: int
MESSAGE_BYTES: int
BUS_BYTES: int

def lines(
    layout: int,
    offset_us: int,
    scale_us: int,
    spec: str,
    block: bytes,
    position: int,
    columns: tuple[array[int] | bytearray, ...],
    wanted: tuple[array[int], ...],
    channels: bytes,
    /,
) -> tuple[int, int]: ...
def objects(
    start_us: int,
    data: bytes,
    position: int,
    columns: tuple[array[int] | bytearray, ...],
    wanted: tuple[array[int], ...],
    channels: array[int],
    /,
) -> tuple[int, int, int, int]: ...
def clock(columns: tuple[array[int] | bytearray, ...], first: int, state: array[int], /) -> int: ...
def sieve(
    columns: tuple[array[int] | bytearray, ...],
    first: int,
    last: int,
    routes: bytes,
    idents: int,
    rules: bytes,
    messages: bytearray,
    buses: bytearray,
    /,
) -> list[Record]: ...
def flush(rules: bytes, messages: bytearray, buses: bytearray, /) -> list[Record]: ...
