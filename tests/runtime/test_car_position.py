"""A car that tells its position: the owner's zones make a name of it, and nothing else is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_bench import Bench, CarOnWires, Wire, in_virtual_time, reference, replayed

from vehicle.core.signals import Place
from vehicle.runtime.control_place import PlaceControl
from vehicle.runtime.orders import Step
from vehicle.runtime.plant import StartState
from vehicle.runtime.story import Story
from vehicle.runtime.surroundings import Surroundings
from vehicle.runtime.zones import Position, Zone, ZoneFile
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame

SECOND_US = 1_000_000
HOME = (52.3731234, 4.8926123)
ELSEWHERE = (51.9876543, 4.1234567)
PARKED = StartState(connector=True, latch="engaged", supply="ac", session="complete")


def position(latitude: float, longitude: float) -> Frame:
    encoder = Encoder(reference(), "can0")
    says = {"Latitude": latitude, "Longitude": longitude}
    return encoder.encode("NavigationPosition", says)


def lived(
    tmp_path: Path,
    moments: dict[int, Frame],
    *steps: Step,
    zones: dict[Place, Zone] | None = None,
    start: StartState = PARKED,
    end_s: int = 10,
) -> Bench:
    """Let a car stand on a wire with a service, and tell frames at some seconds."""

    async def main(loop) -> Bench:
        bench = Bench(loop, reference(), [Wire()], record=tmp_path / "drive.log")
        file = ZoneFile(tmp_path / "zones.toml")
        file.zones = {Place.HOME: Zone(Position(*HOME))} if zones is None else zones
        around = Surroundings(bench.service)
        PlaceControl(around, file)
        bench.start()
        for second, frame in moments.items():
            at = loop.call_at(second, bench.wires[0].put, frame)
            assert at.when() == second
        story = Story("s", "S.", "", end_s * SECOND_US, start=start, steps=steps, jitter_us=0)
        await CarOnWires(bench, story).drive()
        around.stop()
        bench.service.stop()
        return bench

    return in_virtual_time(main)


def places(bench: Bench) -> list[str]:
    """Return the places that were told, in order."""
    lines = [line for line in bench.journal if '"signal":"place"' in line]
    return [line.partition('"value":"')[2].partition('"')[0] for line in lines][1:]


def test_a_position_on_the_cars_bus_becomes_a_place(tmp_path: Path) -> None:
    told = {3: position(*HOME), 4: position(*HOME), 6: position(*ELSEWHERE)}
    assert places(lived(tmp_path, told)) == ["home", "away"]


def test_no_position_is_in_journal_or_recording_and_a_replay_is_the_same(tmp_path: Path) -> None:
    frame = position(*HOME)
    bench = lived(tmp_path, {3: frame, 6: position(*ELSEWHERE)})
    kept = "".join(path.read_text() for path in tmp_path.iterdir()) + "".join(bench.journal)
    assert '"place":"home"' in kept
    for trace in ("2A0#", frame.data.hex(), frame.data.hex().upper(), "52.37", "4.89", "51.98"):
        assert trace not in kept
    assert replayed(reference(), tmp_path / "drive.log") == bench.journal


def test_the_kernel_lets_the_position_through(tmp_path: Path) -> None:
    bench = lived(tmp_path, {})
    filters = bench.wires[0].filters[-1]
    assert reference().position_ids <= {(can_id & 0x7FF, False) for can_id, _ in filters}


@pytest.mark.whole
@pytest.mark.parametrize(
    "data", [bytes(8), b"\x00\x00\x00\x80" * 2, b"\xff\xff\xff\x7f" * 2, b"\x01", b""]
)
def test_a_frame_that_says_no_position_says_no_place(tmp_path: Path, data: bytes) -> None:
    frame = position(*HOME)._replace(data=data)
    assert places(lived(tmp_path, {3: frame})) == (["away"] if data == bytes(8) else [])


@pytest.mark.whole
def test_without_zones_a_position_says_nothing(tmp_path: Path) -> None:
    assert places(lived(tmp_path, {3: position(*HOME)}, zones={})) == []


def test_a_place_that_the_car_names_itself_counts_more_than_its_position(tmp_path: Path) -> None:
    names = StartState(
        connector=True, latch="engaged", supply="ac", surroundings=True, place="work"
    )
    assert places(lived(tmp_path, {5: position(*HOME)}, start=names)) == ["work"]
