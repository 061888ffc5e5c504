"""Each way in which published DBC files are malformed gets its own words, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from smallcar import DBC, HEAD

from vehicle.wire.dbc import load_dbc
from vehicle.wire.findings import Severity

ONE = 'BO_ 100 M: 8 X\n SG_ S : 0|8@1+ (1,0) [0|0] "" X\n'

FATAL = {
    "a 29-bit id without bit 31": (
        HEAD + ONE.replace("100", "419385408", 1),
        (9, "M", "write 2566869056"),
    ),
    "value table of a missing signal": (
        HEAD + ONE + '\nVAL_ 100 Sx 0 "a" ;\n',
        (12, "M.Sx", 'did you mean "S"?'),
    ),
    "value table of a missing message": (
        HEAD + ONE + '\nVAL_ 101 S 0 "a" ;\n',
        (12, "S", "id 101, which no message has"),
    ),
    "a message name that starts with a digit": (
        HEAD + ONE.replace("M:", "2017_5:"),
        (9, "2017_5", "rename it, for example to _2017_5"),
    ),
    "a signal name that starts with a digit": (
        HEAD + ONE.replace("S :", "0_COUNTER :"),
        (10, "0_COUNTER", "starts with a digit"),
    ),
    "a comment without its kind": (
        HEAD + ONE + '\nCM_ 100 "hello";\n',
        (12, "M", "CM_ without BO_ or SG_"),
    ),
    "a scale without a leading digit": (
        HEAD + ONE.replace("(1,0)", "(.25,0)"),
        (10, "M.S", "write a digit before the point"),
    ),
    "32 bits of garbage as id": (
        HEAD + ONE.replace("100", "4294967295", 1),
        (9, "M", "is no CAN id"),
    ),
    "an extended id of more than 29 bits": (
        HEAD + ONE.replace("100", "3000000000", 1),
        (9, "M", "is no CAN id"),
    ),
    "no BS_ and BU_ after NS_": (
        'VERSION ""\n\nNS_ :\n\tCM_\n\n' + ONE,
        (6, "NS_", "add both"),
    ),
    "a signal without bits": (
        HEAD + ONE.replace("0|8", "0|0"),
        (10, "M.S", "has no bits"),
    ),
    "an attribute that is not defined": (
        HEAD + ONE + '\nBA_ "GenMsgCycleTime" BO_ 100 50;\n',
        (0, "", "'GenMsgCycleTime' is used but not defined"),
    ),
    "a message line without its colon": (
        HEAD + ONE.replace("M:", "M"),
        (9, "BO_", "not a message line"),
    ),
    "an empty file": ("", (0, "", "is it a DBC?")),
    "some other text": ("hello\n", (0, "", "is it a DBC?")),
    "a line cantools alone understands is wrong": (
        HEAD + ONE + "\nBOO 1\n",
        (12, "", "Invalid syntax at line 12"),
    ),
}


@pytest.mark.parametrize("case", FATAL)
def test_a_dbc_that_cannot_be_used_is_named_by_line_and_signal(tmp_path: Path, case: str) -> None:
    text, (line, signal, words) = FATAL[case]
    path = tmp_path / "bad.dbc"
    path.write_text(text, encoding="utf-8")
    dbc, findings = load_dbc(path)
    assert dbc is None
    errors = [f for f in findings if f.severity is Severity.ERROR]
    assert [(f.line, f.signal) for f in errors] == [(line, signal)]
    assert words in errors[0].text
    assert errors[0].file == str(path)


def test_a_dbc_cut_off_in_a_signal_is_an_error_though_cantools_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "cut.dbc"
    path.write_text(HEAD + "BO_ 100 M: 8 X\n SG_ S : 0|8@1+ (1,", encoding="utf-8")
    _, findings = load_dbc(path)
    assert [(f.line, f.signal, f.severity) for f in findings] == [(10, "M.S", "error")]


USABLE = {
    "overlapping signals": (
        HEAD + ONE + ' SG_ T : 4|8@1+ (1,0) [0|0] "" X\n',
        (11, "M.T", "overlaps S"),
    ),
    "a signal beyond the payload": (
        HEAD + ONE.replace("0|8@", "60|8@"),
        (10, "M.S", "does not fit into 8 bytes"),
    ),
    "one id for two messages": (
        HEAD + ONE + "\n" + ONE.replace("M:", "N:"),
        (12, "N", "has the same id as M"),
    ),
    "one name for two signals": (
        HEAD + ONE + ' SG_ S : 8|8@1+ (1,0) [0|0] "" X\n',
        (11, "M.S", "a second signal of this name"),
    ),
    "mojibake": (
        HEAD + ONE + '\nCM_ BO_ 100 "Verschl\u00c3\u00bcsse";\n',
        (12, "", "garbled"),
    ),
    "a floating-point signal": (
        HEAD + ONE.replace("0|8", "0|32") + "\nSIG_VALTYPE_ 100 S : 1;\n",
        (10, "M.S", "floating-point"),
    ),
    "a scale of 0": (
        HEAD + ONE.replace("(1,0) [0|0]", "(0,0) [0|3]"),
        (10, "M.S", "its scale is 0"),
    ),
}


@pytest.mark.parametrize("case", USABLE)
def test_a_dbc_with_a_blemish_is_used_and_the_blemish_noted(
    tmp_path: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, (line, signal, words) = USABLE[case]
    path = tmp_path / "odd.dbc"
    path.write_text(text, encoding="utf-8")
    dbc, findings = load_dbc(path)
    assert dbc is not None
    assert [(f.line, f.signal, f.severity) for f in findings] == [(line, signal, Severity.NOTE)]
    assert words in findings[0].text


def test_two_messages_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "twice.dbc"
    path.write_text(HEAD + ONE + "\n" + ONE.replace("100", "101"))
    _, findings = load_dbc(path)
    assert [(f.line, f.signal, f.severity) for f in findings] == [(12, "M", Severity.ERROR)]
    assert "a second message of this name" in findings[0].text


PAGED = (
    HEAD
    + 'BO_ 100 M: 8 X\n SG_ P M : 0|8@1+ (1,0) [0|0] "" X\n'
    + ' SG_ A m0 : 8|8@1+ (1,0) [0|0] "" X\n SG_ B m1 : 8|8@1+ (1,0) [0|0] "" X\n'
)


def test_pages_of_a_multiplexed_message_do_not_overlap_each_other(tmp_path: Path) -> None:
    path = tmp_path / "paged.dbc"
    path.write_text(PAGED + ' SG_ C : 60|8@1+ (1,0) [0|0] "" X\n')
    assert [f.signal for f in load_dbc(path)[1]] == ["M.C"]
    path.write_text(PAGED + ' SG_ C m1 : 12|8@1+ (1,0) [0|0] "" X\n')
    assert [(f.signal, f.text[:10]) for f in load_dbc(path)[1]] == [("M.C", "overlaps B")]


def test_a_multiplexer_counts_by_its_raw_value_though_its_scale_is_0(tmp_path: Path) -> None:
    path = tmp_path / "paged.dbc"
    path.write_text(PAGED.replace("SG_ P M : 0|8@1+ (1,0) [0|0]", "SG_ P M : 0|8@1+ (0,0) [0|3]"))
    dbc, findings = load_dbc(path)
    assert [f.signal for f in findings] == ["M.P"]
    assert dbc is not None
    assert dbc.messages["M"].fields["B"].present(b"\x01" + bytes(7))


def test_windows_text_is_read_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "cp1252.dbc"
    path.write_bytes((HEAD + ONE + '\nCM_ BO_ 100 "T\u00fcr\u20ac";\n').encode("cp1252"))
    dbc, findings = load_dbc(path)
    assert dbc is not None
    assert [(f.line, f.severity) for f in findings] == [(12, "note")]
    path.write_bytes((HEAD + ONE).encode() + b'\nCM_ BO_ 100 "\x81";\n')
    assert load_dbc(path)[0] is not None


def test_a_missing_dbc_is_named(tmp_path: Path) -> None:
    dbc, findings = load_dbc(tmp_path / "none.dbc")
    assert dbc is None
    assert "No such file" in str(findings[0])


def test_a_comment_over_several_lines_is_not_taken_for_messages(tmp_path: Path) -> None:
    path = tmp_path / "long.dbc"
    path.write_text(HEAD + ONE + '\nCM_ BO_ 100 "first\nBO_ 1 x\nVAL_ 5 y 0\nlast";\n')
    dbc, findings = load_dbc(path)
    assert dbc is not None
    assert findings == []


def test_the_id_of_signals_without_a_message_is_not_complained_about(tmp_path: Path) -> None:
    path = tmp_path / "vector.dbc"
    stray = (
        "BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
        ' SG_ Z : 0|8@1+ (1,0) [0|0] "" Vector__XXX\n'
    )
    path.write_text(HEAD + ONE + "\n" + stray)
    dbc, findings = load_dbc(path)
    assert dbc is not None
    assert [f for f in findings if f.severity is Severity.ERROR] == []


def test_cycles_ranges_and_labels_come_from_the_dbc(tmp_path: Path) -> None:
    path = tmp_path / "small.dbc"
    path.write_text(DBC)
    dbc, findings = load_dbc(path)
    assert findings == []
    assert dbc is not None
    assert dbc.messages["Body"].cycle_us == 100_000
    assert dbc.messages["Fob"].cycle_us is None
    assert dbc.messages["Fob"].extended
    current = dbc.messages["Port"].fields["Current"]
    assert (current.low, current.high) == (-1000, 1000)
    assert dbc.messages["Port"].fields["Cable"].sna == {0}
    assert dbc.by_id[0x100, False].name == "Body"
