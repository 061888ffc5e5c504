"""Fields read what cantools reads, one by one, whatever the other signals do."""

from __future__ import annotations

import logging
from pathlib import Path

import cantools.database
import pytest
from cantools.database.can import Message, Signal
from cantools.database.conversion import BaseConversion
from hypothesis import given
from hypothesis import strategies as st

from vehicle.wire.dbc import load_dbc
from vehicle.wire.fields import Field
from vehicle.wire.findings import WireError

DBC_FILES = sorted((Path(__file__).resolve().parents[2] / "dbc").glob("*.dbc"))


def alone(signal: Signal) -> Signal:
    """The same bits, without scaling or multiplexing."""
    return Signal(
        signal.name,
        signal.start,
        signal.length,
        signal.byte_order,
        signal.is_signed,
        conversion=BaseConversion.factory(),
    )


@pytest.mark.whole
@pytest.mark.parametrize("path", DBC_FILES, ids=lambda path: path.stem)
@given(payload=st.binary(min_size=64, max_size=64))
def test_every_signal_of_every_dbc_reads_as_cantools_reads_it(path: Path, payload: bytes) -> None:
    ours = loaded(path)
    for message, signal, oracle in oracles(path):
        data = payload[: ours.messages[message].length]
        field = ours.messages[message].fields[signal]
        if field.bytes_needed > len(data):
            assert field.raw(data) is None
            continue
        expected = oracle.decode(data, decode_choices=False, scaling=False)[signal]
        assert field.raw(data) == expected, field.operand


_CACHE: dict[Path, object] = {}


def loaded(path: Path):
    if path not in _CACHE:
        dbc, _ = load_dbc(path)
        assert dbc is not None
        _CACHE[path] = dbc
    return _CACHE[path]


_ORACLES: dict[Path, list[tuple[str, str, Message]]] = {}


def oracles(path: Path):
    """Every signal as a cantools message of its own, so that overlaps cannot spoil it."""
    if path not in _ORACLES:
        logging.disable(logging.WARNING)
        database = cantools.database.load_file(path, strict=False, database_format="dbc")
        logging.disable(logging.NOTSET)
        found = []
        for message in database.messages:
            for signal in message.signals:
                if signal.is_float:
                    continue
                one = Message(1, message.name, message.length, [alone(signal)], strict=False)
                found.append((message.name, signal.name, one))
        _ORACLES[path] = found
    return _ORACLES[path]


@st.composite
def fields(draw: st.DrawFn) -> Field:
    big = draw(st.booleans())
    start = draw(st.integers(0, 63))
    room = 64 - start if not big else 64 - (8 * (start // 8) + 7 - start % 8)
    length = draw(st.integers(1, room))
    return Field("M", "S", start, length, big_endian=big, signed=draw(st.booleans()))


@given(field=fields(), payload=st.binary(min_size=8, max_size=8), data=st.data())
def test_a_written_value_is_read_back_and_no_other_bit_moves(
    field: Field, payload: bytes, data: st.DataObject
) -> None:
    raw = data.draw(st.integers(field.raw_range.start, field.raw_range.stop - 1))
    written = bytearray(payload)
    field.put(written, raw)
    assert field.raw(bytes(written)) == raw
    moved = int.from_bytes(written, "little") ^ int.from_bytes(payload, "little")
    assert moved & ~field.mask == 0


@given(field=fields(), payload=st.binary(max_size=8))
def test_a_frame_too_short_for_a_field_leaves_it_unknown(field: Field, payload: bytes) -> None:
    assert (field.raw(payload) is None) == (len(payload) < field.bytes_needed)
    assert (field.known(payload) is None) == (len(payload) < field.bytes_needed)


def test_values_out_of_range_and_sna_codes_are_unknown() -> None:
    field = Field("M", "S", 0, 8, low=2, high=9, sna=frozenset({5}))
    known = [raw for raw in range(256) if field.known(bytes([raw])) is not None]
    assert known == [2, 3, 4, 6, 7, 8, 9]


def test_a_value_that_does_not_fit_is_refused_with_its_name() -> None:
    field = Field("M", "S", 0, 3, signed=True)
    with pytest.raises(WireError, match=r"M\.S: raw value 4 does not fit; use -4 to 3"):
        field.put(bytearray(8), 4)
    with pytest.raises(WireError, match="too short"):
        Field("M", "S", 60, 4).put(bytearray(4), 1)


def test_a_multiplexed_field_is_only_in_frames_of_its_page() -> None:
    page = Field("M", "Page", 0, 4)
    field = Field("M", "S", 8, 8, mux=page, mux_ids=frozenset({2}))
    assert field.present(bytes([2, 7]))
    assert not field.present(bytes([3, 7]))
    assert field.mask == 0xFF0F


def test_the_bmw_frame_that_cantools_refuses_whole_is_read_signal_by_signal(tmp_path: Path) -> None:
    """Three overlapping signals in one message: the real case is BMW 0x3B4."""
    path = tmp_path / "overlap.dbc"
    path.write_text(
        'VERSION ""\n\nNS_ :\n\nBS_:\n\nBU_: X\n\nBO_ 948 LIM: 8 X\n'
        ' SG_ HW_EN : 22|2@1+ (1,0) [0|0] "" X\n'
        ' SG_ PP : 23|2@1+ (1,0) [0|0] "" X\n'
        ' SG_ Flap : 24|2@1+ (1,0) [0|0] "" X\n'
        ' SG_ Latch : 26|2@1+ (1,0) [0|3] "" X\n'
    )
    dbc, findings = load_dbc(path)
    assert dbc is not None
    assert [(f.line, f.signal, f.severity) for f in findings] == [
        (11, "LIM.PP", "note"),
        (12, "LIM.Flap", "note"),
    ]
    data = bytes([0, 0, 0x40, 0x05, 0, 0, 0, 0])
    values = {name: field.raw(data) for name, field in dbc.messages["LIM"].fields.items()}
    assert values == {"HW_EN": 1, "PP": 2, "Flap": 1, "Latch": 1}
