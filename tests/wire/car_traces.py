"""What the tests of the car profiles share: frames in, the told changes out."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from recordings import LOGS

from vehicle.core.inputs import Observed, Requested
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, load_profile
from vehicle.wire.translator import Translator, WireEvent

Stamped = tuple[int, Frame]
Bus = Mapping[str, Mapping[str, int | float | str]]
"""Message -> signal -> value, as ``Encoder.encode`` takes it."""

profile_of = functools.cache(load_profile)
"""``load_profile``, once for each car: profiles never change."""

PICK_US = 5_000_000
"""How much of a recording is shown to pick the variant."""


def recording(case: str) -> list[Stamped]:
    """Return a case's candump recording, its times in microseconds."""
    (path,) = [p for p in sorted((LOGS / case).iterdir()) if p.name.startswith(f"{case}.log")]
    return list(_candump(path))


def _candump(path: Path) -> Iterator[Stamped]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in text.decode().splitlines():
        stamp, channel, frame = line.split()[:3]
        can_id, _, data = frame.partition("#")
        seconds, _, fraction = stamp.strip("()").partition(".")
        now_us = int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6])
        yield now_us, Frame(int(can_id, 16), bytes.fromhex(data), channel)


def variant_of(profile: Profile, frames: list[Stamped]) -> str | None:
    """Return the variant that the first seconds show."""
    return profile.pick_variant((t, f) for t, f in frames if t < PICK_US)


def events(
    profile: Profile, frames: Iterable[Stamped], variant: str | None = None
) -> Iterator[tuple[int, WireEvent]]:
    """Yield every event with its time; deadlines fire at their own time."""
    translator = Translator(profile, variant)
    for now_us, frame in frames:
        while (due := translator.deadline_us) is not None and due < now_us:
            yield from ((due, event) for event in translator.fire(due))
        yield from ((now_us, event) for event in translator.feed(now_us, frame))


def changes(told: Iterable[tuple[int, WireEvent]], *signals: str) -> list[tuple[float, str, str]]:
    """Return (seconds to 1 ms, signal, value) of every change of the named signals, or of all."""
    return [
        (round(now_us / 1e6, 3), name, str(value))
        for now_us, event in told
        if isinstance(event, Observed)
        for name, value in event.values
        if not signals or name in signals
    ]


def requests(told: Iterable[tuple[int, WireEvent]]) -> list[tuple[float, str, str]]:
    """Return (seconds to 1 ms, request, source) of every request."""
    return [
        (round(now_us / 1e6, 3), str(event.request), str(event.source))
        for now_us, event in told
        if isinstance(event, Requested)
    ]


def frames_of(profile: Profile, *steps: Bus, start_us: int = 0) -> list[Stamped]:
    """Return frames for steps 50 ms apart.

    Each step is sent twice, because a protected message's first frame is not used. ``start_us``
    is the first step's time.
    """
    encoder = Encoder(profile, "can0")
    sent = []
    for number, step in enumerate(steps):
        for again in range(2):
            now_us = start_us + (2 * number + again) * 25_000
            sent += [(now_us, encoder.encode(message, step[message])) for message in step]
    return sent


def told(name: str, *steps: Bus, variant: str | None = None) -> dict[str, str]:
    """Return what is believed after the last step: signal -> value, unknown ones left out."""
    profile = profile_of(name)
    believed: dict[str, str] = {}
    for _, signal, value in changes(events(profile, frames_of(profile, *steps), variant)):
        believed[signal] = value
    return {signal: value for signal, value in believed.items() if value != "unknown"}
