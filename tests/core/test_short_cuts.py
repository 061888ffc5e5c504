"""What is left out because nothing changed that it depends on: leaving it out changes nothing.

The same life of a car is played twice, once with every short cut closed: the outputs, the deadline
and the memory must be the same. And a short cut that looks at too little is found out.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from test_any_sequence import WAITS_US, Script, fresh, play

from vehicle.core import deciding, intake, manager, request
from vehicle.core.car import Car, Pin, StrokeLimits
from vehicle.core.inputs import (
    BusFailed,
    BusRestored,
    DeadlinePassed,
    InputEvent,
    Observed,
    Requested,
    SettingsChanged,
)
from vehicle.core.names import Request, Source
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.core.snapshot import SIGNALS

pytestmark = pytest.mark.whole

OWNERS = (
    Settings(),
    parse({"latch-mode": "while-charging", "adapter-mode": "always", "waiting-counts": "off"}),
    parse({"release-when-full": "on", "release-grace-min": 0, "unlock-while-charging-frees": "on"}),
    parse(
        {
            "overrides": [
                "auto-lock=off when place=home, supply=ac",
                "latch-mode=always when adapter=yes",
                "adapter-mode=while-charging when cabin=occupied",
            ],
        }
    ),
)
SEATED = {
    "occupant": "connector",
    "car_lock": "locked",
    "session": "charging",
    "supply": "ac",
    "supply_limit": "above-16-a",
    "pilot": "present",
    "inlet": "safe",
    "weld": "none",
    "key": "at-port",
    "board_supply": "good",
    "temperature": "mild",
    "latch": "released",
    "adapter_lock": "released",
}
QUICK = Pin(limits=StrokeLimits(tries=2, recovery=True, debounce_us=0))
CAR = Car(latch=QUICK, adapter=QUICK, reports_weld_test=True, can_wake=True, can_heat=True)


def observed(**words: str) -> Observed:
    return Observed(tuple((name, SIGNALS[name](word)) for name, word in words.items()))  # type: ignore[misc]


def life(seed: int) -> Script:
    """Return what happens to a car that something is plugged into, one thing after the other."""
    chance = random.Random(seed)
    names = [name for name in SIGNALS if not name.endswith("fitted")]
    owner = OWNERS[seed % len(OWNERS)]
    script: Script = [(0, SettingsChanged(owner, "test")), (0, observed(**SEATED))]
    for _ in range(60):
        name = chance.choice([*names, "car_lock", "session", "inlet", "occupant"])
        word = chance.choice([str(value) for value in SIGNALS[name] if value != "unknown"])
        back = {name: SEATED[name]} if name in SEATED and chance.random() < 0.5 else {}
        events: list[InputEvent] = [observed(**({name: word} | back))] * 8
        events += [Requested(request, Source.CLI) for request in Request]
        events += [SettingsChanged(chance.choice(OWNERS), "test"), DeadlinePassed()]
        events += [BusFailed("main"), BusRestored("main"), observed(**SEATED)]
        script.append((chance.choice(WAITS_US), chance.choice(events)))
    return script


Close = Callable[[pytest.MonkeyPatch], None]


def lived(seed: int, change: Close) -> object:
    """Return all that is said and remembered in a life with the code changed."""
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        bench = fresh(CAR)
        said = play(bench, life(seed), obey=seed % 3 > 0)
        return said, bench.memory, bench.deadline_us


def closed(patch: pytest.MonkeyPatch) -> None:
    """Let everything that is compared look changed at every time."""
    patch.setattr(manager, "basis_of", lambda _: object())
    patch.setattr(intake, "OWNERS_SIGNALS", frozenset(SIGNALS))
    patch.setattr(intake, "WATCHED_SIGNALS", frozenset(SIGNALS))
    patch.setattr(request, "_at_rest", lambda _: False)


@pytest.fixture(scope="module")
def lives() -> dict[int, object]:
    """Lives without any short cut."""
    return {seed: lived(seed, closed) for seed in range(120)}


def test_a_short_cut_changes_nothing(lives: dict[int, object]) -> None:
    for seed, whole in lives.items():
        assert lived(seed, lambda _: None) == whole, f"seed {seed}"


@pytest.mark.parametrize("part", range(6))
def test_a_decision_stands_on_each_part_of_its_basis(part: int, lives: dict[int, object]) -> None:
    """Where a part of it is not compared, some decision is not taken again that should be."""

    def blind(patch: pytest.MonkeyPatch) -> None:
        def basis_of(state: object) -> tuple[object, ...]:
            basis = deciding.basis_of(state)  # type: ignore[arg-type]
            return (*basis[:part], None, *basis[part + 1 :])

        patch.setattr(manager, "basis_of", basis_of)

    assert any(lived(seed, blind) != whole for seed, whole in lives.items())
