"""When the memory is written: at once, only for what matters, not too often, never in the way."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from live_bench import Bench, CarOnWires, VirtualTimeLoop, Wire, in_virtual_time, reference
from memory_bench import CAR, THEN, S, file_in, later, remembering

from vehicle.core.memory import Memory, Timer
from vehicle.core.restart import aged, surviving
from vehicle.core.signals import KeyZone
from vehicle.core.snapshot import Snapshot
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.memory_keeper import AGAIN_S, BURST, EVERY_S, MemoryKeeper
from vehicle.runtime.outage import Moment
from vehicle.runtime.story import read_story

STORY = Path(__file__).resolve().parents[1] / "stories" / "ac_plug_charge_unlock_unplug.toml"


class Slow(MemoryFile):
    """A file on a disk that takes its time, or fails."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "memory.json", "reference", CAR)
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error: BaseException | None = None

    def write(self, memory: Memory, moment: Moment) -> None:
        self.may_go_on.wait(60)
        if self.error is not None:
            raise self.error
        super().write(memory, moment)


def at(hold_s: float) -> Memory:
    """Return a memory as the service tells it: its times as moments of the clock."""
    return remembering(hold_s)


def keeping(main: Callable[[MemoryKeeper, Slow, list[str]], object], folder: Path) -> None:
    async def run(loop: VirtualTimeLoop) -> None:
        said: list[str] = []
        file = Slow(folder)

        def moment() -> Moment:
            return later(loop.now_us / S)

        keeper = MemoryKeeper(file, CAR, lambda: loop.now_us, said.append, moment)
        await main(keeper, file, said)  # type: ignore[misc]
        await keeper.close()

    in_virtual_time(run)


async def idle(keeper: MemoryKeeper) -> None:
    """Wait until nothing is being written, in no time at all."""
    while keeper._writing is not None:
        await asyncio.wait([keeper._writing])


def test_a_change_is_written_at_once_with_the_time_that_is_left(tmp_path: Path) -> None:
    async def main(keeper: MemoryKeeper, file: Slow, said: list[str]) -> None:
        await asyncio.sleep(100)
        keeper.note(at(290))
        await idle(keeper)
        found = file.read(later(110)).memory
        assert dict(found.timers) == {Timer.POWER_CUT_HOLD: 180 * S}
        assert said == []

    keeping(main, tmp_path)


def test_nothing_is_written_for_what_is_only_sensed_or_gets_older(tmp_path: Path) -> None:
    """A key that comes and goes all day costs the disk nothing."""

    async def main(keeper: MemoryKeeper, _: Slow, __: list[str]) -> None:
        for zone in list(KeyZone) * 50:
            keeper.note(replace(at(290), snapshot=Snapshot(key=zone), ages_us=(-5,) * 13))
            await asyncio.sleep(0.3)
        assert keeper.writes == 1
        assert keeper._timer is None

    keeping(main, tmp_path)


def test_a_disk_that_takes_its_time_delays_nothing_and_only_the_latest_is_written(
    tmp_path: Path,
) -> None:
    """The service goes on deciding meanwhile; what was overtaken is never written."""

    async def main(keeper: MemoryKeeper, file: Slow, _: list[str]) -> None:
        file.may_go_on.clear()
        for hold_s in range(1, 1000):
            keeper.note(at(hold_s))
            await asyncio.sleep(0)
        assert keeper.writes == 1
        file.may_go_on.set()
        await idle(keeper)
        assert keeper.writes == 2
        assert file.read(later(0)).memory == at(999)

    keeping(main, tmp_path)


def test_a_memory_that_never_stops_changing_is_written_so_often_and_no_more(
    tmp_path: Path,
) -> None:
    """A loose contact: 20 changes at once, then one every 10 s, and the latest last."""

    async def main(keeper: MemoryKeeper, file: Slow, _: list[str]) -> None:
        for change in range(600):
            keeper.note(at(100_000 + change))
            await idle(keeper)
            await asyncio.sleep(1)
        assert BURST <= keeper.writes <= BURST + 1 + 600 / EVERY_S
        await asyncio.sleep(2 * EVERY_S)
        await idle(keeper)
        assert keeper._written == at(100_000 + 600 - 1)
        assert keeper._timer is None

    keeping(main, tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_is_told_once_and_tried_again(tmp_path: Path, number: int) -> None:
    async def main(keeper: MemoryKeeper, file: Slow, said: list[str]) -> None:
        file.error = OSError(number, os.strerror(number))
        for hold_s in range(1, 100):
            keeper.note(at(hold_s))
            await idle(keeper)
            await asyncio.sleep(1)
        assert keeper.writes <= 3
        (words,) = said
        assert f"is not kept ({os.strerror(number)}); make room" in words
        file.error = None
        await asyncio.sleep(2 * AGAIN_S)
        await idle(keeper)
        assert said[1:] == [f"{file.path}: what is remembered is kept again"]
        assert keeper._written == at(99)

    keeping(main, tmp_path)


def test_the_last_word_is_written_before_the_end(tmp_path: Path) -> None:
    """Also while a write is under way, and where there were too many of late."""

    async def main(keeper: MemoryKeeper, file: Slow, _: list[str]) -> None:
        for hold_s in range(3 * BURST):
            keeper.note(at(1000 + hold_s))
            await idle(keeper)
        assert keeper._timer is not None
        asyncio.get_running_loop().call_soon(file.may_go_on.set)
        file.may_go_on.clear()
        keeper.note(at(4321))
        await keeper.close()
        assert file.read(later(0)).memory == at(4321)

    keeping(main, tmp_path)


def test_an_end_on_a_full_disk_is_an_end(tmp_path: Path) -> None:
    async def main(keeper: MemoryKeeper, file: Slow, said: list[str]) -> None:
        file.error = OSError(errno.ENOSPC, "No space left on device")
        keeper.note(at(1))
        await keeper.close()
        assert len(said) == 1
        assert keeper._timer is None

    keeping(main, tmp_path)


def test_a_mistake_of_ours_in_writing_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    async def main(keeper: MemoryKeeper, file: Slow, said: list[str]) -> None:
        file.error = TypeError("a mistake")
        keeper.note(at(1))
        await keeper.close()
        assert said == []

    with pytest.raises(AssertionError, match="a mistake"):
        keeping(main, tmp_path)


def test_a_live_service_keeps_its_memory_through_a_whole_charge(tmp_path: Path) -> None:
    """At every moment that nothing is being written the file holds what a restart takes up."""
    file = file_in(tmp_path)

    async def main(loop: VirtualTimeLoop) -> None:
        bench = Bench(loop, reference(), [Wire()])
        car = reference().car
        keeper = MemoryKeeper(
            MemoryFile(file.path, "reference", car), car, lambda: loop.now_us, bench.said.append,
            lambda: later(loop.now_us / S),
        )  # fmt: skip
        bench.service.on_memory = keeper.note
        bench.start()
        drive = asyncio.create_task(CarOnWires(bench, read_story(STORY)).drive())
        while not drive.done():
            await asyncio.sleep(1.1)
            await idle(keeper)
            manager, now_us = bench.service.manager, loop.now_us
            if manager.deadline_us is not None and manager.deadline_us < now_us:
                continue  # the service's turn is about to come
            kept = surviving(manager.memory_at(now_us), car)
            assert file.read(later(now_us / S)).memory == aged(kept, 0)
        await drive
        bench.service.stop()
        await keeper.close()
        assert bench.said == []
        assert 5 < keeper.writes < 40

    in_virtual_time(main)
    assert file.read(THEN).memory != Memory()
