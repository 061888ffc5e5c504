"""Which bus is on which channel, and that each bus is spoken to on its own channel only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from live_bench import Bench, VirtualTimeLoop, Wire, in_virtual_time, reference

from vehicle.core.names import FaultName
from vehicle.core.outputs import Fault
from vehicle.runtime.wiring import Wiring, WiringError
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile, profile_path


@pytest.fixture(scope="session")
def two_buses(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The reference car with its doors on a bus of their own, on which it takes the status."""
    folder = tmp_path_factory.mktemp("car")
    source = profile_path("reference")
    text = source.read_text(encoding="utf-8")
    for message in ("DoorLockState", "KeyState", "LockStatus"):
        text = text.replace(f"[message.{message}]\n", f'[message.{message}]\nbus = "body"\n')
    (folder / "reference.toml").write_text(text, encoding="utf-8")
    dbc = source.with_name("chargelock.dbc")
    (folder / dbc.name).write_bytes(dbc.read_bytes())
    return load_profile(str(folder / "reference.toml"))


def ids_of(profile: Profile, bus: str) -> set[tuple[int, bool]]:
    specs = profile.messages.values()
    return {(spec.can_id, spec.extended) for spec in specs if spec.bus == bus}


def test_with_one_channel_every_bus_is_on_it(two_buses: Profile) -> None:
    wiring = Wiring(two_buses, ["can0"])
    assert set(wiring.buses) == {"body", "main"}
    assert list(wiring.known_channels_of("body")) == ["can0"]
    assert wiring.failed(set()) == set()
    assert wiring.failed({"can0"}) == {"body", "main"}


def test_a_bus_is_where_its_frames_are_heard(two_buses: Profile) -> None:
    wiring = Wiring(two_buses, ["can0", "can1"])
    assert list(wiring.known_channels_of("main")) == []
    assert wiring.failed({"can1"}) == set()
    assert wiring.failed({"can0", "can1"}) == {"body", "main"}
    for can_id in ids_of(two_buses, "body"):
        wiring.hear("can1", can_id)
    assert wiring.known_channels_of("body") == {"can1"}
    assert wiring.failed({"can1"}) == {"body"}
    assert wiring.failed({"can0"}) == set()
    wiring.hear("can0", (0x7FF, False))
    assert list(wiring.known_channels_of("main")) == []


def test_a_named_bus_is_on_its_channel_only(two_buses: Profile) -> None:
    wiring = Wiring(two_buses, ["can0", "can1"], {"body": "can1"})
    assert wiring.failed({"can1"}) == {"body"}
    for can_id in ids_of(two_buses, "body"):
        wiring.hear("can0", can_id)
    assert wiring.known_channels_of("body") == ("can1",)
    assert not ids_of(two_buses, "body") & wiring.ids_on("can0")
    ids = two_buses.receive_ids | two_buses.transmit_ids | two_buses.position_ids
    assert wiring.ids_on("can1") == ids


def test_an_unknown_bus_is_refused_with_the_nearest(two_buses: Profile) -> None:
    with pytest.raises(WiringError, match='has no bus "bodi"; did you mean "body"'):
        Wiring(two_buses, ["can0"], {"bodi": "can0"})


def test_a_bus_that_is_only_sent_on_must_be_named(tmp_path: Path, two_buses: Profile) -> None:
    text = two_buses.path.read_text(encoding="utf-8")
    for message in ("DoorLockState", "KeyState"):
        text = text.replace(f'[message.{message}]\nbus = "body"\n', f"[message.{message}]\n")
    (tmp_path / "reference.toml").write_text(text, encoding="utf-8")
    dbc = two_buses.path.with_name("chargelock.dbc")
    (tmp_path / dbc.name).write_bytes(dbc.read_bytes())
    profile = load_profile(str(tmp_path / "reference.toml"))
    with pytest.raises(WiringError, match="name it: --channel body=can0"):
        Wiring(profile, ["can0", "can1"])
    Wiring(profile, ["can0", "can1"], {"body": "can1"})
    Wiring(profile, ["can0"])


def test_each_bus_is_spoken_to_where_it_is_and_while_it_is_awake(two_buses: Profile) -> None:
    """The command goes to the charge port's bus, the status to the doors'; a sleeper is left."""

    async def main(loop: VirtualTimeLoop) -> None:
        port, body = Wire("can0"), Wire("can1")
        bench = Bench(loop, two_buses, [port, body])
        bench.start()
        encoder = Encoder(two_buses)

        async def speak(wire: Wire, message: str, seconds: float) -> None:
            for _ in range(int(seconds * 10)):
                wire.put(encoder.encode(message, {}))
                await asyncio.sleep(0.1)

        await speak(port, "ChargePortState", 3)
        command, status = (two_buses.transmit[kind].spec.can_id for kind in ("command", "status"))
        assert {frame.can_id for frame in port.sent} == {command}
        assert body.sent == []
        await speak(body, "DoorLockState", 5)
        assert {frame.can_id for frame in port.sent} == {command}
        assert {frame.can_id for frame in body.sent} == {status}
        sent = len(port.sent)
        await speak(body, "DoorLockState", 3)
        assert len(port.sent) == sent
        bench.service.stop()

    in_virtual_time(main)


def test_on_a_bus_of_another_car_nothing_is_said() -> None:
    """Its frames show that the bus is awake, but not that anybody there knows us."""

    async def main(loop: VirtualTimeLoop) -> None:
        wires = [Wire("can0"), Wire("can1")]
        bench = Bench(loop, reference(), wires)
        bench.start()
        for number in range(200):
            for wire in wires:
                wire.put(Frame(0x7F0 + number % 8, bytes(8)))
            await asyncio.sleep(0.1)
        assert wires[0].sent == wires[1].sent == []
        bench.service.stop()

    in_virtual_time(main)


def test_the_loss_of_one_bus_of_two_is_told_and_the_other_is_heard_on(two_buses: Profile) -> None:
    """The lost one's values are unknown; the safe state holds until it is back."""

    async def main(loop: VirtualTimeLoop) -> None:
        port, body = Wire("can0"), Wire("can1")
        bench = Bench(loop, two_buses, [port, body], named={"main": "can0", "body": "can1"})
        bench.start()
        encoder = Encoder(two_buses)
        for number in range(100):
            port.put(encoder.encode("ChargePortState", {"LatchPosition": 1}))
            body.put(encoder.encode("DoorLockState", {"CarLock": 2}))
            if number == 20:
                body.set_up(False)
            if number == 60:
                body.set_up(True)
            await asyncio.sleep(0.1)
            lost = (FaultName.BUS_LOST, None) in bench.service.manager.faults
            if 21 < number < 59:
                assert lost
                assert str(bench.service.manager.snapshot.latch) == "released"
            if number > 72:
                assert not lost
                assert str(bench.service.manager.snapshot.car_lock) == "unlocked"
        told = [e for _, e in bench.service.journal if isinstance(e, Fault)]
        assert [e.active for e in told if e.fault is FaultName.BUS_LOST] == [True, False]
        bench.service.stop()

    in_virtual_time(main)
