"""The live service: what it does when buses fail, flood, fall asleep or belong to another car."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from live_bench import (
    EPOCH_US,
    Bench,
    CarOnWires,
    VirtualTimeLoop,
    Wire,
    in_virtual_time,
    reference,
    replayed,
)

from vehicle.core.inputs import InternalError, Requested
from vehicle.core.names import Charge, Demand, FaultName, PinState, Request, Source
from vehicle.core.outputs import Command, Fault
from vehicle.core.signals import CarLock, KeyZone, Occupant
from vehicle.runtime.can_socket import BUS_OFF, RESTARTED
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.events_file import events_path, read_events
from vehicle.runtime.sender import CHANGE_GAP_US
from vehicle.runtime.service import Service
from vehicle.runtime.side_events import SendFailed, VariantPicked
from vehicle.runtime.story import Story, read_story
from vehicle.wire.codec import Decoder, Encoder
from vehicle.wire.frame import FD_LENGTHS, Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile

STORIES = Path(__file__).resolve().parents[1] / "stories"
COMMAND_ID = 0x120
ERROR_FLAG = 0x2000_0000


def story_of(name: str) -> Story:
    return read_story(STORIES / f"{name}.toml")


CHARGE = story_of("ac_plug_charge_unlock_unplug")
"""Plugged in at 1 s; the latch is driven from 1.5 s on, for up to 0.6 s."""


def errors(wire: Wire, kind: int) -> None:
    """Let the controller report something."""
    word = (ERROR_FLAG | kind).to_bytes(4, "little")
    wire.put_bytes(word + bytes([8, 0, 0, 0]) + bytes(8))


def commands(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if (frame.can_id, frame.extended) in command_ids()]


def command_ids() -> set[tuple[int, bool]]:
    spec = reference().transmit["command"].spec
    return {(spec.can_id, spec.extended)}


def drives(profile: Profile, frame: Frame) -> bool:
    """Whether a command frame drives a pin."""
    words = profile.transmit["command"].words
    fields = profile.dbc.messages[profile.transmit["command"].spec.name].fields
    for actuator in ("latch", "adapter"):
        for word in ("engage", "release"):
            if all(fields[s].raw(frame.data) == raw for s, raw in words[actuator][word].items()):
                return True
    return False


def faults(bench: Bench) -> list[tuple[int, FaultName, bool]]:
    return [(t, e.fault, e.active) for t, e in bench.service.journal if isinstance(e, Fault)]


# ---- a bus that goes -----------------------------------------------------------------------------


@pytest.mark.parametrize("gone_ms", [9_900, 10_000, 10_151, 10_303, 10_449])
def test_a_bus_that_goes_in_a_stroke_ends_it_and_is_back_within_a_second(
    gone_ms: int, tmp_path: Path
) -> None:
    """Permit withdrawn, fault raised, nothing driven; after the return all is found out anew.

    Whenever it returns between two tries to open it: they are half a second apart by then.
    """
    profile, record = reference(), tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, profile, [wire], record=record)
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive())
        await bench.until(1_600_000)
        manager = bench.service.manager
        assert any(pin.stroking for pin in (manager.pin(a) for a in manager._state.pins))
        wire.set_up(False)
        await bench.until(1_700_000)
        assert not bench.ports[0].up
        assert (FaultName.BUS_LOST, None) in manager.faults
        assert manager.permit is Charge.NONE
        assert not any(manager.pin(actuator).stroking for actuator in manager._state.pins)
        sent = len(wire.sent)
        back_us = 1_600_000 + gone_ms * 1000
        await bench.until(back_us)
        assert len(wire.sent) == sent
        wire.set_up(True)
        await bench.until(back_us + 1_000_000)
        assert bench.ports[0].up
        assert (FaultName.BUS_LOST, None) not in manager.faults
        await drive
        bench.service.stop()
        assert bench.said[0].startswith("can0 is gone: Network is down")
        assert bench.said[1] == "can0 is back: open"
        assert replayed(profile, record) == bench.journal

    in_virtual_time(main)


def test_one_channel_that_goes_does_not_hurt_the_rest() -> None:
    """The profile's bus is on can0; what becomes of can1 is nobody's loss."""

    async def main(loop: VirtualTimeLoop) -> None:
        wires = [Wire("can0"), Wire("can1")]
        bench = Bench(loop, reference(), wires)
        bench.start()
        car = CarOnWires(bench, CHARGE)
        bench.wires = wires[:1]
        drive = asyncio.create_task(car.drive())
        await bench.until(1_200_000)
        wires[1].set_up(False)
        await bench.until(5_000_000)
        assert bench.said == ["can1 is gone: Network is down"]
        assert bench.service.manager.faults == frozenset()
        assert wires[1].sent == []
        drive.cancel()
        bench.service.stop()

    in_virtual_time(main)


def test_a_channel_that_is_not_there_yet_is_waited_for() -> None:
    """The service begins without it, says what is wrong, and finds it."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        wire.up = False
        bench = Bench(loop, reference(), [wire])
        bench.start()
        assert (FaultName.BUS_LOST, None) in bench.service.manager.faults
        await bench.until(60_000_000)
        wire.up = True
        await bench.until(61_000_000)
        assert bench.ports[0].up
        assert bench.service.manager.faults == frozenset()
        bench.service.stop()

    in_virtual_time(main)


