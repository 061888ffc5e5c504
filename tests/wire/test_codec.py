"""What is written is what the profile allows, and what is read back is what was written."""

from __future__ import annotations

from pathlib import Path

import cantools.database
import pytest
from hypothesis import given
from hypothesis import strategies as st
from smallcar import TOML, write_car

from vehicle.core.names import Charge, FaultName, PinState
from vehicle.wire.capabilities import DRIVE_WORDS, HELD_WORDS
from vehicle.wire.codec import Decoder, Encoder, Sender
from vehicle.wire.findings import WireError
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, load_profile


@pytest.fixture(scope="module")
def reference() -> Profile:
    return load_profile("reference")


# ---- Sender --------------------------------------------------------------------------------------


@given(
    latch=st.sampled_from(DRIVE_WORDS),
    adapter=st.sampled_from(DRIVE_WORDS),
    permit=st.sampled_from(list(Charge)),
    stop=st.booleans(),
    heat=st.booleans(),
)
def test_every_command_is_read_back_as_it_was_meant(
    reference: Profile, latch: str, adapter: str, permit: Charge, stop: bool, heat: bool
) -> None:
    frame = Sender(reference, "can0").command(latch, adapter, permit, stop=stop, heat=heat)
    assert frame[:4] == (0x120, frame.data, "can0", False)
    values = Decoder(reference).decode(frame)
    assert values is not None
    assert values["LatchCommand"] == DRIVE_WORDS.index(latch)
    assert values["AdapterLockCommand"] == DRIVE_WORDS.index(adapter)
    assert values["ChargePermit"] == list(Charge).index(permit)
    assert values["StopCharging"] == stop
    assert values["HeatInlet"] == heat


def test_a_command_without_words_drives_and_permits_nothing(reference: Profile) -> None:
    values = Decoder(reference).decode(Sender(reference).command())
    assert values is not None
    names = ("LatchCommand", "AdapterLockCommand", "ChargePermit", "StopCharging")
    assert [values[name] for name in (*names, "HeatInlet")] == [0, 0, 0, 0, 0]


def test_every_status_word_of_the_core_can_be_sent(reference: Profile) -> None:
    sender, decoder = Sender(reference), Decoder(reference)
    for held in HELD_WORDS:
        assert decoder.decode(sender.status(held, "engaged", "not-fitted")) is not None
    for state in PinState:
        assert decoder.decode(sender.status("all", state, state)) is not None
    codes = set()
    for fault in ("none", *FaultName):
        values = decoder.decode(sender.status("nothing", "unknown", "unknown", fault))
        assert values is not None
        codes.add(values["FaultCode"])
    assert len(codes) == len(FaultName) + 1
    assert 255 not in codes


def test_a_fault_without_a_code_is_sent_as_other(reference: Profile) -> None:
    values = Decoder(reference).decode(Sender(reference).status("all", "engaged", "engaged", "odd"))
    assert values is not None
    assert values["FaultCode"] == 255


def test_the_wake_frame_is_short_and_unprotected(reference: Profile) -> None:
    assert Sender(reference).wake() == Frame(0x500, b"\x01")


def test_frames_of_one_sender_are_in_sequence(reference: Profile) -> None:
    sender, decoder = Sender(reference), Decoder(reference)
    counters = []
    for _ in range(300):
        values = decoder.decode(sender.command())
        assert values is not None
        counters.append(values["AliveCounter"])
    assert counters == [number % 256 for number in range(300)]


def test_an_unknown_word_is_refused_with_the_nearest(reference: Profile) -> None:
    with pytest.raises(WireError, match=r'latch cannot say "engaged"; did you mean "engage"\?'):
        Sender(reference).command("engaged")
    with pytest.raises(WireError, match="held cannot say"):
        Sender(reference).status("cable", "engaged", "engaged")


SENDING = """
[transmit.command]
message = "Drive"
set = { Latch = 3 }
[transmit.command.latch]
none = { Latch = 0 }
engage = { Latch = 1 }
release = { Latch = 2 }
"""


