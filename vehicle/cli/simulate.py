"""``chargelock simulate``: plays a story on a simulated car, and records what the bus saw."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click

from vehicle.cli.console import fail
from vehicle.cli.profile import load_or_fail
from vehicle.cli.terminal import TimelinePrinter
from vehicle.core.outputs import Output
from vehicle.runtime.events_file import events_path, write_events
from vehicle.runtime.simulator import StoryResult, run_story
from vehicle.runtime.story import StoryError, read_story
from vehicle.wire.candump import format_candump
from vehicle.wire.findings import WireError

DEMO = "demo"
"""The story that comes with the package."""


@click.command()
@click.argument("story", metavar="STORY|demo")
@click.option("--record", type=click.Path(path_type=Path), help="Write the bus to a candump FILE.")
@click.option("--journal", type=click.Path(path_type=Path), help="Write the decision journal.")
@click.option("--seed", default=0, show_default=True, help="Seed of the story's chance.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object.")
def simulate(
    story: str, record: Path | None, journal: Path | None, seed: int, as_json: bool
) -> None:
    """Play a story on a simulated car, its EVSE and its pins, and check what it expects.

    Without --record the explained timeline is printed. Exit code 1: an expectation failed.
    """
    quiet = as_json or record is not None
    printer = None if quiet else TimelinePrinter(shadow=False)

    def listen(now_us: int, output: Output) -> None:
        if printer is not None:
            printer.take(now_us, output)

    try:
        told = read_story(_path(story))
        result = run_story(told, seed, listen, load_or_fail(told.profile))
    except (StoryError, WireError) as error:
        fail(error, 2)
    if printer is not None:
        printer.finish()
    if record is not None:
        with _written(record):
            _write(record, [format_candump(t_us, None, frame) for t_us, frame in result.frames])
        with _written(events_path(record)):
            events_path(record).unlink(missing_ok=True)
            if result.events:
                write_events(events_path(record), result.events)
    if journal is not None:
        with _written(journal):
            _write(journal, result.journal)
    _print_outcome(told.title, result, record, seed, as_json)
    if result.failures:
        sys.exit(1)


def _path(story: str) -> Path:
    return shipped_story() if story == DEMO and not Path(story).exists() else Path(story)


def shipped_story() -> Path:
    """Return where the story that comes with the package is."""
    return Path(str(resources.files("vehicle.runtime") / "demo.toml"))


@contextlib.contextmanager
def _written(path: Path) -> Iterator[None]:
    """End the command with one line where ``path`` cannot be written."""
    try:
        yield
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}", 2)


def _write(path: Path, lines: list[str] | tuple[str, ...]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")


def _print_outcome(
    title: str, result: StoryResult, record: Path | None, seed: int, as_json: bool
) -> None:
    if as_json:
        outcome = {
            "title": title,
            "seed": seed,
            "frames": len(result.frames),
            "events": len(result.events),
            "failures": list(result.failures),
        }
        click.echo(json.dumps(outcome, sort_keys=True))
        return
    where = f" to {record}" if record is not None else ""
    length_s = result.frames[-1][0] / 1e6 if result.frames else 0.0
    click.echo(f"{title.rstrip('.')}: {len(result.frames):,} frames, {length_s:.1f} s{where}")
    for failure in result.failures:
        click.echo(f"not as expected: {failure}")