def test_bus_off_is_a_loss_until_the_controller_works_again() -> None:
    """Sending would succeed silently, so only the error frame tells."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive(1_000_000))
        await bench.until(900_000)
        await drive
        errors(wire, BUS_OFF)
        errors(wire, BUS_OFF)
        await bench.until(1_010_000)
        sent = len(wire.sent)
        assert (FaultName.BUS_LOST, None) in bench.service.manager.faults
        await bench.until(1_500_000)
        assert len(wire.sent) == sent
        errors(wire, RESTARTED)
        await bench.until(1_600_000)
        assert bench.service.manager.faults == frozenset()
        errors(wire, BUS_OFF)
        await bench.until(1_610_000)
        wire.set_up(False)
        await bench.until(1_700_000)
        wire.set_up(True)
        await bench.until(2_700_000)
        assert bench.ports[0].up
        bench.service.stop()
        assert bench.said == [
            "can0 is gone: its controller is bus-off",
            "can0 is back: its controller works again",
            "can0 is gone: its controller is bus-off",
            "can0 is back: open",
        ]

    in_virtual_time(main)


def test_a_controller_that_is_bus_off_and_back_before_anybody_looks_is_a_loss_all_the_same() -> (
    None
):
    """What it sent meanwhile is lost, and the stroke that was under way is withdrawn."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire, Wire("can1")], named={"main": "can0"})
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive(1_000_000))
        await drive
        before = len(bench.journal)
        errors(wire, BUS_OFF)
        errors(wire, RESTARTED)
        await bench.until(1_050_000)
        told = [line for line in bench.journal[before:] if '"fault":"bus_lost"' in line]
        assert ['"active":true' in line for line in told] == [True, False]
        bench.service.stop()

    in_virtual_time(main)


