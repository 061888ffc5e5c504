"""``chargelock replay``: reads a recording, prints the explained timeline, writes the journal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from vehicle.cli.journal_file import WriteLine, journal_lines
from vehicle.cli.profile import load_or_fail
from vehicle.cli.summary import print_summary
from vehicle.cli.terminal import INTERRUPTED, Progress, fail, print_header, print_row, width
from vehicle.core.messages import Output
from vehicle.core.settings import Settings, SettingsError
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import open_recording
from vehicle.replay.run import NothingInCommonError, Replay, Summary
from vehicle.replay.timeline import Row, Timeline
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.store import read_settings


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
    "--shadow", is_flag=True, help="Another controller moved the pins: compare with ours."
)
def replay(
    logs: tuple[Path, ...],
    profile_name: str,
    settings_path: Path | None,
    journal_path: str | None,
    as_json: bool,
    shadow: bool,
) -> None:
    """Replay a CAN recording through the decision code, and explain each decision.

    Reads candump, ASC, BLF, TRC, CSV, MF4 and more, each also gzipped; several LOGs are one
    recording. Exit code 1: it could not be read, or holds nothing of this car.
    """
    if as_json and journal_path == "-":
        raise click.UsageError("--json and --journal - both want the standard output: name a FILE")
    settings = _settings(settings_path)
    profile = load_or_fail(profile_name)
    try:
        recording = open_recording(logs)
        run = Replay(recording, profile, settings, shadow=shadow)
        progress = Progress("replaying", recording.size_bytes)
        with journal_lines(journal_path, logs) as write_line, progress:
            if write_line is not None:
                write_line(
                    start_line(
                        profile=profile.name,
                        variant=run.variant,
                        shadow=shadow,
                        epoch_us=recording.epoch_us,
                        settings=settings.words(),
                    )
                )
            quiet = as_json or journal_path == "-"
            sink = _Sink(write_line, None if quiet else Timeline(shadow=shadow), progress)
            summary = run.run(sink, lambda _: progress.show(recording.bytes_read))
            sink.finish()
    except (ReadingError, NothingInCommonError) as error:
        fail(error)
    if as_json:
        click.echo(json.dumps(summary.fields(), sort_keys=True))
    elif journal_path != "-":
        print_summary(summary, width())
    _end(summary)


def _end(summary: Summary) -> None:
    """End with the code that says how it went."""
    if summary.interrupted:
        at_s = summary.report.duration_us / 1e6
        fail(f"interrupted {at_s:.1f} s into the recording; what is told ends there", INTERRUPTED)
    if summary.agreement is not None and summary.agreement.releases_while_not_safe:
        sys.exit(1)


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(error, 2)


class _Sink:
    """Writes each output to the journal and shows it; tells what is held once a moment is over."""

    def __init__(
        self, write_line: WriteLine | None, timeline: Timeline | None, progress: Progress
    ) -> None:
        self._write_line = write_line
        self._timeline = timeline
        self._progress = progress
        self._columns = width()
        self._now_us = 0
        self._begun = False

    def __call__(self, now_us: int, output: Output) -> None:
        if self._write_line is not None and is_entry(output):
            self._write_line(to_line(now_us, output))
        if self._timeline is not None:
            if now_us != self._now_us:
                self.finish()
            self._now_us = now_us
            self._print(self._timeline.rows(now_us, output))

    def finish(self) -> None:
        """Say what is held, now that everything of this moment is known."""
        if self._timeline is not None:
            self._print(self._timeline.held(self._now_us))

    def _print(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._progress.clear()
            if not self._begun:
                self._begun = True
                print_header(self._columns)
            print_row(row, self._columns)
