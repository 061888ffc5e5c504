"""The parts that a page is put together from: our template, style and script, and uPlot.

Knows: where each lies. Refuses to know: what is put into them.

uPlot draws the time axis and the cursor, and zooms. It is taken from ``youplot``, a PyPI package
that ships its minified files and needs nothing else; Jinja2 fills the template, because it escapes
whatever it is given unless told otherwise. Both are the extra ``report``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

MISSING = "a report needs the extra report; install it: pip install 'chargelock[report]'"


class ReportPartError(Exception):
    """A part that a report is made from is not installed, or cannot be read."""


def ours(name: str) -> str:
    """Return one of the files beside this module."""
    return files("vehicle.replay.report").joinpath(name).read_text(encoding="utf-8")


@cache
def uplot(name: str) -> str:
    """Return one of uPlot's files. Raises ReportPartError where it is not installed."""
    spec = find_spec("youplot")
    if spec is None or spec.origin is None:
        raise ReportPartError(MISSING)
    path = Path(spec.origin).parent / "vendor" / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportPartError(
            f"{path}: cannot be read ({error.strerror}); install it anew:"
            " pip install --force-reinstall youplot"
        ) from error