def test_error_frames_of_every_class_change_nothing() -> None:
    """They are no frames of the car: they neither wake nor tell anything."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        bench.start()
        head = len(bench.journal)
        for kind in range(1, 0x200):
            if not kind & BUS_OFF:
                errors(wire, kind)
            await bench.until(loop.now_us + 1000)
        assert bench.ports[0].frames_received > 200
        assert bench.journal[head:] == []
        assert wire.sent == []
        bench.service.stop()

    in_virtual_time(main)


# ---- sending -------------------------------------------------------------------------------------


def test_only_listed_frames_leave_each_at_its_cycle() -> None:
    """Every frame of a drive is on the profile's list, at its cycle or saying something new."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        command = profile.transmit["command"].spec
        at: list[tuple[int, bytes]] = []
        car = CarOnWires(bench, CHARGE)
        hear = wire.on_sent

        def note(frame: Frame) -> None:
            if frame.can_id == command.can_id:
                at.append((loop.now_us, frame.data[3:]))
            hear(frame)

        wire.on_sent = note
        await car.drive()
        bench.service.stop()
        assert {(f.can_id, f.extended) for f in wire.sent} <= profile.transmit_ids
        cycle_us = command.cycle_us or 50_000
        pairs = list(pairwise(at[:-1]))
        gaps = [later - now for (now, _), (later, _) in pairs]
        old = [later - now for (now, said), (later, says) in pairs if says == said]
        news = [later for (_, said), (later, says) in pairs if says != said]
        assert len(old) > 300
        assert cycle_us <= min(old)
        assert max(gaps) <= cycle_us + 6_000
        assert len(news) > 5
        assert min(later - now for now, later in pairwise(news)) >= CHANGE_GAP_US
        assert any(drives(profile, frame) for frame in commands(wire.sent))

    in_virtual_time(main)


def test_the_last_frame_withdraws_everything() -> None:
    """A stop in the middle of a stroke leaves the pin where it is, and no permit behind."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive())
        await bench.until(1_650_000)
        assert drives(profile, commands(wire.sent)[-1])
        drive.cancel()
        bench.service.stop()
        assert not drives(profile, commands(wire.sent)[-1])
        sent = len(wire.sent)
        await bench.until(5_000_000)
        assert len(wire.sent) == sent

    in_virtual_time(main)


def test_a_full_queue_is_told_once_and_nothing_is_lost_by_it(tmp_path: Path) -> None:
    """ENOBUFS: each frame is sent again at its next cycle anyway."""
    record = tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire], record=record)
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive(6_000_000))
        await bench.until(1_000_000)
        wire.full = True
        await bench.until(1_700_000)
        assert bench.ports[0].up
        wire.full = False
        await drive
        bench.service.stop()
        failures = [e for _, e in read_events(events_path(record)) if isinstance(e, SendFailed)]
        assert failures == [SendFailed("can0", "No buffer space available")]
        assert sum("do not get out" in line for line in bench.said) == 1
        states = [json.loads(line).get("state") for line in bench.journal]
        assert "engaged" in states
        assert replayed(profile, record) == bench.journal

    in_virtual_time(main)


def test_another_sender_of_our_identifiers_is_told_once_and_wakes_nobody() -> None:
    """Two controllers on one car: people must know. It is no frame of the car."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        (foreign,) = command_ids()
        for _ in range(100):
            wire.put(Frame(foreign[0], bytes(8), extended=foreign[1]))
            await bench.until(loop.now_us + 50_000)
        assert bench.service.foreign_senders == {foreign[0]}
        assert wire.sent == []
        (line,) = [line for line in bench.said if "somebody else" in line]
        assert f"{foreign[0]:X}" in line
        bench.service.stop()

    in_virtual_time(main)


# ---- idleness ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_sleeping_bus_costs_no_timer_and_no_wake_up(tmp_path: Path, seed: int) -> None:
    """Once everything is decided and written out, nothing is scheduled at all.

    However late a busy machine wakes us: the seeds but the first say how late.
    """
    story = story_of("bus_sleep_is_no_loss")
    asleep_us = next(step.at_us for step in story.steps if step.do == "sleep")
    random = Random(seed)

    async def main(loop: VirtualTimeLoop) -> None:
        if seed:
            loop.virtual.late_us = lambda: random.choice([0, 0, 0, random.randrange(60_000)])
        bench = Bench(loop, reference(), [Wire()], record=tmp_path / "drive.log")
        bench.start()
        await CarOnWires(bench, story).drive(asleep_us + 100_000)
        await bench.until(asleep_us + 5_000_000)
        assert [handle for handle in loop.timers if "turn" in repr(handle)] == []
        assert bench.service._alarm._timer is None
        turns = count_turns(bench)
        await bench.until(asleep_us + 36_000_000_000)
        assert turns() == 0
        assert loop.timers == []
        bench.service.stop()

    in_virtual_time(main)


