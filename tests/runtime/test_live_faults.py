"""The live service when its disk fails, and when somebody else speaks as a unit of the car."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live_bench import Bench, CarOnWires, VirtualTimeLoop, Wire, in_virtual_time, reference
from memory_bench import later

from vehicle.core.car import Actuator
from vehicle.core.inputs import Requested
from vehicle.core.names import PinState, Request, Source
from vehicle.core.outputs import Entry
from vehicle.core.signals import CarLock
from vehicle.runtime.journal import to_line
from vehicle.runtime.journal_log import JournalLog
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.memory_keeper import MemoryKeeper
from vehicle.runtime.plant import StartState
from vehicle.runtime.story import read_story
from vehicle.wire.codec import Encoder

CHARGE = read_story(
    Path(__file__).resolve().parents[1] / "stories" / "ac_plug_charge_unlock_unplug.toml"
)


def driven(folder: Path, fill: Callable[[Path], Any] | None = None) -> tuple[list[str], list[str]]:
    """Play a charge with all that writes in ``folder``; return the decisions and what was said.

    ``fill`` fills the disk at 1 s, before anything is plugged in.
    """

    async def main(loop: VirtualTimeLoop) -> Bench:
        bench = Bench(loop, reference(), [Wire()], record=folder / "bus.log")
        car = reference().car
        keeper = MemoryKeeper(
            MemoryFile(folder / "memory.json", "reference", car),
            car,
            lambda: loop.now_us,
            bench.said.append,
            lambda: later(loop.now_us / 1e6),
        )
        bench.service.on_memory = keeper.note
        log = JournalLog(folder / "journal.jsonl", trouble=bench.said.append)

        def write(now_us: int, entry: Entry) -> None:
            log.write(to_line(now_us, entry))

        bench.service.listen(write)
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, CHARGE).drive())
        await bench.until(1_000_000)
        if fill is not None:
            fill(folder)
        await drive
        bench.service.stop()
        await keeper.close()
        log.close()
        return bench

    bench: Bench = in_virtual_time(main)
    return bench.journal, bench.said


def fill_up(folder: Path) -> None:
    """Leave not one byte."""
    with (folder / "full").open("wb", buffering=0) as full, suppress(OSError):
        while True:
            full.write(b"x" * 50)


def test_on_a_full_disk_every_decision_is_made_and_each_loss_is_told_once(
    small_disk: Path, tmp_path: Path
) -> None:
    """Recording, journal and memory end; strokes, permit and faults are what they are anyway."""
    usual, _ = driven(tmp_path)
    decided, said = driven(small_disk, fill_up)
    assert decided == usual
    assert '"kind":"command"' in "\n".join(decided)
    for what in ("recording has ended", "the journal has ended", "is not kept"):
        assert len([line for line in said if what in line]) == 1, said
    assert len(said) == 3


@pytest.mark.parametrize("phase", [0, 1, 7])
def test_two_senders_of_a_protected_message_are_noticed_and_neither_is_believed(
    phase: int,
) -> None:
    """The second one has good checksums and a counter of its own. Its word never counts."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, reference(), [wire])
        bench.start()
        car, stranger = Encoder(reference()), Encoder(reference())
        for _ in range(phase):
            stranger.encode("DoorLockState", {"CarLock": 2})
        for cycle in range(80):
            wire.put(car.encode("DoorLockState", {"CarLock": 1}))
            await asyncio.sleep(0.02)
            if cycle > 20:
                wire.put(stranger.encode("DoorLockState", {"CarLock": 2}))
            await asyncio.sleep(0.03)
        assert bench.service.manager.snapshot.car_lock is CarLock.UNKNOWN
        bench.service.stop()
        told = [json.loads(line) for line in bench.journal]
        values = [each["value"] for each in told if each.get("signal") == "car_lock"]
        assert values == ["unknown", "locked", "unknown"]
        states = [each["state"] for each in told if each["kind"] == "message"]
        assert states[0] == "invalid"

    in_virtual_time(main)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "lost"])
def test_what_was_released_on_request_stays_free_after_a_kill_in_a_locked_car(
    kept: bool, tmp_path: Path
) -> None:
    """And it is the memory that holds it so: without it the pin engages again."""
    start = StartState(
        doors="locked", connector=True, latch="engaged", supply="ac", session="complete"
    )
    story = replace(CHARGE, start=start, steps=())
    car = reference().car
    file = MemoryFile(tmp_path / "memory.json", "reference", car)

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        first = Bench(loop, reference(), [wire])
        keeper = MemoryKeeper(
            file, car, lambda: loop.now_us, first.said.append, lambda: later(loop.now_us / 1e6)
        )
        first.service.on_memory = keeper.note
        first.start()
        driver = CarOnWires(first, story)
        drive = asyncio.create_task(driver.drive(5_000_000))
        await first.until(2_000_000)
        first.service.give(Requested(Request.UNLATCH, Source.CLI))
        await drive
        assert first.service.manager.pin(Actuator.LATCH).state is PinState.RELEASED
        first.service._end()  # nothing is said or written any more, as after a kill
        await keeper.close()  # its thread takes real time, in which the loop's clock may leap
        memory = file.read(later(5.2)).memory if kept else None
        second = Bench(loop, reference(), [wire], memory=memory)
        second.start()
        again = CarOnWires(second, story)
        again._car = driver._car
        await again.drive(loop.now_us + 15_000_000)
        engaged = '"command":"engage"' in "\n".join(second.journal)
        assert engaged is not kept
        second.service.stop()

    in_virtual_time(main)
