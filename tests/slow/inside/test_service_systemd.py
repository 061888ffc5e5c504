"""The service as an owner's car has it: installed, started by systemd, asked, killed and removed.

The car is a process of its own on vcan0, and other control units' traffic plays beside it: a real
recording where one is at hand. The tests tell one story, in their order.
"""

from __future__ import annotations

import grp
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bus_bench import bus
from bus_load import BusLoad
from car_process import CarProcess, until
from installed_bench import NOBODY, chargelock, install, shown, traces
from recordings import LOGS

from vehicle.wire.codec import Decoder
from vehicle.wire.frame import Frame
from vehicle.wire.profile import load_profile

pytestmark = pytest.mark.slow

STATE = Path("/var/lib/chargelock")
FRAMES_A_SECOND = 400
CHARGING = "charging allowed: AC car car locked, charging, inlet energised"
"""What the status says of a car that charges in peace."""


@pytest.fixture(scope="module")
def before() -> list[str]:
    """What bears the service's name before anything is installed."""
    return traces()


@pytest.fixture(scope="module")
def car(before) -> Iterator[CarProcess]:
    """Give the car, with the service installed on its bus."""
    install()
    recording = LOGS / "kona_2019_power_cycle_no_cable/kona_2019_power_cycle_no_cable.log.gz"
    load = BusLoad("vcan0", recording if recording.exists() else None, FRAMES_A_SECOND)
    with CarProcess("vcan0") as car, load:
        done = chargelock("service", "install", "--channel", "vcan0", "--profile", "reference")
        assert done.returncode == 0, done
        yield car
        assert load.sent > 0


def said(*words: str, by: tuple[str, ...] = (), code: int = 0) -> str:
    """Return what the command said, on one line; it must end with ``code``."""
    done = chargelock(*words, by=by)
    assert done.returncode == code, done
    return " ".join((done.stdout + done.stderr).split())


def status() -> str:
    return said("status")


def until_status(words: str) -> None:
    until(lambda: words in status(), status)


def journal() -> list[dict[str, Any]]:
    """Return the journal since the service's latest start."""
    return [json.loads(line) for line in (STATE / "journal.jsonl").read_text().splitlines()]


def alive() -> dict[str, str]:
    return shown("ActiveState", "SubState", "NRestarts", "MainPID")


def until_restarted(before: dict[str, str]) -> None:
    """Wait until systemd has a new process and that one has said that it is ready."""

    def ready() -> bool:
        now = alive()
        return now["SubState"] == "running" and now["NRestarts"] > before["NRestarts"]

    until(ready, alive)


