"""``chargelock play``: sends a recording onto buses, at its own pace or another.

Knows: the options, which exit code says what went wrong, and how the summary reads.
Refuses to know: when a frame is due, and how one is sent.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from vehicle.cli.console import INTERRUPTED, code_of, fail, named_lines, show, width
from vehicle.cli.play_clock import clock_here
from vehicle.cli.profile import load_or_fail
from vehicle.replay.playback import Player, Selection
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import Recording, open_recording
from vehicle.runtime.outlet import Outlet
from vehicle.runtime.port_error import PortError
from vehicle.wire.layout import CanId

SPEED_MAX = "max"


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOG...")
@click.option("--interface", default="socketcan", show_default=True, help="python-can's name.")
@click.option("--channel", metavar="CHANNEL", help="Where frames are sent, such as vcan0.")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="RECORDED=CHANNEL",
    help="Where one recorded channel is sent; may be given several times. --channel: the others.",
)
@click.option("--speed", default="1", show_default=True, metavar="FACTOR|max", help="How fast.")
@click.option("--loop", is_flag=True, help="Begin again at the end, until Ctrl-C.")
@click.option("--start", default=0.0, metavar="SECONDS", help="Begin so far into the recording.")
@click.option(
    "--only-ids",
    type=click.Choice(["profile"]),
    help="Play only the identifiers that the profile reads.",
)
@click.option("--profile", "profile_name", metavar="NAME|FILE", help="The car, for --only-ids.")
@click.option("--fd/--no-fd", default=None, help="Use CAN FD. [default: with SocketCAN]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def play(
    logs: tuple[Path, ...],
    interface: str,
    channel: str | None,
    mapped: tuple[str, ...],
    speed: str,
    loop: bool,
    start: float,
    only_ids: str | None,
    profile_name: str | None,
    fd: bool | None,
    as_json: bool,
) -> None:
    """Send a CAN recording onto a bus, real or virtual, frame by frame in its own time.

    Reads what replay reads; several LOGs are one recording. Error frames are left out. On a
    terminal space pauses, the arrow keys seek and q ends it. At the end it says how exactly the
    times were kept. Exit code 1: it could not be read, holds nothing to play, or a channel went
    away; 2: a channel or option cannot be used; 3: not permitted; 130: Ctrl-C, without --loop.
    """
    targets = _targets(channel, mapped)
    factor = _factor(speed)
    if not math.isfinite(start) or start < 0:
        raise click.UsageError(f"--start {start}: must be 0 or more seconds")
    ids = _ids(only_ids, profile_name)
    try:
        recording = open_recording(logs)
    except ReadingError as error:
        fail(error)
    with contextlib.ExitStack() as stack:
        outlets = _opened(stack, interface, targets, fd)
        sends = {source: outlets[to].send for source, to in targets.items()}
        otherwise = sends.pop("", None)
        with clock_here() as clock:
            player = Player(
                recording,
                Selection(sends, otherwise, ids),
                clock,
                speed=factor,
                start_us=round(start * 1e6),
                loop=loop,
            )
            lost, interrupted = _play(player)
        told = _told(recording, player, list(outlets.values()), interrupted)
    if as_json:
        click.echo(json.dumps(told, sort_keys=True))
    else:
        show(_lines(told, speed))
    if lost:
        fail(f"{lost}; what was played ends there")
    if interrupted and not loop:
        sys.exit(INTERRUPTED)
    if not player.played.frames and not interrupted:
        fail(_nothing(recording, player, start))


def _play(player: Player) -> tuple[str, bool]:
    """Play; return why a channel went away, if one did, and whether Ctrl-C ended it."""
    try:
        player.run()
    except KeyboardInterrupt:
        return "", True
    except ReadingError as error:
        return str(error), False
    except OSError as error:
        return f"a channel takes no more frames: {error.strerror or error}", False
    return "", False


# ---- options ------------------------------------------------------------------------------------


def _targets(channel: str | None, mapped: Sequence[str]) -> dict[str, str]:
    """Return the recorded channel -> the channel that it is sent on; "" stands for all others."""
    targets: dict[str, str] = {}
    for each in mapped:
        source, equals, to = each.partition("=")
        if not equals or not source or not to:
            raise click.UsageError(f"--map {each!r}: write it as RECORDED=CHANNEL, can0=vcan0")
        if source in targets:
            raise click.UsageError(f"--map {each}: {source} was given twice")
        targets[source] = to
    if channel:
        targets[""] = channel
    if not targets:
        raise click.UsageError("name where to send: --channel vcan0, or --map can0=vcan0")
    return targets


def _factor(speed: str) -> float | None:
    """Return how many times as fast it is played; None: as fast as it goes."""
    if speed == SPEED_MAX:
        return None
    try:
        factor = float(speed)
    except ValueError:
        factor = math.nan
    if not 0.001 <= factor <= 1000:
        raise click.UsageError(f"--speed {speed}: is a number from 0.001 to 1000, or max")
    return factor


def _ids(only_ids: str | None, profile_name: str | None) -> frozenset[CanId] | None:
    if only_ids is None and profile_name is None:
        return None
    if only_ids is None or profile_name is None:
        raise click.UsageError("--only-ids profile and --profile NAME belong together")
    return load_or_fail(profile_name).receive_ids


def _opened(
    stack: contextlib.ExitStack, interface: str, targets: dict[str, str], fd: bool | None
) -> dict[str, Outlet]:
    """Open each channel once; end the command where one cannot be used."""
    outlets: dict[str, Outlet] = {}
    for channel in dict.fromkeys(targets.values()):
        try:
            outlets[channel] = Outlet(interface, channel, fd=fd)
        except PortError as error:
            fail(error.strerror, code_of(error))
        stack.callback(outlets[channel].close)
    return outlets


# ---- what is told -------------------------------------------------------------------------------


def _told(
    recording: Recording, player: Player, outlets: list[Outlet], interrupted: bool
) -> dict[str, Any]:
    """Return the summary. Times: seconds; errors: microseconds that a frame was late."""
    played = player.played
    return {
        "channels": sorted(each.channel for each in outlets),
        "error_us": played.errors.told(),
        "frames": played.frames,
        "interrupted": interrupted,
        "laps": played.laps,
        "left_out": {str(cause): count for cause, count in sorted(played.left_out.items())},
        "position_s": played.position_us / 1e6,
        "refused": dict(sorted(played.refused.items())),
        "skipped": recording.report.skipped_count,
        "stalls": played.stalls,
        "waits_for_room": sum(each.waits for each in outlets),
    }


def _lines(told: dict[str, Any], speed: str) -> list[str]:
    columns = width()
    pace = "as fast as it goes" if speed == SPEED_MAX else f"at speed {speed}"
    words = f"{told['frames']:,} frames on {', '.join(told['channels'])}, {pace}"
    if told["interrupted"]:
        words += f"; interrupted {told['position_s']:.1f} s into the recording"
    lines = named_lines("played", words, columns)
    counts = {**told["left_out"], **{f"refused: {why}": n for why, n in told["refused"].items()}}
    if counts:
        words = ", ".join(f"{count:,} {cause}" for cause, count in counts.items())
        lines += named_lines("left out", words, columns)
    if told["skipped"]:
        lines += named_lines("damaged", f"{told['skipped']:,} pieces could not be read", columns)
    error = told["error_us"]
    if error["max"] is not None:
        words = ", ".join(f"{name} {_late(late)}" for name, late in error.items())
        lines += named_lines("late", words, columns)
    if told["stalls"]:
        words = f"{told['stalls']:,} times a second late, and went on from there"
        lines += named_lines("held up", words, columns)
    if told["waits_for_room"]:
        words = f"{told['waits_for_room']:,} times for room in a channel's queue"
        lines += named_lines("waited", words, columns)
    return lines


def _late(late_us: int) -> str:
    return f"{late_us} us" if late_us < 1000 else f"{late_us / 1000:.3g} ms"


def _nothing(recording: Recording, player: Player, start: float) -> str:
    """Return why not one frame was played, and what to do."""
    report, played = recording.report, player.played
    if not played.left_out and not played.refused:
        ends_s = report.duration_us / 1e6
        return f"--start {start:g}: the recording ends at {ends_s:.3f} s; begin before that"
    causes = ", ".join(f"{n:,} {cause}" for cause, n in (played.left_out + played.refused).items())
    return f"nothing was played: {causes}; see --map, --only-ids and --fd"
