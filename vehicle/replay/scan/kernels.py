"""The kernels there are, and which one a replay uses.

Knows: their names, what each needs, and in which order they are tried.
Refuses to know: what they do.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vehicle.core.record import record
from vehicle.replay.scan.columns import ROOM, Columns, Wanted
from vehicle.replay.scan.lines import LineScanner
from vehicle.replay.scan.objects import ObjectScanner
from vehicle.replay.scan.sieve import Sieve
from vehicle.wire.unchanged import Rule


@record
class Kernel:
    """One way to do the work on columns."""

    name: str
    clock: Callable[[Columns, int, array[int]], int]
    """See ``clock.run_clock``."""
    sieve: Callable[[Sequence[Rule]], Sieve]
    """Returns a new sieve for one translator."""
    lines: Callable[[Wanted], LineScanner]
    """Returns a new scanner of one text file's lines."""
    objects: Callable[[Wanted], ObjectScanner]
    """Returns a new scanner of one BLF file's objects."""
    block_bytes: int = 1 << 18
    """How much of a text is read at a time: so much that a call costs nothing, and so little that
    it stays in a processor's cache."""
    room: int = ROOM
    """Frames that columns hold: the same."""


class StaleKernelError(Exception):
    """The compiled part of this installation was built from other sources than the rest."""


class Scan(NamedTuple):
    """What a pass over a recording looks for, and with what."""

    kernel: Kernel
    wanted: Wanted


def _compiled() -> Kernel | None:
    try:
        from vehicle.replay.scan import compiled
    except (ImportError, StaleKernelError):
        return None
    return Kernel(
        "compiled",
        compiled.clock,
        compiled.CompiledSieve,
        compiled.CompiledLines,
        compiled.CompiledObjects,
    )


def _numpy() -> Kernel | None:
    try:
        from vehicle.replay.scan import numpy_lines, numpy_objects, with_numpy
    except ImportError:
        return None
    return Kernel(
        "numpy",
        with_numpy.clock,
        with_numpy.NumpySieve,
        numpy_lines.NumpyLines,
        numpy_objects.NumpyObjects,
        block_bytes=1 << 21,
        room=1 << 16,
    )


def _plain() -> Kernel:
    from vehicle.replay.scan.clock import run_clock
    from vehicle.replay.scan.objects import PlainObjects
    from vehicle.replay.scan.plain_lines import PlainLines
    from vehicle.replay.scan.sieve import PlainSieve

    return Kernel("plain", run_clock, PlainSieve, PlainLines, PlainObjects)


_FINDERS: dict[str, Callable[[], Kernel | None]] = {
    "compiled": _compiled,
    "numpy": _numpy,
    "plain": _plain,
}
"""Name -> what returns the kernel, if it is there; the quickest first. Each takes
its time to import, so none is looked for before its turn."""


def installed() -> tuple[Kernel, ...]:
    """Return every kernel that this installation has, the quickest first."""
    return tuple(kernel for find in _FINDERS.values() if (kernel := find()) is not None)


def choose(name: str = "") -> Kernel:
    """Return the quickest kernel, or the one of that name.

    Raises: ValueError where this installation has no kernel of that name.
    """
    finders = _FINDERS.values() if not name else [_FINDERS[name]] if name in _FINDERS else []
    for find in finders:
        kernel = find()
        if kernel is not None:
            return kernel
    there = ", ".join(kernel.name for kernel in installed())
    raise ValueError(f"this installation has no kernel {name!r}; it has {there}")


def stale() -> str:
    """Return why the compiled kernel of this installation is left out; empty where it is not."""
    try:
        from vehicle.replay.scan import compiled
    except ImportError:
        return ""
    except StaleKernelError as error:
        return str(error)
    assert compiled
    return ""
