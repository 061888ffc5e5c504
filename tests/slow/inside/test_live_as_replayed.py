"""What is decided while frames arrive from the kernel is what a replay of them decides.

A session of the simulated car is played onto a virtual bus at its own pace and heard on a filtered
SocketCAN socket. Each frame goes to one loop at its kernel time stamp, and into a candump file that
is then replayed. The two journals must be the same to the byte, whatever the machine's load did to
the frames' times.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import can
import pytest
from bus_bench import bus

from vehicle.core.manager import LockManager
from vehicle.core.settings import Settings
from vehicle.replay.recording import open_recording
from vehicle.replay.run import Replay
from vehicle.runtime.journal import is_entry, to_line
from vehicle.runtime.loop import Loop
from vehicle.runtime.simulator import run_story
from vehicle.runtime.story import read_story
from vehicle.wire.frame import Frame
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

pytestmark = pytest.mark.slow

CHANNEL = "vcan0"
SETTLED_S = 0.1
"""Silence after which the virtual bus has delivered everything."""

STORY = """
title = "An AC charge in the locked car, from plugging in to pulling out."
end_s = 9
step = [
    { at_s = 0.5, do = "plug", limit_a = 32, amps = 32 },
    { at_s = 3, do = "lock_car" },
    { at_s = 4.5, do = "complete" },
    { at_s = 6, do = "unlock_car" },
    { at_s = 8, do = "unplug" },
]
"""


class Journal:
    """A loop's journal lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, now_us, output):
        if is_entry(output):
            self.lines.append(to_line(now_us, output))


def recorded(tmp_path) -> list[tuple[int, Frame]]:
    """Return a session's frames, ours among them, as (microseconds, frame)."""
    path = tmp_path / "story.toml"
    path.write_text(STORY)
    result = run_story(read_story(path), seed=7)
    assert result.failures == ()
    return list(result.frames)


def played(recording: list[tuple[int, Frame]], filters) -> Iterator[tuple[int, Frame]]:
    """Play a recording onto the bus at its own pace; yield (stamp in us, frame) as heard there.

    The waiting for frames to come is what paces the ones that go.
    """
    with bus(CHANNEL) as sender, bus(CHANNEL, can_filters=filters) as receiver:
        begun_s = time.monotonic()
        for at_us, frame in recording:
            while (left_s := begun_s + at_us / 1e6 - time.monotonic()) > 0:
                yield from heard(receiver.recv(left_s))
            sender.send(
                can.Message(
                    arbitration_id=frame.can_id, data=frame.data, is_extended_id=frame.extended
                )
            )
        while (message := receiver.recv(SETTLED_S)) is not None:
            yield from heard(message)


def heard(message: can.Message | None) -> Iterator[tuple[int, Frame]]:
    if message is not None:
        frame = Frame(message.arbitration_id, bytes(message.data), CHANNEL, message.is_extended_id)
        yield round(message.timestamp * 1e6), frame


def candump(stamp_us: int, frame: Frame) -> str:
    seconds, micros = divmod(stamp_us, 1_000_000)
    return f"({seconds}.{micros:06}) {CHANNEL} {frame.can_id:03X}#{frame.data.hex().upper()}\n"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Play a session once; return both journals and what was sent and heard."""
    folder = tmp_path_factory.mktemp("session")
    profile = load_profile("reference")
    filters = [
        {"can_id": can_id, "can_mask": 0x7FF, "extended": False}
        for can_id, _ in sorted(profile.receive_ids)
    ]
    recording = recorded(folder)
    live, replayed = Journal(), Journal()
    loop = Loop(LockManager(profile.car, Settings()), Translator(profile), live)
    first_us: int | None = None
    now_us = 0
    got = []
    loop.start(0)
    for stamp_us, frame in played(recording, filters):
        first_us = stamp_us if first_us is None else first_us
        now_us = stamp_us - first_us
        got.append((stamp_us, frame))
        loop.feed(now_us, frame)
    loop.run_until(now_us)

    log = folder / "received.log"
    log.write_text("".join(candump(*each) for each in got))
    Replay(open_recording([log]), profile, Settings(), shadow=False).run(replayed)
    return profile, recording, got, live.lines, replayed.lines


def test_every_frame_of_the_profile_is_heard_in_order_and_no_other(session):
    profile, recording, got, _, _ = session
    of_the_car = [
        (frame.can_id, frame.data)
        for _, frame in recording
        if (frame.can_id, frame.extended) in profile.receive_ids
    ]
    assert 0 < len(of_the_car) < len(recording)
    assert [(frame.can_id, frame.data) for _, frame in got] == of_the_car
    stamps = [stamp_us for stamp_us, _ in got]
    assert stamps == sorted(stamps)


def test_live_and_replayed_decisions_are_the_same_to_the_byte(session):
    *_, live, replayed = session
    assert live == replayed


def test_the_session_was_one_that_the_latch_had_to_be_moved_for(session):
    *_, live, _ = session
    lines = [json.loads(line) for line in live]
    assert any(line["kind"] == "command" and line["command"] == "engage" for line in lines)
    assert any(line["kind"] == "signal" and line["value"] == "charging" for line in lines)
