"""Importing cantools, python-can and asyncio without what they need not bring.

Knows: that python-can's MF4 module imports asammdf wherever that is installed, which costs a second
and 120 MB; that cantools imports python-can; that asyncio imports ssl wherever there is one.
Refuses to know: who reads MF4 files or speaks TLS; whoever does imports it himself, and gets it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without(module: str) -> Iterator[None]:
    """Let imports within the block fail to find ``module``, unless it was imported before."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
