"""``chargelock demo``: a live view on a simulated car, or without a terminal a story that ends.

Knows: whether somebody looks, and how to say that Textual is missing.
Refuses to know: the view and the story. Textual is an extra, so it is imported only to be shown.
"""

from __future__ import annotations

import os
import sys

import click

from vehicle.cli.console import fail
from vehicle.cli.simulate import shipped_story, simulate


@click.command()
@click.pass_context
def demo(context: click.Context) -> None:
    """Play with a simulated car: lock it, plug in, charge, jam a pin, and see what is decided.

    A live view in the terminal; the keys stand at its foot. Without a terminal the story of
    "simulate demo" is told instead. The view needs: pip install 'chargelock[demo]'.
    """
    if not somebody_looks():
        context.invoke(simulate, story=str(shipped_story()))
        return
    try:
        from vehicle.cli.demo_view import run_live
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        fail("the live view needs Textual: pip install 'chargelock[demo]'", 2)
    sys.exit(run_live())


def somebody_looks() -> bool:
    """Return whether keys can be hit and a view be drawn: a terminal on every side.

    Standard error is asked as well, because Textual draws there.
    """
    sides = (sys.stdin, sys.stdout, sys.stderr)
    return (
        all(side is not None and side.isatty() for side in sides)
        and os.environ.get("TERM") != "dumb"
    )