def count_turns(bench: Bench) -> Callable[[], int]:
    """Count the turns from now on."""
    turn, counted = bench.service._turn_once, [0]

    def counting() -> None:
        counted[0] += 1
        turn()

    bench.service._turn_once = counting  # type: ignore[method-assign]
    return lambda: counted[0]


# ---- floods and odd frames -----------------------------------------------------------------------


@pytest.mark.whole
def test_at_full_speed_no_frame_is_lost_and_decisions_are_right(tmp_path: Path) -> None:
    """Frames come as fast as a socket takes them, between the car's own."""
    record = tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire], record=record)
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive(3_000_000))
        other = Frame(0x7F1, bytes(range(8)))
        flooded = 0
        while not drive.done():
            for _ in range(150):
                wire.put(other)
                flooded += 1
            await asyncio.sleep(0.01)
        bench.service.stop()
        assert flooded > 40_000
        known = sum(1 for line in record.read_text().splitlines() if " 7F1#" not in line)
        assert bench.ports[0].frames_received == flooded + known
        assert bench.service.manager.pin(next(iter(bench.service.manager._state.pins))).state is (
            PinState.ENGAGED
        )
        assert replayed(profile, record) == bench.journal

    in_virtual_time(main)


def test_a_command_leaves_before_anybody_is_told_of_it() -> None:
    """Whoever listens may take long: a disk, a slow reader."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        car, order = CarOnWires(bench, CHARGE), list[str]()
        hears = wire.on_sent

        def sent(frame: Frame) -> None:
            hears(frame)
            words = Decoder(bench.profile).decode(frame)
            if words is not None and words.get("LatchCommand") == 1:
                order.append("sent")

        def told(_: int, entry: object) -> None:
            if isinstance(entry, Command):
                order.append("told")

        wire.on_sent = sent
        bench.service.listen(told)
        bench.start()
        await car.drive(3_000_000)
        assert order[:2] == ["sent", "told"]
        bench.service.stop()

    in_virtual_time(main)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_turn_that_is_cut_short_leaves_no_deadline_unheeded(
    recorded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where frames told nothing new, the timer that was set is still soon enough."""
    cut_short = 0
    really = Service._sleeps_on

    def sleeps_on(service: Service, now_us: int) -> bool:
        nonlocal cut_short
        if not really(service, now_us):
            return False
        cut_short += 1
        assert service._speaker is not None
        recorder = service._recorder
        due = (
            service._loop.deadline_us,
            service._speaker.deadline_us,
            None if recorder is None else recorder.due_us,
        )
        assert all(
            due_us is None
            or (service._alarm.due_us is not None and service._alarm.due_us <= due_us + 1)
            for due_us in due
        )
        assert not service._teller.untold
        return True

    monkeypatch.setattr(Service, "_sleeps_on", sleeps_on)

    async def main(loop: VirtualTimeLoop) -> None:
        record = tmp_path / "drive.log" if recorded else None
        bench = Bench(loop, reference(), [Wire()], record=record)
        bench.start()
        await CarOnWires(bench, CHARGE).drive(6_000_000)
        bench.service.stop()

    in_virtual_time(main)
    assert cut_short > 200


