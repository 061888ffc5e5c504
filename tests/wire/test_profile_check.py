"""Every fault of a mapping file is named with its line and what to do; none is a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smallcar import DBC, TOML, write_car

from vehicle.core.car import WhenEmpty
from vehicle.wire.findings import ProfileError, Severity
from vehicle.wire.profile import check_profile, list_profiles, load_profile


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


# (what is replaced, by what, the line that is named, the subject, words of the text)
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "an unknown key": (
        "[car]",
        "[car]\nwhen_emty = 1",
        "when_emty",
        "car.when_emty",
        'did you mean "when_empty"?',
    ),
    "an unknown key at the top": ("schema = 1", "schema = 1\nx = 1", "x = 1", "x", "not a known"),
    "a missing key": ('title = "Small car"', "", "", "title", "is missing"),
    "a wrong type": ('"Small car"', "5", "title", "title", 'is 5; write "text"'),
    "a schema of another day": ("schema = 1", "schema = 2", "schema", "schema", "from 1 to 1"),
    "a name unlike the file's": ('"small"', '"smal"', "name =", "name", "make them the same"),
    "a DBC that is not there": ("small.dbc", "big.dbc", "dbc =", "dbc", "not beside this file"),
    "an unknown word": (
        '"leave"',
        '"leaf"',
        "when_empty",
        "car.when_empty",
        'did you mean "leave"?',
    ),
    "a boolean that is a number": (
        'when_empty = "leave"',
        'when_empty = "leave"\nreports_weld_test = 1',
        "reports_weld_test",
        "car.reports_weld_test",
        "true or false",
    ),
    "an impossible number": (
        'fitted = "signal"',
        'fitted = "signal"\ntries = 4',
        "tries = 4",
        "car.latch.tries",
        "from 1 to 3",
    ),
    "an unknown signal": (
        "[[signal.car_lock]]",
        "[[signal.car_lok]]",
        "[[signal.car_lok]]",
        "signal.car_lok",
        'did you mean "car_lock"?',
    ),
    "a value that the signal cannot have": (
        'value = "locked"',
        'value = "lockd"',
        'value = "lockd"',
        "signal.car_lock.rows.value",
        'did you mean "locked"?',
    ),
    "an unknown message in a row": (
        '"Body.Lock" = 2',
        '"Bodi.Lock" = 2',
        '"Bodi.Lock"',
        "signal.car_lock.rows.when",
        'did you mean "Body"?',
    ),
    "an unknown signal in a row": (
        '"Body.Lock" = 2',
        '"Body.Lok" = 2',
        '"Body.Lok"',
        "signal.car_lock.rows.when",
        'did you mean "Lock"?',
    ),
    "a raw value too long for its bits": (
        '"Body.Lock" = 2',
        '"Body.Lock" = 4',
        '"Body.Lock" = 4',
        "signal.car_lock.rows.when",
        "2 bits hold 0 to 3",
    ),
    "a comparison with SNA": (
        '"Port.Cable" = 1 }',
        '"Port.Cable" = 0 }',
        '"Port.Cable" = 0',
        "signal.occupant.rows.when",
        "is SNA",
    ),
    "a comparison with a word": (
        '"Body.Lock" = 2',
        '"Body.Lock" = "x"',
        '"Body.Lock" = "x"',
        "signal.car_lock.rows.when",
        "a raw whole number",
    ),
    "a bound of the wrong name": (
        "{ min = 1 }",
        "{ least = 1 }",
        "least",
        "signal.inlet.rows.when",
        "use min, max, above, below",
    ),
    "a bound that is no number": (
        "{ min = 1 }",
        "{ min = nan }",
        "nan",
        "signal.inlet.rows.when",
        "write a number",
    ),
    "bounds that nothing is within": (
        "{ min = 1 }",
        "{ min = 1, below = 1 }",
        "below = 1",
        "signal.inlet.rows.when",
        "can never be within",
    ),
    "an empty list": (
        '"Port.Cable" = [1, 2]',
        '"Port.Cable" = []',
        "valid_when",
        "signal.inlet.valid_when",
        "empty list",
    ),
    "a row without when": (
        '{ value = "locked", when = { "Body.Lock" = 2 } }',
        '{ value = "locked" }',
        '{ value = "locked" }',
        "signal.car_lock.rows",
        "when = {} if it always holds",
    ),
    "a message nobody declared": (
        "[message.Slow]\nstale_ms = 12000\n",
        "",
        '"Slow.Fitted" = 1',
        "signal.latch_fitted.rows.when",
        "add [message.Slow]",
    ),
    "a message that is not in the DBC": (
        "[message.Slow]",
        "[message.Slov]",
        "[message.Slov]",
        "message.Slov",
        'did you mean "Slow"?',
    ),
    "a message without a stale limit": (
        "stale_ms = 12000",
        "",
        "[message.Slow]",
        "message.Slow",
        "needs stale_ms",
    ),
    "a stale limit on an event": (
        "event = true",
        "event = true\nstale_ms = 5",
        "event",
        "message.Fob.event",
        "exclude each other",
    ),
    "a request that is always made": (
        'when = { "Fob.Gesture" = 1 }',
        "when = {}",
        "when = {}\n",
        "request.when",
        "could never be made",
    ),
    "a request from the command line": (
        'source = "fob"',
        'source = "cli"',
        '"cli"',
        "request.source",
        "use one of",
    ),
    "a fitted pin that a signal tells too": (
        'fitted = "signal"',
        'fitted = "fitted"',
        'fitted = "fitted"',
        "car.latch.fitted",
        "keep one",
    ),
    "a pin that nobody tells of": (
        'fitted = "absent"',
        'fitted = "signal"\nfeedback = false',
        'fitted = "signal"\nfeedback',
        "car.adapter.fitted",
        "add [[signal.adapter_lock_fitted]]",
    ),
    "feedback that nobody tells": (
        'fitted = "absent"',
        'fitted = "absent"\nfeedback = true',
        "feedback",
        "car.adapter.feedback",
        "no [[signal.adapter_lock]] tells it",
    ),
    "an unknown protection": (
        "stale_ms = 500",
        'stale_ms = 500\nprotection = { kind = "e2e-p5", data_id = 1 }',
        "protection",
        "message.Body.protection.kind",
        'did you mean "e2e-p05"?',
    ),
    "a DataID too long": (
        "stale_ms = 500",
        'stale_ms = 500\nprotection = { kind = "e2e-p05", data_id = 65536 }',
        "protection",
        "message.Body.protection.data_id",
        "0 to 65535",
    ),
    "E2E in a single byte": (
        "stale_ms = 12000",
        'stale_ms = 12000\nprotection = { kind = "e2e-p05", data_id = 1 }',
        "protection",
        "message.Slow.protection",
        "needs 4 bytes",
    ),
    "a checksum that is no byte": (
        "stale_ms = 500",
        'stale_ms = 500\nprotection = { kind = "crc8", polynomial = 7, checksum = "Lock" }',
        "protection",
        "message.Body.protection.checksum",
        "not one whole byte",
    ),
    "a code in a signal that is not there": (
        "stale_ms = 500",
        'stale_ms = 500\nsecoc = { data_id = 1, freshness = "Lock", mac = "Mac" }',
        "secoc",
        "message.Body.secoc.mac",
        'Body has no signal "Mac"',
    ),
    "a code that is too short": (
        "stale_ms = 500",
        'stale_ms = 500\nsecoc = { data_id = 1, freshness = "Lock", mac = "Spare" }',
        "secoc",
        "message.Body.secoc.mac",
        "has 6 bits; 24 or more are needed",
    ),
    "a code that lies over its freshness": (
        "stale_ms = 500",
        'stale_ms = 500\nsecoc = { data_id = 1, freshness = "Lock", mac = "Lock" }',
        "secoc",
        "message.Body.secoc.mac",
        "overlaps what else protects Body",
    ),
    "freshness that is signed": (
        "stale_ms = 300",
        'stale_ms = 300\nsecoc = { data_id = 1, freshness = "Current", mac = "Cable" }',
        "secoc",
        "message.Port.secoc.freshness",
        "is signed or multiplexed",
    ),
    "a lack that is none": (
        "[car]",
        '[lacks]\noccupant = "x"\n[car]',
        "occupant",
        "lacks.occupant",
        "is not lacking",
    ),
    "something to send that does not exist": (
        "[car]",
        '[transmit.wake]\nmessage = "Wake"\n[car]',
        'message = "Wake"',
        "transmit.wake.message",
        "is no message of small.dbc",
    ),
    "a command that cannot say all": (
        "[car]",
        '[transmit.command]\nmessage = "Drive"\n[transmit.command.latch]\n'
        "engage = { Latch = 1 }\n[car]",
        "[transmit.command.latch]",
        "transmit.command.latch",
        "lacks none, release",
    ),
    "a word that is never sent": (
        "[car]",
        '[transmit.status]\nmessage = "Drive"\n'
        "[transmit.status.latch]\nopen = { Latch = 1 }\n[car]",
        "open =",
        "transmit.status.latch.open",
        "is not a word of latch",
    ),
    "a sent value too long": (
        "[car]",
        '[transmit.wake]\nmessage = "Drive"\nset = { Latch = 9 }\n[car]',
        "set =",
        "transmit.wake.set",
        "write a raw value from 0 to 3",
    ),
    "an SNA value too long": (
        "[car]",
        '[sna]\n"Body.Lock" = [7]\n[car]',
        '"Body.Lock" = [7]',
        "sna.Body.Lock",
        "does not fit into 2 bits",
    ),
    "an SNA value of nothing": (
        "[car]",
        '[sna]\n"Body.Lok" = [1]\n[car]',
        '"Body.Lok" = [1]',
        "sna.Body.Lok",
        'did you mean "Lock"?',
    ),
    "a checksum that does not exist": (
        "stale_ms = 500",
        'stale_ms = 500\nprotection = { kind = "crc8", polynomial = 7, checksum = "Crc" }',
        "protection",
        "message.Body.protection.checksum",
        'has no signal "Crc"',
    ),
    "SNA values that are words": (
        "[car]",
        '[sna]\n"Body.Lock" = ["x"]\n[car]',
        '"Body.Lock" = ["x"]',
        "sna.Body.Lock",
        "write whole numbers",
    ),
    "sources that are numbers": (
        "schema = 1",
        "schema = 1\nsources = [1]",
        "sources",
        "sources",
        "only strings",
    ),
    "rows that are no tables": (
        '{ value = "locked", when = { "Body.Lock" = 2 } }',
        '"locked"',
        "rows = [",
        "signal.car_lock.rows",
        "write a table",
    ),
    "a lack of what no car has": (
        "[car]",
        '[lacks]\noccupants = "x"\n[car]',
        "occupants",
        "lacks.occupants",
        'did you mean "occupant"?',
    ),
    "a sent signal that does not exist": (
        "[car]",
        '[transmit.wake]\nmessage = "Drive"\nset = { Latsch = 1 }\n[car]',
        "set =",
        "transmit.wake.set",
        'did you mean "Latch"?',
    ),
    "energy in another unit": (
        "[car]",
        '[energy]\nsignal = "Port.Current"\n[car]',
        "signal =",
        "energy.signal",
        'is in "A" by its DBC',
    ),
    "energy from nowhere": (
        "[car]",
        '[energy]\nsignal = "Body.Wh"\n[car]',
        "signal =",
        "energy.signal",
        'no signal "Wh"',
    ),
    "a variant's check without values": (
        "[car]",
        '[[variant]]\nname = "v"\nplausible = [{ signal = "Body.Lock" }]\n[car]',
        "plausible",
        "variant.plausible",
        "needs values",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_with_its_line_and_what_to_do(tmp_path: Path, case: str) -> None:
    old, new, place, subject, words = FAULTS[case]
    assert old in TOML
    text = TOML.replace(old, new, 1)
    path = write_car(tmp_path, text)
    errors = [f for f in check_profile(path) if f.severity is Severity.ERROR]
    assert errors, "nothing was found"
    found = [f for f in errors if f.signal == subject and words in f.text]
    assert found, [str(f) for f in errors]
    assert found[0].file == str(path)
    if place:
        assert found[0].line == line_of(text, place)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(found[0]) in str(caught.value)
    assert found[0] in caught.value.findings


def test_one_reading_names_all_faults(tmp_path: Path) -> None:
    text = TOML.replace('"Body.Lock" = 2', '"Body.Lok" = 2').replace('"leave"', '"leaf"')
    text = text.replace("stale_ms = 300", "stale_ms = 0")
    assert len(check_profile(write_car(tmp_path, text))) == 3


def test_faults_of_the_dbc_are_among_the_findings(tmp_path: Path) -> None:
    path = write_car(tmp_path, dbc=DBC + 'VAL_ 256 Nothing 0 "a" ;\n')
    findings = check_profile(path)
    assert [(Path(f.file).name, f.signal) for f in findings] == [("small.dbc", "Body.Nothing")]


def test_a_file_that_is_no_toml_is_named_by_line(tmp_path: Path) -> None:
    path = write_car(tmp_path, TOML + "\nx = = 1\n")
    (finding,) = check_profile(path)
    assert finding.line == line_of(TOML + "\nx = = 1\n", "x = =")
    path.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in str(check_profile(path)[0])
    assert "No such file" in str(check_profile(tmp_path / "none.toml")[0])


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(ProfileError, match='did you mean "reference"'):
        load_profile("referense")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mapping_with_any_line_missing_never_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = TOML.splitlines(keepends=True)
    gone = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=4))
    text = "".join(line for number, line in enumerate(lines) if number not in gone)
    path = write_car(tmp_path_factory.mktemp("cut"), text)
    findings = check_profile(path)
    assert all(0 <= f.line <= text.count("\n") + 1 for f in findings)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mapping_with_any_value_swapped_never_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    keys = [line for line in TOML.splitlines() if " = " in line and not line.startswith(" ")]
    line = data.draw(st.sampled_from(keys))
    odd = data.draw(st.sampled_from(["1", "-1", '"x"', "true", "[]", "[1]", "{}", "1.5", "[{}]"]))
    text = TOML.replace(line, f"{line.split(' = ')[0]} = {odd}", 1)
    check_profile(write_car(tmp_path_factory.mktemp("odd"), text))


# ---- good profiles -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list_profiles())
def test_every_profile_that_comes_with_the_product_is_without_errors(name: str) -> None:
    assert load_profile(name).name == name
    assert [f for f in check_profile(name) if f.severity is Severity.ERROR] == []


def test_a_car_whose_command_has_no_words_for_it_cannot_heat(tmp_path: Path) -> None:
    reference = load_profile("reference").path
    text = reference.read_text(encoding="utf-8")
    before, _, after = text.partition("[transmit.command.heat]")
    without = before + "[transmit.status]" + after.partition("[transmit.status]")[2]
    (tmp_path / "cold.toml").write_text(without.replace('name = "reference"', 'name = "cold"'))
    (tmp_path / "chargelock.dbc").write_bytes(reference.with_name("chargelock.dbc").read_bytes())
    profile = load_profile(tmp_path / "cold.toml")
    assert not profile.car.can_heat
    assert profile.car.can_wake


def test_the_reference_car_lacks_nothing_and_has_no_notes() -> None:
    profile = load_profile("reference")
    assert profile.lacks == ()
    assert profile.notes == ()
    assert profile.car.can_wake
    assert profile.car.can_heat
    assert profile.transmit_ids == {(0x120, False), (0x420, False), (0x500, False)}
    assert not profile.transmit_ids & profile.receive_ids
    data_ids = [spec.protection.data_id for spec in profile.messages.values() if spec.protection]
    assert len(set(data_ids)) == len(data_ids) == 13


def test_what_a_car_lacks_is_worked_out_from_its_mapping(tmp_path: Path) -> None:
    profile = load_profile(
        write_car(tmp_path, TOML.replace("[car]", '[lacks]\nkey = "none"\n[car]'))
    )
    assert profile.lacks == (
        "key",
        "session",
        "supply",
        "supply_limit",
        "pilot",
        "weld",
        "adapter_lock",
    )
    assert profile.lacks_words == {"key": "none"}
    assert profile.car.when_empty is WhenEmpty.LEAVE
    assert profile.receive_ids == {(256, False), (257, False), (258, False), (65536, True)}


def test_a_declared_message_that_nobody_reads_is_noted(tmp_path: Path) -> None:
    path = write_car(tmp_path, TOML + "\n[message.Drive]\nstale_ms = 100\n")
    assert [(f.signal, f.severity) for f in check_profile(path)] == [("message.Drive", "note")]
    assert "Drive" not in load_profile(path).layout.messages


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ("{ min = 1 }", 10, 32767),
        ("{ above = 1 }", 11, 32767),
        ("{ max = -0.95 }", -32768, -10),
        ("{ below = 0.95 }", -32768, 9),
        ("{ above = -1, below = 1 }", -9, 9),
        ("{ min = 0.1, max = 0.3 }", 1, 3),
    ],
)
def test_physical_bounds_become_exact_raw_ones(
    tmp_path: Path, bounds: str, low: int, high: int
) -> None:
    profile = load_profile(write_car(tmp_path, TOML.replace("{ min = 1 }", bounds)))
    allowed = profile.layout.signals["inlet"][0].rows[0].when[0].allowed
    assert (min(allowed), max(allowed)) == (low, high)


def test_bounds_turn_around_with_a_negative_scale(tmp_path: Path) -> None:
    dbc = DBC.replace('(0.1,0) [-100|100] "A"', '(-0.1,0) [-100|100] "A"')
    profile = load_profile(write_car(tmp_path, TOML.replace("{ min = 1 }", "{ above = 1 }"), dbc))
    row = profile.layout.signals["inlet"][0].rows[0].when[0]
    assert (min(row.allowed), max(row.allowed)) == (-32768, -11)
    assert (row.field.low, row.field.high) == (-1000, 1000)
