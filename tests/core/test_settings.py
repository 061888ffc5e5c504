"""The owner's settings: every key, every value, every mistake and what it is answered."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import product

import pytest

from vehicle.core import settings as settings_module
from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.policy import decide
from vehicle.core.resolve import Resolved, for_pin
from vehicle.core.settings import (
    LESS,
    MORE,
    NEVER,
    HighCurrent,
    Mode,
    Settings,
    Toggle,
    _choice,
    _number,
    key_of,
)
from vehicle.core.settings_read import SettingsError, parse
from vehicle.core.settings_told import _lost, described, weakens
from vehicle.core.situation import Doors, Energy, Need, Phase, Seat, Situation

pytestmark = pytest.mark.fast

MODES = ["with-car", "always", "while-charging", "off"]
# Per key: its default, then what else there is.
CHOICES = {
    "auto-lock": ("on", ["off"]),
    "latch-mode": ("with-car", MODES[1:]),
    "adapter-mode": ("with-car", MODES[1:]),
    "unlock-while-charging-frees": ("off", ["on"]),
    "release-when-full": ("off", ["on"]),
    "high-current": ("lock", ["limit"]),
    "waiting-counts": ("on", ["off"]),
    "cold-release": ("attended", ["never", "always"]),
    "low-supply-release": ("on", ["off"]),
    "cable-default": ("unknown", ["own", "tethered"]),
}
# Per key: its default, its least, its most, its unit.
NUMBERS = {
    "release-grace-min": (0, 0, 1440, "min"),
    "power-cut-hold-s": (300, 60, 3600, "s"),
    "relock-window-s": (60, 15, 300, "s"),
}


WITH_NEVER = {"relock-window-s"}
"""Numbers that may be a time that never ends, instead."""


def field_of(key: str) -> str:
    return key.replace("-", "_")


def test_a_choice_may_depend_on_the_circumstance_and_a_number_ends_unless_it_is_said() -> None:
    assert _choice(Toggle.ON, "Help.").metadata["by_circumstance"] is True
    assert _number(1, 0, 2, "s", "Help.").metadata["never"] is False


def test_these_are_all_the_keys_and_their_defaults() -> None:
    defaults = {key: default for key, (default, *_) in {**CHOICES, **NUMBERS}.items()}
    defaults["overrides"] = ""
    assert Settings().words() == defaults
    assert {type(value) for value in Settings().words().values()} == {str, int}
    assert parse({}) == Settings()


@pytest.mark.parametrize("key", CHOICES)
def test_every_word_of_a_choice_is_read_and_written_back(key: str) -> None:
    default, others = CHOICES[key]
    for word in (default, *others):
        settings = parse({key: word})
        assert settings.words()[key] == word
        assert settings == Settings(**{field_of(key): getattr(settings, field_of(key))})


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_is_read_from_its_least_to_its_most(key: str) -> None:
    _, least, most, unit = NUMBERS[key]
    for number in (least, least + 1, most - 1, most):
        assert parse({key: number}).words()[key] == number
    for number, nearest in ((least - 1, least), (most + 1, most), (-(10**30), least)):
        assert complaint({key: number}) == (
            f"settings: {key} = {number} must be a whole number from {least} to {most} {unit}"
            f"{', or never' if key in WITH_NEVER else ''}; the nearest is {nearest}"
        )


def complaint(document: dict[str, object], *where: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(document, *where)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        ("300", ""),
        (True, ""),
        (False, ""),
        (None, ""),
        ([300], ""),
        (float("nan"), ""),
        (300.0, "; the nearest is 300"),
        (300.7, "; the nearest is 300"),
        (59.9, "; the nearest is 60"),
        (float("inf"), "; the nearest is 3600"),
        (float("-inf"), "; the nearest is 60"),
    ],
)
def test_a_value_that_is_no_whole_number_is_refused(value: object, nearest: str) -> None:
    assert complaint({"power-cut-hold-s": value}) == (
        f"settings: power-cut-hold-s = {value!r} must be a whole number from 60 to 3600 s{nearest}"
    )


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("latch-mode", "with_car", "; did you mean 'with-car'?"),
        ("latch-mode", "ALWAYS", ""),
        ("latch-mode", "charging", "; did you mean 'while-charging'?"),
        ("latch-mode", "ways", "; did you mean 'always'?"),
        ("latch-mode", "on-car", "; did you mean 'with-car'?"),
        ("latch-mode", "zzz", ""),
        ("latch-mode", True, ""),
        ("latch-mode", 3, ""),
        ("latch-mode", ["off"], "; did you mean 'off'?"),
    ],
)
def test_a_word_that_does_not_exist_is_answered_with_those_that_do(
    key: str, value: object, told: str
) -> None:
    assert complaint({key: value}) == (
        f"settings: {key} = {value!r} must be one of with-car, always, while-charging, off{told}"
    )


def test_a_toggle_may_be_written_as_a_boolean() -> None:
    assert parse({"auto-lock": False}).auto_lock is Toggle.OFF
    assert parse({"release-when-full": True}).release_when_full is Toggle.ON
    assert complaint({"auto-lock": 1}) == "settings: auto-lock = 1 must be one of on, off"
    assert complaint({"high-current": True}).startswith("settings: high-current = True must be")


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    assert complaint({"autolock": "on"}) == (
        "settings: unknown key 'autolock'; did you mean 'auto-lock'?"
    )
    assert complaint({"auto_lock": "on"}, "owner.toml") == (
        "owner.toml: unknown key 'auto_lock'; did you mean 'auto-lock'?"
    )
    assert complaint({"zzz": 1}) == "settings: unknown key 'zzz'"


@pytest.mark.parametrize("where", ["settings", "/etc/chargelock/settings.toml"])
def test_every_complaint_names_the_document_in_one_line(where: str) -> None:
    for document in (
        {"no": 1},
        {"auto-lock": "x\ny"},
        {"release-grace-min": 9999},
        {"schema": 2},
        {"a\nb": 1},
    ):
        message = complaint(document, where)
        assert message.startswith(f"{where}: ")
        assert "\n" not in message


def test_schema_1_is_the_one_that_is_read() -> None:
    assert parse({"schema": 1, "auto-lock": "off"}).auto_lock is Toggle.OFF
    for schema in (2, 0, "1", None, True, 1.0):
        assert complaint({"schema": schema}) == (
            f"settings: schema {schema!r} is not known here; this version reads 1"
        )


def test_a_settings_document_survives_a_round_trip() -> None:
    for mode, toggle, high in product(Mode, Toggle, HighCurrent):
        settings = Settings(
            auto_lock=toggle, latch_mode=mode, release_when_full=toggle, high_current=high
        )
        assert parse(settings.words()) == settings


def test_each_setting_explains_itself_in_whole_sentences() -> None:
    for item in fields(Settings):
        help_text = item.metadata["help"]
        assert re.fullmatch(r"[A-Z][^\n]*\.", help_text)
        assert "  " not in help_text
        for value, lost in item.metadata["gives_up"].items():
            for_a_number = value in (LESS, MORE, NEVER) and item.name != "cold_release"
            assert for_a_number or type(item.default)(value).value == value
            assert for_a_number is ("range" in item.metadata)
            assert re.fullmatch(r"[A-Z][^\n]*\.", lost)


def test_a_settings_key_is_the_fields_name_with_dashes() -> None:
    assert key_of("power_cut_hold_s") == "power-cut-hold-s"


# ---- what they mean -----------------------------------------------------------------------------


def test_auto_lock_off_turns_both_pins_off_and_leaves_their_modes_to_come_back() -> None:
    for latch, adapter in product(Mode, Mode):
        on = Settings(latch_mode=latch, adapter_mode=adapter)
        assert on.mode(Actuator.LATCH) is latch
        assert on.mode(Actuator.ADAPTER) is adapter
        off = Settings(auto_lock=Toggle.OFF, latch_mode=latch, adapter_mode=adapter)
        assert {off.mode(actuator) for actuator in Actuator} == {Mode.OFF}


def test_settings_are_resolved_for_each_pin() -> None:
    settings = Settings(adapter_mode=Mode.ALWAYS, release_when_full=Toggle.ON)
    assert for_pin(settings, Actuator.LATCH) == Resolved(Mode.WITH_CAR)
    assert for_pin(settings, Actuator.ADAPTER) == Resolved(Mode.ALWAYS)
    assert for_pin(Settings(), Actuator.LATCH) == Resolved()


# ---- what they give up --------------------------------------------------------------------------


def test_a_setting_that_protects_less_says_what_it_gives_up() -> None:
    before = Settings()
    after = parse({"auto-lock": "off", "release-when-full": "on", "power-cut-hold-s": 60})
    assert weakens(before, after) == [
        "auto-lock off: Anyone can take the cable when it is not charging on DC or above 16 A.",
        "release-when-full on: Anyone can take the cable once the charge is complete.",
        "power-cut-hold-s 60: Whoever cuts the power, or the charge by radio, can take the cable"
        " sooner.",
    ]


WEAKEST_LAST = {
    "auto-lock": ["on", "off"],
    "latch-mode": ["always", "with-car", "while-charging", "off"],
    "adapter-mode": ["always", "with-car", "while-charging", "off"],
    "unlock-while-charging-frees": ["off", "on"],
    "release-when-full": ["off", "on"],
    "high-current": ["lock", "limit"],
    "release-grace-min": [1440, 1439, 30, 1, 0],
    "power-cut-hold-s": [3600, 301, 300, 299, 60],
    "relock-window-s": [15, 60, 300, "never"],
    "waiting-counts": ["on", "off"],
    "cold-release": ["never", "attended", "always"],
    "low-supply-release": ["off", "on"],
}
NO_PRICE = {"cable-default"}
"""Settings that neither protect nor give up anything: they tell what is so."""


@pytest.mark.parametrize("key", sorted({*CHOICES, *NUMBERS} - NO_PRICE))
def test_of_every_pair_of_values_the_weaker_one_says_what_it_gives_up(key: str) -> None:
    values = WEAKEST_LAST[key]
    if key in CHOICES:
        assert set(values) == {CHOICES[key][0], *CHOICES[key][1]}
    gives_up = {field.name: field.metadata["gives_up"] for field in fields(Settings)}[field_of(key)]
    for (old_place, old), (new_place, new) in product(enumerate(values), repeat=2):
        told = weakens(parse({key: old}), parse({key: new}))
        direction = LESS if LESS in gives_up else MORE
        lost = gives_up[direction] if isinstance(new, int) else gives_up.get(new)
        assert told == ([f"{key} {new}: {lost}"] if new_place > old_place else [])


LESS_HELD = [Demand.ENGAGE, Demand.HOLD, Demand.RELEASE]
EVERY_SITUATION = [
    Situation(Seat.SEATED, doors, phase, energy, need)
    for doors, phase, energy, need in product(Doors, Phase, Energy, Need)
]


@pytest.mark.parametrize(
    ("key", "actuator"),
    [
        ("auto-lock", Actuator.LATCH),
        ("auto-lock", Actuator.ADAPTER),
        ("latch-mode", Actuator.LATCH),
        ("adapter-mode", Actuator.ADAPTER),
    ],
)
def test_a_change_gives_something_up_exactly_where_the_policy_holds_less(
    key: str, actuator: Actuator
) -> None:
    def held(settings: Settings) -> list[int]:
        owner = for_pin(settings, actuator)
        return [LESS_HELD.index(decide(now, owner, actuator).demand) for now in EVERY_SITUATION]

    chosen = [parse({key: word}) for word in (CHOICES[key][0], *CHOICES[key][1])]
    for before, after in product(chosen, repeat=2):
        holds_less = any(new > old for old, new in zip(held(before), held(after), strict=True))
        assert holds_less is bool(weakens(before, after)), (before, after)


def test_a_number_says_what_more_of_it_gives_up_where_that_protects_less() -> None:
    window = settings_module._number(3, 1, 9, "min", "How long.", {MORE: "Much."})
    assert _lost(window.metadata["gives_up"], 3, 4) == "Much."
    assert _lost(window.metadata["gives_up"], 3, 2) is None
    assert _lost(window.metadata["gives_up"], 3, 3) is None


def test_a_choice_and_a_number_are_declared_with_what_the_rest_reads_of_them() -> None:
    choice = settings_module._choice(Toggle.ON, "Why.", {"off": "Much."})
    assert choice.default is Toggle.ON
    assert choice.metadata == {
        "help": "Why.",
        "gives_up": {"off": "Much."},
        "by_circumstance": True,
    }
    assert settings_module._choice(Toggle.ON, "Why.").metadata["gives_up"] == {}
    number = settings_module._number(3, 1, 9, "min", "How long.")
    assert number.default == 3
    assert number.metadata == {
        "help": "How long.",
        "range": (1, 9),
        "unit": "min",
        "gives_up": {},
        "by_circumstance": True,
        "never": False,
    }


def test_a_time_that_may_never_end_is_written_with_that_word() -> None:
    assert parse({"relock-window-s": "never"}).relock_window_s == 0
    assert parse({"relock-window-s": "never"}).words()["relock-window-s"] == "never"
    assert parse(parse({"relock-window-s": "never"}).words()).relock_window_s == 0
    assert complaint({"relock-window-s": 0}).endswith("s, or never; the nearest is 15")
    assert complaint({"release-grace-min": "never"}).endswith("from 0 to 1440 min")
    over = parse({"overrides": "relock-window-s=never when place=home"}).overrides[0]
    assert (over.value, str(over)) == ("never", "relock-window-s=never when place=home")
    described_window = {each.key: each for each in described()}["relock-window-s"]
    assert described_window.fits == "a whole number from 15 to 300 s, or never"


# ---- told to people -----------------------------------------------------------------------------


def test_every_setting_is_described_with_what_fits_and_what_it_gives_up():
    described_by_key = {each.key: each for each in described()}
    assert list(described_by_key) == list(Settings().words())
    auto_lock = described_by_key["auto-lock"]
    assert (auto_lock.default, auto_lock.choices, auto_lock.fits) == (
        "on",
        ("on", "off"),
        "on, off",
    )
    assert list(auto_lock.gives_up) == ["off"]
    assert list(described_by_key["latch-mode"].gives_up) == ["with-car", "while-charging", "off"]
    grace = described_by_key["release-grace-min"]
    assert (grace.default, grace.choices, list(grace.gives_up)) == ("0", (), [LESS])
    assert grace.fits == "a whole number from 0 to 1440 min"


def test_a_described_choice_can_be_made():
    for each in described():
        for choice in each.choices or (each.default,):
            value = int(choice) if choice.isdecimal() else choice
            assert str(parse({each.key: value}).words()[each.key]) == choice


def test_a_misspelt_never_is_understood() -> None:
    with pytest.raises(SettingsError, match=r"or never; did you mean 'never'\?"):
        parse({"relock-window-s": "nver"})