def test_more_frames_than_one_turn_takes_are_all_taken_before_a_deadline_passes() -> None:
    """What lay unread is not lost: a message's limit is judged after everything was read."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        encoder = Encoder(profile)
        for _ in range(400):
            wire.put(encoder.encode("DoorLockState", {"CarLock": 1}))
            if _ % 100 == 0:
                await asyncio.sleep(0)
        # The loop stood still for longer than the limit, while frames came.
        for _ in range(200):
            wire.put(encoder.encode("DoorLockState", {"CarLock": 1}))
        loop.virtual.now_us += 450_000
        await asyncio.sleep(0.01)
        assert not any('"state":"lost"' in line for line in bench.journal)
        assert bench.service.manager.snapshot.car_lock is CarLock.LOCKED
        bench.service.stop()

    in_virtual_time(main)


def test_a_frame_that_tells_something_lets_no_deadline_overtake_the_one_behind_it() -> None:
    """One frame is read at a time; the next one, still unread, came before its message's limit."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        encoder = Encoder(profile)
        for _ in range(3):
            for message, values in (
                ("DoorLockState", {"CarLock": 1}),
                ("KeyState", {"KeyZone": 3}),
            ):
                wire.put(encoder.encode(message, values))
            await asyncio.sleep(0.01)
        heard_us = loop.now_us
        limit_us = profile.layout.messages["DoorLockState"].stale_us
        assert limit_us is not None
        stamps_us = [heard_us + limit_us // 4, heard_us + limit_us // 2]
        wire.stamp = lambda: EPOCH_US + stamps_us.pop(0)
        # The loop stands still for longer than the limit, while a change and one in time come.
        wire.put(encoder.encode("KeyState", {"KeyZone": 1}))
        wire.put(encoder.encode("DoorLockState", {"CarLock": 1}))
        loop.virtual.now_us += limit_us + limit_us // 4
        await asyncio.sleep(0.01)
        assert not stamps_us
        assert bench.service.manager.snapshot.key is KeyZone.ABSENT
        assert bench.service.manager.snapshot.car_lock is CarLock.LOCKED
        assert not [line for line in bench.journal if "DoorLockState" in line and "lost" in line]
        bench.service.stop()

    in_virtual_time(main)


@pytest.mark.parametrize("fd", [False, True], ids=["classic", "fd"])
def test_frames_of_every_identifier_and_length_are_survived(fd: bool, tmp_path: Path) -> None:
    """Also with the car's own identifiers: a length that does not fit is not believed."""
    record = tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire], record=record)
        bench.start()
        lengths = FD_LENGTHS if fd else range(9)
        for can_id in range(0x800):
            data = bytes(lengths[can_id % len(lengths)])
            wire.put(Frame(can_id, data, fd=fd))
            wire.put(Frame(can_id << 18 | can_id, data, extended=True, fd=fd))
            if can_id % 50 == 0:
                await asyncio.sleep(0.001)
        for can_id, extended in sorted(profile.receive_ids):
            for length in lengths:
                wire.put(Frame(can_id, bytes(length), extended=extended, fd=fd))
            wire.put_bytes((can_id | 0x4000_0000).to_bytes(4, "little") + bytes(12))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        assert bench.ports[0].frames_received > 4096
        assert bench.service.manager.snapshot.occupant is Occupant.UNKNOWN
        assert not any('"kind":"command"' in line for line in bench.journal)
        bench.service.stop()
        assert replayed(profile, record) == bench.journal

    in_virtual_time(main)


def test_what_is_no_can_frame_is_no_frame() -> None:
    """Sizes and lengths that the kernel never gives."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        bench.start()
        for data in (b"\x01", bytes(15), bytes(17), bytes(71), bytes(4) + b"\x09" + bytes(11)):
            wire.put_bytes(data)
        wire.put_bytes(bytes(4) + b"\x0a" + bytes(67))  # FD, of a length that has no DLC
        wire.put_bytes(bytes(4) + b"\x48" + bytes(67))
        await asyncio.sleep(0.01)
        assert bench.ports[0].frames_received == 0
        assert bench.ports[0].up
        bench.service.stop()

    in_virtual_time(main)


# ---- another car ---------------------------------------------------------------------------------


def test_a_profile_of_another_car_is_told_with_those_that_fit() -> None:
    """Everything is heard until then; from then on only the profile's identifiers are."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, leaf = Wire(), load_profile("nissan_leaf")
        bench = Bench(loop, reference(), [wire])
        bench.start()
        assert wire.filters == []
        theirs = sorted(leaf.receive_ids - reference().receive_ids)
        while loop.now_us < 5_500_000:
            for can_id, extended in theirs:
                wire.put(Frame(can_id, bytes(8), extended=extended))
            await asyncio.sleep(0.1)
        await bench.service._hearing.acquaintance.told()
        (line,) = bench.said
        assert line.startswith("no identifier of profile reference in 5 s of traffic; ")
        assert f"nissan_leaf ({len(theirs)} in common)" in line
        assert len(wire.filters) == 1
        bench.service.stop()

    in_virtual_time(main)


