"""What ``--report`` adds to a replay: a chronicle beside the timeline, and the page at its end.

Knows: when a page is written, and what stands against making one.
Refuses to know: how a page looks. What a page is made with is an extra, so it is imported only when
one is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vehicle.cli.console import fail
from vehicle.cli.output_file import check_writable, write_whole
from vehicle.replay.report.chronicle import Chronicle
from vehicle.replay.report.facts import facts, recording_name
from vehicle.replay.report.shelf import MISSING, ReportPartError, uplot
from vehicle.replay.run import Replay
from vehicle.replay.summary import Summary

if TYPE_CHECKING:
    from vehicle.replay.report.page import Contents


_INTERRUPTED = "The replay was interrupted: what is told ends there."


def check_report(path: Path, inputs: Sequence[Path]) -> None:
    """End with an error where no report could be made in the end: that is best known before."""
    check_writable("--report", path, inputs)
    try:
        uplot("uplot.iife.min.js")
        import vehicle.replay.report.page  # noqa: F401
    except ReportPartError as error:
        fail(error)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("jinja2", "markupsafe"):
            raise
        fail(MISSING)


def write_report(
    path: Path, logs: Sequence[Path], run: Replay, summary: Summary, chronicle: Chronicle
) -> None:
    """Write the page of one replay, whole or not at all."""
    from vehicle.replay.report.page import Contents, Side

    contents = Contents(
        title=recording_name(logs),
        facts=list(facts(run, summary)),
        sides=[Side("", chronicle, run.settings.words())],
        epoch_us=summary.epoch_us,
        notes=[_INTERRUPTED] if summary.interrupted else [],
    )
    write_page(path, contents)


def write_page(path: Path, contents: Contents) -> None:
    """Write a page, whole or not at all."""
    from vehicle.replay.report.page import page

    write_whole("--report", path, page(contents).encode())
