"""The software version of a car is told from its first frames, or left open."""

from __future__ import annotations

from pathlib import Path

import pytest
from smallcar import DBC, TOML, write_car

from vehicle.core.inputs import Observed
from vehicle.core.signals import CarLock, Feedback
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, check_profile, load_profile
from vehicle.wire.translator import Translator

VARIANTS = """
[[variant]]
name = "old"
plausible = [
    { signal = "Body.Lock", values = [0, 1, 2] },
    { signal = "Port.Latch", values = [3], longest_ms = 500 },
    { never = { "Port.Cable" = 1 }, when = { "Port.Latch" = 2 } },
]

[[variant]]
name = "new"
dbc = "new.dbc"
plausible = [{ signal = "Body.Lock", values = [0, 1, 2] }]

[[variant.signal.car_lock]]
rows = [{ value = "locked", when = { "Body.Lock" = 1 } }]
"""

SHIFTED = DBC.replace("Lock : 0|2@1+", "Lock : 4|2@1+").replace("Latch : 2|2@1+", "Latch : 4|2@1+")


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    folder = tmp_path_factory.mktemp("variants")
    (folder / "new.dbc").write_text(SHIFTED)
    return load_profile(write_car(folder, TOML + VARIANTS))


def body(lock: int) -> Frame:
    return Frame(0x100, bytes([lock] + [0] * 7))


def port(bits: int) -> Frame:
    return Frame(0x101, bytes([bits, 0, 0, 0]))


def test_the_first_variant_that_fits_is_taken(car: Profile) -> None:
    assert car.variant_names == ("old", "new")
    assert car.pick_variant([(0, body(2))]) == "old"


def test_a_value_outside_the_list_refutes(car: Profile) -> None:
    assert car.pick_variant([(0, body(2)), (1, body(0x13))]) == "new"


def test_a_value_that_stands_too_long_refutes(car: Profile) -> None:
    frames = [(0, body(0)), (0, port(3 << 2)), (500_000, port(3 << 2))]
    assert car.pick_variant(frames) == "old"
    assert car.pick_variant([*frames, (500_001, port(3 << 2))]) == "new"
    between = [*frames[:2], (300_000, port(1 << 2)), (400_000, port(3 << 2))]
    assert car.pick_variant([*between, (800_000, port(3 << 2))]) == "old"


def test_values_that_never_stand_together_refute(car: Profile) -> None:
    assert car.pick_variant([(0, body(0)), (1, port(2 | 2 << 2))]) == "old"
    assert car.pick_variant([(0, body(0)), (1, port(1 | 2 << 2))]) == "new"


def test_no_variant_fits_what_none_explains(car: Profile) -> None:
    assert car.pick_variant([(0, body(0x33))]) is None


def test_no_variant_fits_before_anything_was_judged(car: Profile) -> None:
    assert car.pick_variant([]) is None
    assert car.pick_variant([(0, Frame(0x7FF, b"\x00"))]) is None
    assert car.pick_variant([(0, body(2)._replace(remote=True))]) is None


def test_a_variant_without_checks_is_what_remains(tmp_path: Path) -> None:
    (tmp_path / "new.dbc").write_text(SHIFTED)
    text = TOML + VARIANTS + '\n[[variant]]\nname = "any"\n'
    profile = load_profile(write_car(tmp_path, text))
    assert profile.pick_variant([(0, body(0x33))]) == "any"


def test_each_variant_reads_its_own_layout(car: Profile) -> None:
    old, new = Translator(car, "old"), Translator(car, "new")
    assert ("car_lock", CarLock.LOCKED) in old.feed(0, body(2))[0].values
    assert ("car_lock", CarLock.LOCKED) in new.feed(0, body(1 << 4))[0].values
    assert ("latch", Feedback.ENGAGED) in new.feed(1, port(2 << 4))[0].values


def test_without_a_variant_only_what_is_the_same_in_all_is_known(car: Profile) -> None:
    translator = Translator(car)
    told = dict(translator.feed(0, port(2 | 2 << 2))[0].values)
    assert "occupant" in told
    assert "latch" not in told
    assert translator.feed(1, body(2)) == []
    assert set(car.layout.signals) == {"occupant", "latch_fitted", "adapter_lock_fitted"}


def test_a_variants_requests_replace_the_files(tmp_path: Path) -> None:
    text = TOML + (
        '\n[[variant]]\nname = "quiet"\n[[variant.request]]\nrequest = "latch"\nsource = "car"\n'
        'when = { "Body.Lock" = 2 }\n'
    )
    profile = load_profile(write_car(tmp_path, text))
    (asking,) = profile.layout_of("quiet").requests
    assert asking.source == "car"


def test_a_fault_is_named_once_however_many_variants_read_its_table(tmp_path: Path) -> None:
    (tmp_path / "new.dbc").write_text(SHIFTED)
    text = (TOML + VARIANTS).replace('"Fob.Gesture" = 1', '"Fob.Gesture" = 9')
    findings = check_profile(write_car(tmp_path, text))
    assert [f.signal for f in findings if f.severity == "error"] == ["request.when"]


def test_a_variants_dbc_may_lack_a_message_but_not_be_missing(tmp_path: Path) -> None:
    (tmp_path / "new.dbc").write_text(SHIFTED.replace("BO_ 300 Drive", "BO_ 300 Other"))
    text = TOML + VARIANTS + "\n[message.Drive]\nstale_ms = 100\n"
    path = write_car(tmp_path, text)
    assert {finding.severity for finding in check_profile(path)} == {"note"}
    (tmp_path / "new.dbc").unlink()
    (finding,) = [f for f in check_profile(path) if f.severity == "error"]
    assert finding.signal == "variant.dbc"
    assert "not beside this file" in finding.text


def test_observing_needs_no_variant_where_there_is_none(tmp_path: Path) -> None:
    profile = load_profile(write_car(tmp_path))
    assert profile.pick_variant([(0, body(2))]) is None
    assert isinstance(Translator(profile).feed(0, body(2))[0], Observed)