def test_the_kernel_filters_for_the_profile_once_it_is_recognised() -> None:
    """With the first frame of the car, and from the start after a loss."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        wire.put(Encoder(profile).encode("DoorLockState", {"CarLock": 1}))
        await asyncio.sleep(0.01)
        (narrow,) = wire.filters
        ids = {(word & 0x1FFF_FFFF, bool(word >> 31)) for word, _ in narrow}
        assert ids == profile.receive_ids | profile.transmit_ids | profile.position_ids
        assert {mask for word, mask in narrow if not word >> 31} == {0xC000_07FF}
        assert {mask for word, mask in narrow if word >> 31} <= {0xDFFF_FFFF}
        wire.set_up(False)
        await asyncio.sleep(0.01)
        wire.set_up(True)
        await asyncio.sleep(1)
        assert wire.filters == [narrow, narrow]
        bench.service.stop()

    in_virtual_time(main)


# ---- variants ------------------------------------------------------------------------------------


def test_the_cars_variant_is_found_while_driving_and_replays(tmp_path: Path) -> None:
    """After 10 s of its frames; the recording says when, so the replay reads as the live run."""
    record = tmp_path / "drive.log"
    profile = load_profile("tesla_model3")
    assert profile.variant_names
    profile = replace(
        profile,
        variants=tuple(replace(variant, plausible=()) for variant in profile.variants[:1]),
    )

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, profile, [wire], record=record)
        bench.start()
        ids = sorted(profile.receive_ids)
        count = 0
        while loop.now_us < 42_000_000:
            for can_id, extended in ids:
                count += 1
                wire.put(Frame(can_id, bytes([count & 0xFF] * 8), extended=extended))
            await asyncio.sleep(0.1)
            if loop.now_us < 9_000_000:
                assert bench.service.variant is None
        assert bench.service.variant == profile.variant_names[0]
        assert bench.service._hearing.acquaintance.over
        bench.service.stop()
        events = read_events(events_path(record))
        picked = [(t, e) for t, e in events if isinstance(e, VariantPicked)]
        assert [e.variant for _, e in picked] == [profile.variant_names[0]]
        assert 10_000_000 <= picked[0][0] < 10_500_000
        assert replayed(profile, record) == bench.journal

    in_virtual_time(main)


# ---- the watchdog's question ---------------------------------------------------------------------


def test_a_service_lives_on_a_silent_bus() -> None:
    """Nobody speaks, and all is well."""

    async def main(loop: VirtualTimeLoop) -> None:
        bench = Bench(loop, reference(), [Wire()])
        bench.start()
        await bench.until(3_600_000_000)
        assert bench.service.alive()
        bench.service.stop()
        assert not bench.service.alive()

    in_virtual_time(main)


def test_a_channel_whose_frames_lie_unread_is_noticed() -> None:
    """Its reader has gone: the frames are only found because somebody looked."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        wire.stamp = lambda: EPOCH_US + 1_000_000
        bench.start()
        loop.remove_reader(wire.fileno())
        await bench.until(1_000_000)
        wire.put(Encoder(profile).encode("DoorLockState", {"CarLock": 1}))
        await bench.until(3_500_000)
        assert not bench.service.alive()
        assert bench.service.alive()
        bench.service.stop()

    in_virtual_time(main)


