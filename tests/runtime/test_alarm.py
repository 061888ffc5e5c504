"""The one timer: set late enough to save work, and early enough to miss nothing."""

from __future__ import annotations

from live_bench import VirtualTimeLoop, in_virtual_time

from vehicle.runtime.alarm import Alarm
from vehicle.runtime.clock import LiveClock


def alarm(loop: VirtualTimeLoop, rung: list[int]) -> Alarm:
    """Return an alarm that notes when it rang."""
    clock = LiveClock(lambda: loop.now_us * 1000, lambda: loop.now_us * 1000)
    return Alarm(clock, lambda: rung.append(loop.now_us))


async def until(loop: VirtualTimeLoop, moment_us: int) -> None:
    done = loop.create_future()
    loop.call_at(moment_us / 1e6, done.set_result, None)
    await done


def test_it_rings_once_when_it_is_due() -> None:
    async def main(loop: VirtualTimeLoop) -> None:
        rung: list[int] = []
        alarm(loop, rung).set(5_000)
        await until(loop, 1_000_000)
        assert rung == [5_000]

    in_virtual_time(main)


def test_what_is_put_off_leaves_the_timer_and_what_is_due_sooner_moves_it() -> None:
    async def main(loop: VirtualTimeLoop) -> None:
        rung: list[int] = []
        one = alarm(loop, rung)
        one.set(5_000)
        one.set(9_000)
        assert (one.holds(8_999), one.holds(9_000)) == (True, False)
        await until(loop, 6_000)
        assert rung == [5_000]
        assert not one.holds(6_000), "nothing rings any more, though something is due at 9,000"
        one.set(9_000)
        one.set(7_000)
        await until(loop, 1_000_000)
        assert rung == [5_000, 7_000]

    in_virtual_time(main)


def test_where_nothing_is_due_it_never_rings() -> None:
    async def main(loop: VirtualTimeLoop) -> None:
        rung: list[int] = []
        one = alarm(loop, rung)
        assert one.holds(10**12)
        one.set(5_000)
        one.set(None)
        assert one.holds(10**12)
        await until(loop, 1_000_000)
        one.set(2_000_000)
        one.stop()
        await until(loop, 3_000_000)
        assert rung == []

    in_virtual_time(main)


def test_what_is_overdue_rings_at_once() -> None:
    async def main(loop: VirtualTimeLoop) -> None:
        rung: list[int] = []
        one = alarm(loop, rung)
        await until(loop, 50_000)
        one.set(20_000)
        await until(loop, 50_010)
        assert len(rung) == 1

    in_virtual_time(main)