def test_installed_it_runs_without_any_privilege(car):
    told = alive()
    assert (told["ActiveState"], told["SubState"]) == ("active", "running")
    lines = Path("/proc", told["MainPID"], "status").read_text().splitlines()
    facts = dict(line.split(":\t", 1) for line in lines)
    gid = str(grp.getgrnam("chargelock").gr_gid)
    assert "0" not in facts["Uid"].split()
    assert set(facts["Gid"].split()) == {gid}
    assert {facts[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")


def test_its_exposure_is_low(car):
    told = subprocess.run(
        ["systemd-analyze", "security", "chargelock.service"],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in told.stdout.splitlines() if "Overall exposure" in line]
    assert float(line.split(":")[1].split()[0]) <= 1.5


def test_status_and_why_say_what_is_held_and_by_which_rule(car):
    until_status("Nothing is plugged in.")
    car.do("plug", supply="ac", limit_a=32, amps=16)
    car.do("lock_car")
    car.until(latch="engaged", amps="16")
    until_status(f"The connector is locked to the car. latch engaged adapter released {CHARGING}")
    for words in (
        "The charge-port latch is engaged: Dangerous voltage may be on the inlet",
        "because inlet energised for",
        "lock free if someone asks for it (chargelock unlatch; it stops the charge first)",
    ):
        until(lambda words=words: words in said("why"), lambda: said("why"))


def test_everybody_may_ask_and_only_root_and_the_group_may_change(car):
    assert "car locked" in said("status", by=NOBODY)
    assert "not allowed" in said("unlatch", by=NOBODY, code=3)
    assert "not allowed" in said("settings", "set", "auto-lock", "off", by=NOBODY, code=3)
    gid = grp.getgrnam("chargelock").gr_gid
    member = (*NOBODY[:-1], f"--groups={gid}")
    assert "release-when-full is now on" in said(
        "settings", "set", "release-when-full", "on", by=member
    )
    assert "release-when-full is now off" in said("settings", "unset", "release-when-full")
    assert car.truth()["latch"] == "engaged"


def test_a_stopped_process_is_restarted_by_the_watchdog(car):
    before = alive()
    subprocess.run(["kill", "-STOP", before["MainPID"]], check=True)
    until_restarted(before)
    until_status(CHARGING)
    assert car.truth()["latch"] == "engaged"


def test_a_killed_process_is_back_and_moves_nothing_to_find_the_pins(car):
    before = alive()
    profile = load_profile("reference")
    decoder = Decoder(profile)
    (command,) = [can_id for can_id, m in profile.dbc.by_id.items() if m.name == "LockCommand"]
    filters = [{"can_id": command[0], "can_mask": 0x7FF, "extended": False}]
    with bus("vcan0", can_filters=filters) as ear:
        subprocess.run(["kill", "-KILL", before["MainPID"]], check=True)
        until_restarted(before)
        until_status(CHARGING)
        driven = []
        while (message := ear.recv(0)) is not None:
            values = decoder.decode(Frame(message.arbitration_id, bytes(message.data)))
            driven.append((values or {}).get("LatchCommand", 0))
    assert driven
    assert set(driven) == {0}
    lines = journal()
    assert not any(line["kind"] == "command" for line in lines)
    latch = [line for line in lines if line["kind"] == "actuator" and line["actuator"] == "latch"]
    assert [line["state"] for line in latch][:2] == ["unknown", "engaged"]
    assert car.truth()["latch"] == "engaged"


def test_unlatch_stops_the_charge_and_releases_and_the_doors_stay_locked(car):
    steps = said("unlatch")
    told = ["accepted", "asked to stop", "no energy is on the inlet", "releasing", ": released"]
    places = [steps.index(each) for each in told]
    assert places == sorted(places)
    assert car.truth().items() >= {"latch": "released", "amps": "0", "doors": "locked"}.items()
    assert status().startswith("The connector is not locked: anyone can take it out.")


def test_auto_lock_off_says_what_it_gives_up_and_survives_a_restart(car):
    car.do("unplug")
    until_status("Nothing is plugged in.")
    words = said("settings", "set", "auto-lock", "off")
    assert words.startswith("auto-lock is now off gives up auto-lock off: Anyone can take the")
    subprocess.run(["systemctl", "restart", "chargelock"], check=True)
    assert "auto-lock off yours; otherwise on" in said("settings", "show")
    car.do("plug", supply="ac", limit_a=16, amps=16)
    car.until(amps="16")
    until_status("charging allowed: AC up to 16 A car car locked, charging")
    until_status("The connector is not locked: anyone can take it out.")
    until(lambda: "setting auto-lock is off" in said("why"), lambda: said("why"))
    assert car.truth()["latch"] == "released"


def test_uninstall_keeps_what_the_owner_chose_and_purge_leaves_nothing(car, before):
    assert "removed /etc/systemd/system/chargelock.service" in said("service", "uninstall")
    assert (STATE / "settings.toml").exists()
    assert "no service" in said("status", code=4)
    assert "removed group chargelock" in said("service", "uninstall", "--purge")
    assert traces() == before
    assert shown("LoadState") == {"LoadState": "not-found"}
    assert "nothing to remove" in said("service", "uninstall", code=1)
