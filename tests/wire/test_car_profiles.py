"""What holds for every profile of a real car."""

from __future__ import annotations

import re
import tomllib
import warnings

import cantools
import pytest
from recordings import LOGS, needs_recordings

from vehicle.core.car import Car
from vehicle.core.ladder import Rung, steps
from vehicle.core.names import FaultName
from vehicle.core.snapshot import SIGNALS
from vehicle.wire.profile import check_profile, list_profiles, load_profile, profile_path

CARS = [name for name in list_profiles() if name != "reference"]
EXPECTED_CARS = {
    "bmw_i3",
    "hyundai_ioniq5",
    "hyundai_kona_ev",
    "nissan_leaf",
    "tesla_model3",
    "vw_golf_gte",
    "vw_meb",
}
DBC_FILES = sorted({path for car in CARS for path in profile_path(car).parent.glob(f"{car}*.dbc")})


def test_every_car_that_the_readme_may_promise_has_a_profile():
    assert set(CARS) >= EXPECTED_CARS


@pytest.mark.parametrize("car", CARS)
def test_a_car_profile_is_clean(car):
    assert check_profile(car) == []


@pytest.mark.parametrize("car", CARS)
def test_a_real_car_is_only_listened_to(car):
    assert load_profile(car).transmit_ids == frozenset()


@pytest.mark.parametrize("car", CARS)
def test_every_signal_that_a_car_lacks_is_explained_in_words(car):
    profile = load_profile(car)
    assert set(profile.lacks) == set(profile.lacks_words)
    assert all(len(words) > 10 for words in profile.lacks_words.values())


@pytest.mark.parametrize("car", CARS)
def test_a_car_profile_names_its_sources_and_its_manual_release(car):
    profile = load_profile(car)
    assert any("commit" in source for source in profile.sources)
    assert len(profile.car.manual_release) > 60
    assert profile.path.read_text().startswith("# ")


@pytest.mark.parametrize("name", list_profiles())
def test_the_steps_for_a_stuck_cable_end_in_where_this_cars_manual_release_is(name):
    car = load_profile(name).car
    *before, end = steps(FaultName.FAILED_TO_RELEASE, car)
    assert end.rung is Rung.MANUAL_RELEASE
    assert end.words.endswith(car.manual_release)
    assert car.manual_release != Car().manual_release, "the profile does not say where"
    assert [step.rung for step in before][:2] == [Rung.PUSH_IN, Rung.ASK_AGAIN]
    assert (Rung.HEAT in {step.rung for step in before}) == car.can_heat == (name == "reference")
    assert ("chargelock unlatch" in before[1].words) == (name == "reference")


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("reference", ("fob", "port-button", "remote", "screen")),
        ("tesla_model3", ("car",)),
        ("hyundai_kona_ev", ("car",)),
        ("bmw_i3", ()),
    ],
)
def test_a_car_is_asked_in_the_ways_that_its_profile_hears(name, ways):
    assert load_profile(name).car.asked_by == ways


def test_a_profile_can_say_that_its_car_has_no_manual_release(tmp_path):
    reference = load_profile("reference")
    words = f'manual_release = "{reference.car.manual_release}"'
    text = reference.path.read_text(encoding="utf-8")
    assert words in text
    (tmp_path / "reference.toml").write_text(text.replace(words, 'manual_release = "none"'))
    dbc = reference.path.with_name("chargelock.dbc")
    (tmp_path / "chargelock.dbc").write_bytes(dbc.read_bytes())
    car = load_profile(tmp_path / "reference.toml").car
    assert car.manual_release == ""
    assert "no manual release" in steps(FaultName.FAILED_TO_RELEASE, car)[-1].words


@pytest.mark.parametrize("car", CARS)
def test_a_stale_limit_is_never_under_a_second_or_five_cycles(car):
    profile = load_profile(car)
    for spec in profile.messages.values():
        assert spec.stale_us is not None
        assert spec.stale_us >= max(1_000_000, 5 * (spec.cycle_us or 0))


@pytest.mark.parametrize("path", DBC_FILES, ids=lambda path: path.stem)
def test_a_car_dbc_loads_strictly_and_explains_itself(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        database = cantools.database.load_file(path, strict=True)
    for message in database.messages:
        assert message.comment, message.name
        for signal in message.signals:
            assert signal.comment, f"{message.name}.{signal.name}"


@pytest.mark.parametrize("car", CARS)
def test_every_operand_of_a_mapping_is_in_the_messages_it_declares(car):
    text = profile_path(car).read_text()
    declared = set(tomllib.loads(text)["message"])
    used = set(re.findall(r'"(\w+)\.\w+" = ', text))
    assert used == declared


@pytest.mark.parametrize("car", CARS)
def test_a_pin_with_feedback_has_a_source_and_one_without_has_none(car):
    profile = load_profile(car)
    assert profile.car.latch.feedback == ("latch" not in profile.lacks)
    assert set(profile.lacks) <= set(SIGNALS)


@needs_recordings
def test_every_profile_that_an_expectation_names_exists():
    rows = (LOGS / "EXPECTED.csv").read_text().splitlines()[1:]
    assert {row.split(",")[1] for row in rows} <= set(CARS)