def test_an_exception_in_a_turn_ends_everything_at_once() -> None:
    """Nothing is decided or sent any more, the watchdog is not fed, and somebody is told."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire, profile = Wire(), reference()
        bench = Bench(loop, profile, [wire])
        bench.start()
        told: list[bool] = []
        bench.service.on_broken = lambda: told.append(True)

        def fail(*_: Any) -> None:
            raise AssertionError("a defect")

        bench.service.manager.handle = fail  # type: ignore[method-assign]
        with pytest.raises(AssertionError, match="a defect"):
            bench.service.give(InternalError("nothing in particular"))
        assert told == [True]
        assert not bench.service.alive()
        assert not bench.ports[0].up
        bench.service.give(Requested(Request.UNLATCH, Source.CLI))
        bench.service.stop()
        assert loop.timers == []

    in_virtual_time(main)


def test_a_listener_that_asks_for_something_is_heard_in_the_same_turn(tmp_path: Path) -> None:
    """A request that a journal entry provokes is decided after it, not within it."""
    record = tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> None:
        bench = Bench(loop, reference(), [Wire()], record=record)
        asked: list[int] = []

        def listen(now_us: int, entry: object) -> None:
            if isinstance(entry, Command) and entry.command is Demand.ENGAGE and not asked:
                asked.append(now_us)
                bench.service.give(Requested(Request.UNLATCH, Source.CLI))

        bench.service.listen(listen)
        bench.start()
        await CarOnWires(bench, CHARGE).drive(4_000_000)
        bench.service.stop()
        requests = [json.loads(line) for line in bench.journal if '"kind":"request"' in line]
        assert requests[0]["result"] == "accepted"
        assert requests[0]["t"] >= asked[0]
        assert replayed(reference(), record) == bench.journal

    in_virtual_time(main)


# ---- the wall clock ------------------------------------------------------------------------------

YEAR_US = 365 * 86_400 * 1_000_000


@pytest.mark.whole
@pytest.mark.parametrize("step_us", [-YEAR_US, YEAR_US, -3_000_000, 3_000_000, 300_000, -300_000])
def test_a_wall_clock_that_is_set_turns_no_time_and_stops_none(
    step_us: int, tmp_path: Path
) -> None:
    """The kernel's stamps jump with the wall clock; the journal and the recording do not."""
    record = tmp_path / "drive.log"

    async def main(loop: VirtualTimeLoop) -> Bench:
        wire = Wire()
        offset = [EPOCH_US]

        def wall() -> int:
            return offset[0] + loop.now_us

        wire.stamp = wall
        clock = LiveClock(lambda: loop.now_us * 1000, lambda: wall() * 1000)
        bench = Bench(loop, reference(), [wire], record=record, clock=clock)
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive())
        for moment_us in (800_000, 1_600_000, 9_000_000):
            await bench.until(moment_us)
            offset[0] += step_us
        await drive
        bench.service.stop()
        return bench

    bench: Bench = in_virtual_time(main)
    times = [json.loads(line)["t"] for line in bench.journal]
    assert times == sorted(times)
    assert 20_000_000 < times[-1] < CHARGE.end_us + 1_000_000
    assert not any('"kind":"fault"' in line for line in bench.journal)
    assert replayed(bench.profile, record) == bench.journal


def test_an_interface_that_fails_in_its_own_words_is_tried_again() -> None:
    """Unplugged (ENODEV) is a loss like any other."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        bench.start()
        real = wire.recv_into
        failing = [OSError(errno.ENODEV, "No such device")]

        def receive(*words: Any) -> Any:
            if failing:
                raise failing.pop()
            return real(*words)

        wire.recv_into = receive  # type: ignore[method-assign]
        bench.service.turn()
        assert bench.said == ["can0 is gone: No such device"]
        await asyncio.sleep(1)
        assert bench.ports[0].up
        bench.service.stop()

    in_virtual_time(main)
