"""``chargelock corpus``: many logs replayed side by side, and what they come to.

Knows: the options, and how a run ends. Refuses to know: how logs are found, replayed and gathered.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vehicle.cli.console import INTERRUPTED, fail, width
from vehicle.cli.profile import load_or_fail
from vehicle.cli.terminal import Progress
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.replay.corpus.errors import CorpusError, OutputFolderError
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.time_limit import TimeLimit
from vehicle.replay.corpus.workers import cluster_workers, cores, local_workers
from vehicle.replay.report.shelf import ReportPartError, uplot
from vehicle.runtime.store import read_settings
from vehicle.wire.profile import Profile, list_profiles

if TYPE_CHECKING:
    from vehicle.replay.corpus.run import CorpusRun
    from vehicle.replay.corpus.totals import Totals

AUTO = "auto"
"""Stands for every profile that is shipped."""

_EXTRAS = ("jinja2", "markupsafe", "pyarrow", "youplot")
_MISSING = "a corpus needs the extra corpus; install it: pip install 'chargelock[corpus]'"


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="PATH|PATTERN|ADDRESS...")
@click.option(
    "--out", required=True, metavar="DIR|ADDRESS",
    help="Where the results go; a run that was stopped goes on there.",
)  # fmt: skip
@click.option(
    "--profile", "profiles", multiple=True, default=(AUTO,), metavar="auto|NAME|FILE",
    help="The car; of several, and of all with auto, the one whose identifiers a log has.",
)  # fmt: skip
@click.option(
    "--settings", "settings_path", type=click.Path(path_type=Path), metavar="FILE",
    help="The owner's settings.",
)  # fmt: skip
@click.option(
    "--against", "against_path", type=click.Path(path_type=Path), metavar="FILE",
    help="Tell what would be otherwise with these settings.",
)  # fmt: skip
@click.option(
    "--shadow", is_flag=True, help="Another controller moved the pins: compare with ours."
)
@click.option(
    "--reports/--no-reports", default=True, help="Write one HTML page for each log.  [reports]"
)
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N",
    help="How many processes; without it, one for each processor.",
)  # fmt: skip
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0), metavar="SECONDS",
    help="Give up a log that takes longer; 0: never.  [120, and 20 for each MB]",
)  # fmt: skip
@click.option(
    "--cluster", metavar="ADDRESS|local",
    help="Let a Dask cluster do it; needs the extra cluster.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the totals as one JSON object.")
def corpus(
    places: tuple[str, ...],
    out: str,
    profiles: tuple[str, ...],
    settings_path: Path | None,
    against_path: Path | None,
    shadow: bool,
    reports: bool,
    workers: int | None,
    timeout_s: float | None,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Replay every log in folders, patterns or buckets, and gather what they come to.

    Writes into DIR: overview.html with a page for each log, summary.csv and summary.parquet with a
    row for each, and all decisions under journal/, for pyarrow or DuckDB. A log that cannot be
    read is a row with its cause. Exit code 1: not one log could be replayed, --shadow found a
    defect, or --against found a difference.
    """
    if cluster not in (None, "local") and workers is not None:
        raise click.UsageError("--workers is for this machine; the cluster knows how many it has")
    if cluster is not None and timeout_s:
        raise click.UsageError("--timeout is for this machine; Dask has no time limit for a task")
    order = Order(
        places=places,
        out=out,
        base=Path.cwd(),
        profiles=_profiles(profiles),
        settings=_settings(settings_path),
        against=_settings(against_path),
        shadow=shadow,
        reports=reports,
        time_limit=None if cluster is not None or timeout_s == 0 else TimeLimit(timeout_s),
    )
    run = _prepared(order)
    totals = _done(run, cluster, workers)
    if as_json:
        click.echo(json.dumps({"out": out, **totals.fields()}, sort_keys=True))
    else:
        from vehicle.cli.corpus_words import print_totals

        print_totals(order, totals, width())
    _end(totals)


def _profiles(names: tuple[str, ...]) -> tuple[Profile, ...]:
    every = [known for name in names for known in (list_profiles() if name == AUTO else (name,))]
    loaded = {profile.name: profile for profile in map(load_or_fail, every)}
    return tuple(loaded[name] for name in sorted(loaded))


def _settings(path: Path | None) -> Settings | None:
    if path is None:
        return None
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(error, 2)


def _prepared(order: Order) -> CorpusRun:
    """Look at what there is to do, or end the command with what stands against it."""
    try:
        from vehicle.replay.corpus.run import CorpusRun

        if order.reports:
            uplot("uplot.iife.min.js")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS:
            raise
        fail(_MISSING)
    except ReportPartError as error:
        fail(error)
    try:
        return CorpusRun(order)
    except CorpusError as error:
        fail(error, _code(error))


def _done(run: CorpusRun, cluster: str | None, count: int | None) -> Totals:
    """Do it, or end the command with what happened."""
    try:
        with Progress("replaying", run.size_bytes) as progress:
            workers = (
                local_workers(count or cores())
                if cluster is None
                else cluster_workers(cluster, count)
            )
            with workers as ready:
                return run.go(ready, progress.show)
    except CorpusError as error:
        fail(error, _code(error))
    except KeyboardInterrupt:
        fail(
            f"interrupted after {run.logs_done:,} of {run.logs:,} files;"
            " the same command goes on from there",
            INTERRUPTED,
        )


def _code(error: CorpusError) -> int:
    """Return 2 where something else should have been named, 1 where it could not be done."""
    return 2 if isinstance(error, OutputFolderError) else 1


def _end(totals: Totals) -> None:
    """End with the code that says how it went."""
    if not totals.replayed:
        causes = (row.cause for row in totals.shown() if row.cause)
        fail(f"not one of {totals.logs:,} logs could be replayed; the first: {next(causes, '')}")
    if totals.sums["defects"] or totals.logs_differing:
        sys.exit(1)
