"""``chargelock compare``: one recording replayed in two ways, and where the outcomes differ.

Knows: which pairs of options make two sides. Refuses to know: what counts as a difference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from vehicle.cli.channels import channels_of
from vehicle.cli.compare_words import comparison_fields, print_comparison
from vehicle.cli.console import INTERRUPTED, fail, width
from vehicle.cli.profile import load_or_fail
from vehicle.cli.report import check_report, write_page
from vehicle.cli.terminal import Progress
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.replay.beside import events_beside
from vehicle.replay.compare import Difference, compare_shadow
from vehicle.replay.compare import compare as differences_of
from vehicle.replay.compare_journal import Journal, JournalFileError, read_journal
from vehicle.replay.compare_side import ComparedSide
from vehicle.replay.compare_words import page_of
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import open_recording
from vehicle.replay.report.chronicle import Chronicle
from vehicle.replay.run import NothingInCommonError, Replay
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.store import read_settings
from vehicle.wire.profile import Profile

_SIDES = (
    "give two --settings, two --profile, one --journal, or --shadow:"
    " that is what makes the two sides"
)


@record
class _Way:
    """How one side is replayed."""

    name: str
    what: str
    profile: Profile
    settings: Settings | None
    channels: tuple[str, ...]


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOG...")
@click.option(
    "--profile", "profiles", multiple=True, metavar="NAME|FILE",
    help="The car; two of them are compared.",
)  # fmt: skip
@click.option(
    "--settings", "settings_paths", multiple=True, type=click.Path(path_type=Path),
    help="The owner's settings; two of them are compared.",
)  # fmt: skip
@click.option(
    "--journal", "journal_path", type=click.Path(path_type=Path), metavar="FILE",
    help="Compare with the decisions of an earlier replay.",
)  # fmt: skip
@click.option(
    "--channel", "channels", multiple=True, metavar="[BUS=]NAME",
    help="The recording's channel that the car is on; BUS: the profile's bus on it.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
@click.option(
    "--report", "report_path", type=click.Path(path_type=Path), metavar="FILE",
    help="Write one HTML page with both sides; needs the extra report.",
)  # fmt: skip
@click.option(
    "--shadow", is_flag=True,
    help="Another controller moved the pins. Alone: compare it with ours.",
)  # fmt: skip
def compare(
    logs: tuple[Path, ...],
    profiles: tuple[str, ...],
    settings_paths: tuple[Path, ...],
    journal_path: Path | None,
    channels: tuple[str, ...],
    as_json: bool,
    report_path: Path | None,
    shadow: bool,
) -> None:
    """Replay a recording in two ways, and say where they differ.

    Two --settings or two --profile: both ways are replayed now. --journal FILE: the earlier
    decisions beside today's. --shadow alone: what we want beside where the car's own pin is.
    Differences come in order of time, with both reasons. Exit code 1: there are some.
    """
    pairs = (len(settings_paths) == 2) + (len(profiles) == 2) + (journal_path is not None)
    if len(settings_paths) > 2 or len(profiles) > 2 or pairs > 1 or not (pairs or shadow):
        raise click.UsageError(_SIDES)
    inputs = [*logs, *settings_paths, *([journal_path] if journal_path else [])]
    if report_path is not None:
        check_report(report_path, inputs)
    if pairs and any(log.exists() and not log.is_file() for log in logs):
        fail("a recording is read twice here, which a pipe cannot be; save it to a file", 2)
    settings = [_read_settings(path) for path in settings_paths]
    if journal_path is not None:
        sides = _beside_journal(journal_path, logs, profiles, settings, channels, shadow=shadow)
    elif pairs:
        sides = _both(logs, _ways(profiles, settings_paths, settings, channels), shadow=shadow)
    else:
        sides = _alone(logs, profiles, settings, channels)
    _tell(logs, sides, as_json=as_json, report_path=report_path)


# ---- the two sides ------------------------------------------------------------------------------


def _ways(
    profiles: Sequence[str],
    paths: Sequence[Path],
    settings: Sequence[Settings],
    channels: tuple[str, ...],
) -> list[_Way]:
    """Return how each of two sides is replayed: they differ in profile or in settings."""
    if not profiles:
        raise click.UsageError("Missing option '--profile'.")
    loaded = [load_or_fail(name) for name in profiles]
    if len(settings) == 2:
        return [
            _Way(name, f"settings {path.name}", loaded[0], owner, channels)
            for name, path, owner in zip("AB", paths, settings, strict=True)
        ]
    owner = settings[0] if settings else None
    return [
        _Way(name, f"profile {profile.name}", profile, owner, channels)
        for name, profile in zip("AB", loaded, strict=True)
    ]


def _both(logs: Sequence[Path], ways: Sequence[_Way], *, shadow: bool) -> list[ComparedSide]:
    return [_replayed(logs, way, shadow=shadow) for way in ways]


def _alone(
    logs: Sequence[Path],
    profiles: Sequence[str],
    settings: Sequence[Settings],
    channels: tuple[str, ...],
) -> list[ComparedSide]:
    if not profiles:
        raise click.UsageError("Missing option '--profile'.")
    owner = settings[0] if settings else None
    way = _Way("ours", "what we want", load_or_fail(profiles[0]), owner, channels)
    return [_replayed(logs, way, shadow=True)]


def _beside_journal(
    path: Path,
    logs: Sequence[Path],
    profiles: Sequence[str],
    settings: Sequence[Settings],
    channels: tuple[str, ...],
    *,
    shadow: bool,
) -> list[ComparedSide]:
    """Return the journal, and the replay of today with what the journal was made with."""
    try:
        journal: Journal = read_journal(path)
    except JournalFileError as error:
        fail(error)
    profile = load_or_fail(profiles[0] if profiles else journal.profile)
    owner = settings[0] if settings else journal.settings
    way = _Way("B", "replayed now", profile, owner, channels)
    now = _replayed(logs, way, shadow=shadow or journal.shadow)
    left = f"; {journal.unknown} lines of it are not known here" if journal.unknown else ""
    before = ComparedSide(
        "A", f"journal {path.name}{left}", journal.profile, journal.settings, journal.chronicle
    )
    return [before, now]


def _replayed(logs: Sequence[Path], way: _Way, *, shadow: bool) -> ComparedSide:
    """Replay the recording one way, or end the command with what stands against it."""
    try:
        recording = open_recording(logs)
        events = events_beside(recording, shadow=shadow)
        run = Replay(
            recording,
            way.profile,
            way.settings,
            shadow=shadow,
            events=events,
            channels=channels_of(way.profile, way.channels),
        )
        chronicle = Chronicle(shadow=run.shadow)
        with Progress(f"replaying {way.name}", recording.size_bytes) as progress:
            summary = run.run(
                chronicle.take, lambda _: progress.show(recording.bytes_read), chronicle.meet
            )
    except (ReadingError, NothingInCommonError, EventsFileError) as error:
        fail(error)
    if summary.interrupted:
        fail("interrupted; two halves of a recording are not compared", INTERRUPTED)
    chronicle.finish(summary.report.duration_us)
    return ComparedSide(way.name, way.what, summary.profile, run.settings, chronicle, summary)


def _read_settings(path: Path) -> Settings:
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(error, 2)


# ---- telling ------------------------------------------------------------------------------------


def _tell(
    logs: Sequence[Path],
    sides: Sequence[ComparedSide],
    *,
    as_json: bool,
    report_path: Path | None,
) -> None:
    differences = _differences(sides)
    if report_path is not None:
        write_page(report_path, page_of(logs, sides, differences))
    if as_json:
        click.echo(json.dumps(comparison_fields(sides, differences), sort_keys=True))
    else:
        print_comparison(sides, differences, width())
    sys.exit(1 if differences else 0)


def _differences(sides: Sequence[ComparedSide]) -> list[Difference]:
    if len(sides) == 2:
        return differences_of(sides[0].chronicle, sides[1].chronicle)
    agreement = sides[0].summary.agreement if sides[0].summary is not None else None
    assert agreement is not None, "a shadow replay has its agreement"
    return compare_shadow(sides[0].chronicle, agreement)