def test_a_car_that_takes_nothing_is_sent_nothing(tmp_path: Path) -> None:
    profile = load_profile(write_car(tmp_path))
    sender = Sender(profile)
    assert profile.transmit_ids == frozenset()
    assert not any(sender.can(kind) for kind in ("command", "status", "wake"))
    for ask in (sender.command, sender.wake, lambda: sender.status("all", "engaged", "engaged")):
        with pytest.raises(WireError, match="profile small sends no"):
            ask()


def test_a_car_without_a_field_can_be_told_nothing_there(tmp_path: Path) -> None:
    profile = load_profile(write_car(tmp_path, TOML + SENDING))
    sender = Sender(profile)
    assert profile.transmit_ids == {(300, False)}
    assert sender.command("release").data == bytes([2] + [0] * 7)
    with pytest.raises(WireError, match="Drive has no field for permit"):
        sender.command("engage", permit="ac")


# ---- Encoder and Decoder -------------------------------------------------------------------------


@given(data=st.data())
def test_every_message_of_the_reference_bus_is_written_as_cantools_reads_it(
    reference: Profile, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(reference.dbc.messages)))
    message = reference.dbc.messages[name]
    values = {
        signal: data.draw(st.integers(field.raw_range.start, field.raw_range.stop - 1))
        for signal, field in message.fields.items()
        if signal not in ("Checksum", "AliveCounter")
    }
    frame = Encoder(reference).encode(name, values)
    oracle = cantools_reference().get_message_by_name(name)
    read = oracle.decode(frame.data, decode_choices=False, scaling=False)
    assert {signal: read[signal] for signal in values} == values
    decoded = Decoder(reference).decode(frame)
    assert decoded == read


_DATABASE: list[cantools.database.Database] = []


def cantools_reference() -> cantools.database.Database:
    if not _DATABASE:
        path = Path(__file__).resolve().parents[2] / "dbc" / "chargelock.dbc"
        _DATABASE.append(cantools.database.load_file(path))
    return _DATABASE[0]


def test_values_may_be_raw_physical_or_a_label(reference: Profile) -> None:
    frame = Encoder(reference).encode(
        "ChargeState", {"Session": "Charging", "AcCurrent": -31.5, "SupplyLimit": 32}
    )
    decoder = Decoder(reference)
    values = decoder.decode(frame)
    assert values is not None
    assert (values["Session"], values["AcCurrent"], values["SupplyLimit"]) == (3, -315, 32)
    assert decoder.physical("ChargeState", "AcCurrent", -315) == -31.5


@pytest.mark.parametrize(
    ("message", "values", "words"),
    [
        ("ChargeStat", {}, r'has no message ChargeStat; did you mean "ChargeState"\?'),
        ("ChargeState", {"Sesion": 1}, r'no signal Sesion; did you mean "Session"\?'),
        ("ChargeState", {"Session": "Chargin"}, r'no value "Chargin"; did you mean "Charging"\?'),
        ("ChargeState", {"Session": 8}, "raw value 8 does not fit; use 0 to 7"),
        ("ChargeState", {"AcCurrent": 200.0}, "200.0 is outside the DBC's range"),
        ("DoorLockState", {"CarLock": -1}, "raw value -1 does not fit"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(
    reference: Profile, message: str, values: dict[str, int], words: str
) -> None:
    with pytest.raises(WireError, match=words):
        Encoder(reference).encode(message, values)


def test_a_frame_that_is_not_to_be_believed_is_not_read(reference: Profile) -> None:
    encoder, decoder = Encoder(reference), Decoder(reference)
    frame = encoder.encode("LockCommand", {"LatchCommand": 1})
    damaged = frame._replace(data=frame.data[:7] + b"\x01")
    assert decoder.decode(damaged) is None
    assert decoder.decode(frame) is not None
    assert decoder.decode(frame) is None, "a repeated counter"
    assert decoder.decode(frame._replace(can_id=0x7FF)) is None
    assert decoder.decode(encoder.encode("LockCommand", {})._replace(remote=True)) is None


def test_a_short_frame_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    profile = load_profile(write_car(tmp_path))
    assert Decoder(profile).decode(Frame(0x101, b"\x06")) == {"Cable": 2, "Latch": 1}
