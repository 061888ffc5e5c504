"""The journal of a live run is, byte for byte, the journal of a replay of its own recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from live_bench import (
    Bench,
    CarOnWires,
    VirtualTimeLoop,
    Wire,
    in_virtual_time,
    reference,
    replayed,
)

from vehicle.runtime.story import Story, read_story

STORIES = Path(__file__).resolve().parents[1] / "stories"
NAMES = (
    "ac_plug_charge_unlock_unplug",
    "ac_settings_changed_while_charging",
    "bad_checksums",
    "bus_sleep_is_no_loss",
    "dc_plug_charge_unlock_unplug",
    "manual_release",
    "stuck_pin_on_engage",
    "thread_adapter_stays_in_the_locked_car",
    "unlatch_wakes_the_bus",
)


def story_of(name: str) -> Story:
    return read_story(STORIES / f"{name}.toml")


def live(story: Story, record: Path, **options: object) -> Bench:
    """Play a story against a live service, in virtual time."""
    profile = reference()
    profile = replace(profile, car=story.car.apply(profile.car))

    async def main(loop: VirtualTimeLoop) -> Bench:
        bench = Bench(loop, profile, [Wire()], record=record, settings=story.settings, **options)
        bench.start()
        await CarOnWires(bench, story).drive()
        bench.service.stop()
        return bench

    return in_virtual_time(main)


@pytest.mark.parametrize("name", NAMES)
def test_a_drive_is_replayed_to_the_very_same_journal(name: str, tmp_path: Path) -> None:
    """Requests, settings, strokes, faults and sleep, each at the very same microsecond."""
    record = tmp_path / "drive.log"
    bench = live(story_of(name), record)
    assert len(bench.journal) > 40
    assert replayed(bench.profile, record) == bench.journal
