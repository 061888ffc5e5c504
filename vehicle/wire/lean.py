"""Importing cantools and python-can without what they need not bring.

Knows: that python-can's MF4 module imports asammdf wherever that is installed, which costs a second
and 120 MB, and that cantools imports python-can. Refuses to know: who reads MF4 files; whoever does
imports asammdf himself, and gets it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without_asammdf() -> Iterator[None]:
    """Let imports within the block fail to find asammdf, unless it was imported before."""
    if "asammdf" in sys.modules:
        yield
        return
    sys.modules["asammdf"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["asammdf"]
