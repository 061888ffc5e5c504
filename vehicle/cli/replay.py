"""``chargelock replay``: reads a recording, prints the explained timeline, writes the journal."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import click

from vehicle.cli.terminal import Progress, fail, print_row, width
from vehicle.core.car import Actuator
from vehicle.core.messages import Output
from vehicle.core.settings import Settings, SettingsError
from vehicle.replay.agreement import Agreement
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import Recording, open_recording
from vehicle.replay.run import NothingInCommonError, Replay, Summary
from vehicle.replay.timeline import Row, Timeline
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.store import read_settings
from vehicle.wire.findings import ProfileError
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile


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
    profile = _profile(profile_name)
    try:
        recording = open_recording(logs)
        run = Replay(recording, profile, settings, shadow=shadow)
        progress = Progress("replaying", recording.size_bytes)
        with _journal(journal_path) as journal, progress:
            _write_start(journal, run, recording, profile, settings, shadow)
            quiet = as_json or journal_path == "-"
            sink = _Sink(journal, None if quiet else Timeline(shadow=shadow), progress)
            summary = run.run(sink, lambda _: progress.show(recording.bytes_read))
            sink.finish()
    except (ReadingError, NothingInCommonError) as error:
        fail(error)
    if as_json:
        click.echo(json.dumps(summary.fields(), sort_keys=True))
    elif journal_path != "-":
        _print_summary(summary)
    if summary.agreement is not None and summary.agreement.releases_while_not_safe:
        sys.exit(1)


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(error, 2)


def _profile(name: str) -> Profile:
    try:
        return load_profile(name)
    except ProfileError as error:
        fail(error, 2)


@contextlib.contextmanager
def _journal(path: str | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
    elif path == "-":
        yield sys.stdout
    else:
        try:
            file = Path(path).open("w", encoding="utf-8", newline="\n")  # noqa: SIM115
        except OSError as error:
            fail(f"--journal {path}: cannot be written: {error.strerror}", 2)
        with file:
            yield file


def _write_start(
    journal: TextIO | None,
    run: Replay,
    recording: Recording,
    profile: Profile,
    settings: Settings,
    shadow: bool,
) -> None:
    if journal is not None:
        line = start_line(
            profile=profile.name,
            variant=run.variant,
            shadow=shadow,
            epoch_us=recording.epoch_us,
            settings=settings.words(),
        )
        journal.write(line + "\n")


class _Sink:
    """Writes each output to the journal and shows it; tells what is held once a moment is over."""

    def __init__(
        self, journal: TextIO | None, timeline: Timeline | None, progress: Progress
    ) -> None:
        self._journal = journal
        self._timeline = timeline
        self._progress = progress
        self._columns = width()
        self._now_us = 0

    def __call__(self, now_us: int, output: Output) -> None:
        if self._journal is not None and is_entry(output):
            self._journal.write(to_line(now_us, output) + "\n")  # type: ignore[arg-type]
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
            print_row(row, self._columns)


# ---- summary ------------------------------------------------------------------------------------


def _print_summary(summary: Summary) -> None:
    report = summary.report
    variant = f", variant {summary.variant}" if summary.variant else ""
    lines = [
        ("recording", f"{report.duration_us / 1e6:.1f} s, {', '.join(report.formats.values())}"),
        ("profile", f"{summary.profile}{variant}"),
        ("frames", f"{report.frames_read:,} read, {summary.frames_used:,} used"),
    ]
    for cause, skipped in report.frames_skipped.items():
        where = ", ".join(skipped.positions)
        lines.append(("skipped", f"{skipped.count:,}: {cause} (first at {where})"))
    if report.clamped:
        lines.append(("clamped", f"{report.clamped:,} stamps that stepped back by up to 1 s"))
    if report.segments > 1:
        lines.append(("segments", f"{report.segments}: time jumped between them"))
    strokes = [
        f"{actuator}: {count} {demand}"
        for actuator in Actuator
        for demand, count in (
            (demand, number)
            for (which, demand), number in sorted(summary.commands.items())
            if which is actuator
        )
    ]
    lines.append(("commands", ", ".join(strokes) or "none"))
    lines.append(("events", _counted(summary.events)))
    lines.append(("faults", _counted(summary.faults)))
    lines += [("degraded", words) for words in summary.degraded]
    if summary.agreement is not None:
        lines += _agreement_lines(summary.agreement)
    click.echo()
    for name, words in lines:
        click.echo(f"{name:>10}  {words}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _agreement_lines(agreement: Agreement) -> list[tuple[str, str]]:
    agreed, differed, unknown = (
        agreement.time_us(verdict) / 1e6 for verdict in ("agreed", "differed", "unknown")
    )
    lines = [
        (
            "agreement",
            f"with the car's own latch for {agreed:.1f} s; differed {differed:.1f} s,"
            f" not known {unknown:.1f} s",
        )
    ]
    for each in agreement.intervals:
        if each.verdict == "differed":
            lines.append(
                (
                    "differed",
                    f"{each.from_us / 1e6:.3f} to {each.to_us / 1e6:.3f} s: {each.actuator}"
                    f" demand {each.demand}, the car's was {each.latch}",
                )
            )
    if agreement.car_released_while_not_safe:
        count = agreement.car_released_while_not_safe
        lines.append(("note", f"the car let go {count} times while the inlet did not read safe"))
    if agreement.releases_while_not_safe:
        count = agreement.releases_while_not_safe
        lines.append(("DEFECT", f"{count} release commands while the inlet did not read safe"))
    return lines
