"""``chargelock replay``: reads a recording, prints the explained timeline, writes the journal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vehicle.cli.channels import channels_of
from vehicle.cli.console import INTERRUPTED, fail, width
from vehicle.cli.journal_file import WriteLine, journal_lines
from vehicle.cli.profile import load_or_fail
from vehicle.cli.summary import print_summary
from vehicle.cli.terminal import Progress, TimelinePrinter
from vehicle.core.outputs import Output
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.replay.beside import events_beside
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import open_recording
from vehicle.replay.run import NothingInCommonError, Replay
from vehicle.replay.scan.kernels import Kernel, choose, stale
from vehicle.replay.summary import Summary
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.loop import Sink
from vehicle.runtime.store import read_settings
from vehicle.wire.profile import Profile

if TYPE_CHECKING:
    from vehicle.replay.report.chronicle import Chronicle

FRAMES = "frames"
"""The name of no kernel: the way frame by frame."""


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOG...")
@click.option("--profile", "profile_name", required=True, metavar="NAME|FILE", help="The car.")
@click.option(
    "--settings", "settings_path", type=click.Path(path_type=Path), help="The owner's settings."
)
@click.option(
    "--journal", "journal_path", metavar="FILE|-", help="Write the decision journal, JSON lines."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write one HTML page to look at; needs the extra report.",
)
@click.option(
    "--export",
    "export_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Write .csv, .parquet or .perfetto-trace for other tools; needs the extra export.",
)
@click.option(
    "--shadow", is_flag=True, help="Another controller moved the pins: compare with ours."
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    metavar="[BUS=]NAME",
    help="The recording's channel that the car is on; BUS: the profile's bus on it.",
)
@click.option(
    "--kernel",
    metavar="NAME",
    default="",
    help="What reads LOG: compiled, numpy, plain, or frames: one by one, to compare.",
)
def replay(
    logs: tuple[Path, ...],
    profile_name: str,
    settings_path: Path | None,
    journal_path: str | None,
    as_json: bool,
    report_path: Path | None,
    export_paths: tuple[Path, ...],
    shadow: bool,
    channels: tuple[str, ...],
    kernel: str,
) -> None:
    """Replay a CAN recording through the decision code, and explain each decision.

    Reads candump, ASC, BLF, TRC, CSV, MF4 and more, each also gzipped; several LOGs are one
    recording. What stands in LOG.events.jsonl (requests, settings) is replayed with it, but in
    shadow. Without --channel an identifier is the car's on every channel. Exit code 1: it could
    not be read, or holds nothing of this car.
    """
    if as_json and journal_path == "-":
        raise click.UsageError("--json and --journal - both want the standard output: name a FILE")
    settings = _settings(settings_path)
    others = [*logs, *(Path(each) for each in (settings_path, journal_path) if each)]
    _check_pages(export_paths, report_path, others)
    profile = load_or_fail(profile_name)
    on, reading = channels_of(profile, channels), _kernel(kernel)
    try:
        recording = open_recording(logs)
        events = events_beside(recording, shadow=shadow)
        run = Replay(
            recording,
            profile,
            settings,
            shadow=shadow,
            events=events,
            channels=on,
            kernel=reading,
            frame_by_frame=kernel == FRAMES,
        )
        chronicle = _chronicle(run) if report_path or export_paths else None
        progress = Progress("replaying", recording.size_bytes)
        with journal_lines(journal_path, logs) as write_line, progress:
            if write_line is not None:
                write_line(_start(profile, run))
            quiet = as_json or journal_path == "-"
            printer = None if quiet else TimelinePrinter(shadow=run.shadow, progress=progress)
            sink = _sink(write_line, printer, chronicle)
            meet = None if chronicle is None else chronicle.meet
            summary = run.run(sink, lambda _: progress.show(recording.bytes_read), meet)
            if printer is not None:
                printer.finish()
    except (ReadingError, NothingInCommonError, EventsFileError) as error:
        fail(error)
    if chronicle is not None:
        chronicle.finish(summary.report.duration_us)
        _write_pages(export_paths, report_path, logs, run, summary, chronicle)
    if as_json:
        click.echo(json.dumps(summary.fields(), sort_keys=True))
    elif journal_path != "-":
        print_summary(summary, width())
    _end(summary)


# What follows is imported only where it is asked for: it takes as long as reading a million frames.


def _check_pages(exports: Sequence[Path], report: Path | None, inputs: Sequence[Path]) -> None:
    """End with an error where an export or the report could not be made in the end."""
    if exports:
        from vehicle.cli.export import check_exports

        check_exports(exports, inputs)
    if report is not None:
        from vehicle.cli.report import check_report

        check_report(report, [*inputs, *exports])


def _chronicle(run: Replay) -> Chronicle:
    from vehicle.replay.report.chronicle import Chronicle

    return Chronicle(shadow=run.shadow)


def _write_pages(
    exports: Sequence[Path],
    report: Path | None,
    logs: Sequence[Path],
    run: Replay,
    summary: Summary,
    chronicle: Chronicle,
) -> None:
    if exports:
        from vehicle.cli.export import write_exports

        write_exports(exports, chronicle)
    if report is not None:
        from vehicle.cli.report import write_report

        write_report(report, logs, run, summary, chronicle)


def _start(profile: Profile, run: Replay) -> str:
    """Return the journal's first line."""
    return start_line(
        profile=profile.name,
        variant=run.variant,
        shadow=run.shadow,
        epoch_us=run.epoch_us,
        settings=run.settings.words(),
    )


def _kernel(name: str) -> Kernel | None:
    if words := stale():
        click.echo(f"warning: {words}", err=True)
    if name in ("", FRAMES):
        return None
    try:
        return choose(name)
    except ValueError as error:
        raise click.UsageError(f"--kernel: {error}") from None


def _end(summary: Summary) -> None:
    """End with the code that says how it went."""
    if summary.interrupted:
        at_s = summary.report.duration_us / 1e6
        fail(f"interrupted {at_s:.1f} s into the recording; what is told ends there", INTERRUPTED)
    if summary.agreement is not None and summary.agreement.releases_while_not_safe:
        sys.exit(1)


def _settings(path: Path | None) -> Settings | None:
    if path is None:
        return None
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(error, 2)


def _sink(
    write_line: WriteLine | None, printer: TimelinePrinter | None, chronicle: Chronicle | None
) -> Sink:
    """Return what takes each output: the journal first, then the timeline, then the report."""

    def take(now_us: int, output: Output) -> None:
        if write_line is not None and is_entry(output):
            write_line(to_line(now_us, output))
        if printer is not None:
            printer.take(now_us, output)
        if chronicle is not None:
            chronicle.take(now_us, output)

    return take
