"""The README's four commands, typed as they stand there, and what ``why`` answers in each case.

"Never lock at home, lock on the street, free the cable ten minutes after full at a post, let my
neighbour take it once tonight": with the control socket, the settings and the passes on disk, the
decision loop and a simulated car.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from owners_car import OwnersCar, Served, served

from vehicle.cli.main import main
from vehicle.runtime.plant import StartState

README = Path(__file__).resolve().parents[2] / "README.md"
COMMANDS = re.findall(
    r"^\$ (chargelock .*)$",
    README.read_text(encoding="utf-8").partition("<!-- owner -->")[2].partition("```\n\n")[0],
    re.MULTILINE,
)
UNPLUGGED = StartState(doors="unlocked", key="near")


class Owner:
    """Someone who has read the README, and their car."""

    def __init__(self, bench: Served) -> None:
        self.bench = bench
        self.said = [self.type(command) for command in COMMANDS]

    def type(self, command: str) -> str:
        """Type a command; return what it prints."""
        name, *words = shlex.split(command)
        assert name == "chargelock"
        done = CliRunner().invoke(main, [*words, "--socket", str(self.bench.path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    def why(self) -> str:
        return self.type("chargelock why")

    def stand(self, place: str) -> None:
        """Drive somewhere; the navigation unit tells where."""
        self.type(f"chargelock place tell {place}")

    def do(self, what: str, **values: object) -> None:
        """Do something with the car, and wait a little."""

        def done() -> None:
            self.bench.car.do(what, **values)
            self.bench.car.advance(5)

        self.bench.do(done)

    def plug(self, amps: int = 16) -> None:
        self.do("plug", supply="ac", limit_a=amps, amps=amps, charge=True)

    def wait(self, minutes: float) -> None:
        self.bench.do(lambda: self.bench.car.advance(minutes * 60))

    @property
    def latch(self) -> str:
        return self.bench.car.plant.truth()["latch"]


@pytest.fixture
def owner() -> Iterator[Owner]:
    """An owner beside a car with nothing plugged in, who has typed the four commands."""
    with served(OwnersCar(UNPLUGGED)) as bench:
        yield Owner(bench)


def test_there_are_four_commands_and_each_says_what_it_gives_up(owner) -> None:
    assert len(COMMANDS) == 4
    assert "gives up  auto-lock off when place=home" in owner.said[0]
    assert "latch-mode is now always when place=away" in owner.said[1]
    assert "release-grace-min is now 10 when place=away" in owner.said[2]
    assert "gives up  release-when-full on when place=away" in owner.said[2]


def test_at_home_nothing_is_locked_and_why_says_because_of_the_place(owner) -> None:
    owner.stand("home")
    owner.plug()
    owner.do("lock_car")
    assert owner.latch == "released"
    assert "auto-lock is off, by your override when place=home" in owner.why()
    owner.do("complete")
    assert owner.latch == "released"
    told = owner.why()
    assert "Auto-lock is off and no session is active." in told
    assert "auto-lock is off, by your override when place=home" in told


def test_at_home_dc_is_held_all_the_same(owner) -> None:
    owner.stand("home")
    owner.do("plug", supply="dc", limit_a=0, amps=100, charge=True)
    assert owner.latch == "engaged"
    assert "Dangerous voltage may be on the inlet" in owner.why()


def test_on_the_street_it_is_locked_though_the_car_is_open_and_no_charge_runs(owner) -> None:
    owner.stand("away")
    owner.do("plug", supply="none", limit_a=0, amps=0, charge=False)
    assert owner.latch == "engaged"
    told = owner.why()
    assert "The owner wants whatever is plugged in held." in told
    assert "latch-mode is always, by your override when place=away" in told
    assert "free if  someone asks for it" in told


@pytest.mark.whole
def test_at_a_post_the_cable_is_free_ten_minutes_after_full_and_not_before(owner) -> None:
    owner.stand("away")
    owner.plug(amps=32)
    owner.do("lock_car")
    assert owner.latch == "engaged"
    assert "release" not in owner.why().partition("\n")[0]
    owner.do("complete")
    owner.wait(9)
    assert owner.latch == "engaged"
    assert re.search(r"or if  \d+ s pass$", owner.why(), re.MULTILINE)
    owner.wait(2)
    assert owner.latch == "released"
    told = owner.why()
    assert "The charge is complete, the grace time is over, and the owner wants" in told
    assert "release-when-full is on, by your override when place=away" in told


def test_the_neighbour_takes_it_once_tonight_and_not_twice(owner) -> None:
    code = re.search(r"\w{3}-\w{3}-\w{3}", owner.said[3])
    assert code is not None
    owner.stand("away")
    owner.plug(amps=32)
    owner.do("lock_car")
    with owner.bench.time_flies():
        assert owner.type(f"chargelock guest use {code[0]}").endswith("released\n")
    assert owner.latch == "released"
    assert owner.bench.car.plant.truth()["doors"] == "locked"
    told = owner.why()
    assert "released" in told
    owner.do("unplug", force=False)
    owner.plug(amps=32)
    again = CliRunner().invoke(main, ["guest", "use", code[0], "--socket", str(owner.bench.path)])
    assert (again.exit_code, "this code has been used" in again.stderr) == (3, True)
    assert owner.latch == "engaged"
