"""``chargelock replay --export``: each file opened by what people open it with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
from click.testing import CliRunner, Result
from drives import write_car, write_session
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from vehicle.cli import export as module
from vehicle.cli.main import main
from vehicle.replay.export_table import Column, code_of, column_name, columns
from vehicle.replay.report.chronicle import Chronicle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_car(tmp_path)
    write_session(tmp_path / "session.log")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    what = ["replay", str(folder / "session.log"), "--profile", str(folder / "small.toml")]
    result = CliRunner().invoke(main, [*what, "--shadow", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def exported(folder: Path, ending: str) -> Path:
    path = folder / f"changes{ending}"
    assert run(folder, "--export", str(path)).exit_code == 0
    return path


# ---- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_duckdb_finds_when_the_cable_was_to_be_held(folder: Path, ending: str) -> None:
    """The connector is there from 1 s on; the release is demanded at 6.5 s."""
    path = exported(folder, ending)
    found = duckdb.sql(
        f"select t_us from '{path}' where latch_demand = 'engage' order by t_us"
    ).fetchall()
    assert found[0] == (1_000_000,)
    assert found[-1][0] < 6_500_000
    ((first, codes),) = duckdb.sql(
        f"select min(t_s), count(distinct session_code) from '{path}' where session = 'charging'"
    ).fetchall()
    assert (first, codes) == (3.0, 1)


def test_pandas_reads_the_same_of_both(folder: Path) -> None:
    one = pandas.read_parquet(exported(folder, ".parquet"))
    other = pandas.read_csv(exported(folder, ".csv"))
    assert list(one.columns) == list(other.columns)
    assert one["t_us"].is_monotonic_increasing
    for name in one.columns:
        ours, theirs = (
            [None if pandas.isna(x) else x for x in each[name]] for each in (one, other)
        )
        assert ours == theirs, name


def test_what_happened_stands_at_its_moment(folder: Path) -> None:
    table = pandas.read_csv(exported(folder, ".csv"))
    (words,) = table[table["t_us"] == 1_000_000]["happened"]
    assert words == "command: engage the charge-port latch"


def test_the_same_recording_gives_the_same_files(folder: Path) -> None:
    for ending in (".csv", ".parquet", ".perfetto-trace"):
        once = exported(folder, ending).read_bytes()
        assert exported(folder, ending).read_bytes() == once


def test_an_empty_chronicle_has_times_and_nothing_else() -> None:
    assert columns(Chronicle(shadow=False)) == [
        Column("t_us", "time", []),
        Column("t_s", "seconds", []),
        Column("happened", "words", []),
    ]


def test_columns_are_named_by_what_they_are_about() -> None:
    assert [column_name(key) for key in ("car_lock", "demand:latch", "fault:jammed:latch")] == [
        "car_lock",
        "latch_demand",
        "fault_jammed_latch",
    ]
    assert code_of("state:latch", "engaged-assumed") != code_of("state:latch", "engaged")
    assert code_of("rule:latch", "car_locked") is None


# ---- Perfetto -----------------------------------------------------------------------------------


def trace_of(folder: Path) -> Any:
    trace = Trace()
    trace.ParseFromString(exported(folder, ".perfetto-trace").read_bytes())
    return trace


def rows_of(trace: Any) -> dict[int, str]:
    """The whole name of each row: its own, after its parents'."""
    found: dict[int, str] = {}
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            row = packet.track_descriptor
            above = f"{found[row.parent_uuid]}/" if row.parent_uuid else ""
            found[row.uuid] = above + row.name
    return found


def test_states_are_slices_that_touch(folder: Path) -> None:
    """Every slice of a row begins where the one before ended."""
    trace = trace_of(folder)
    rows = rows_of(trace)
    open_since: dict[str, int] = {}
    ended: dict[str, int] = {}
    named: list[str] = []
    for packet in trace.packet:
        event, row = packet.track_event, rows.get(packet.track_event.track_uuid, "")
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            assert row not in open_since
            assert ended.get(row, packet.timestamp) == packet.timestamp
            open_since[row] = packet.timestamp
            named += [event.name] if row == "states/session" else []
        elif event.type == TrackEvent.TYPE_SLICE_END:
            assert open_since.pop(row) <= packet.timestamp
            ended[row] = packet.timestamp
    assert open_since == {}
    assert named == ["none", "waiting", "charging", "complete", "none"]


def test_a_signal_is_a_counter_of_its_code(folder: Path) -> None:
    trace = trace_of(folder)
    rows = rows_of(trace)
    counted = [
        (packet.timestamp, packet.track_event.counter_value)
        for packet in trace.packet
        if packet.track_event.type == TrackEvent.TYPE_COUNTER
        and rows[packet.track_event.track_uuid] == "signals as numbers/inlet"
    ]
    codes = {word: code_of("inlet", word) for word in ("unknown", "safe", "energised")}
    assert [value for _, value in counted][-3:] == [
        codes["safe"],
        codes["energised"],
        codes["safe"],
    ]
    assert counted[-2][0] == 3_000_000_000


def test_an_arrow_leads_from_the_frame_to_its_command(folder: Path) -> None:
    """The frame of the connector is 0x101, at one second."""
    trace = trace_of(folder)
    rows = rows_of(trace)
    begins = {
        flow: (rows[packet.track_event.track_uuid], packet.track_event.name, packet.timestamp)
        for packet in trace.packet
        for flow in packet.track_event.flow_ids
    }
    ends = {
        flow: (rows[packet.track_event.track_uuid], packet.track_event.name, packet.timestamp)
        for packet in trace.packet
        for flow in packet.track_event.terminating_flow_ids
    }
    assert begins.keys() == ends.keys()
    pairs = [(begins[flow], ends[flow]) for flow in begins]
    assert (
        ("moments/frames", "frame 101", 1_000_000_000),
        ("moments/command", "engage the charge-port latch", 1_000_000_000),
    ) in pairs


# ---- what stands against it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("changes.xlsx", "is told by its ending: .csv, .parquet, .perfetto-trace"),
        ("nowhere/changes.csv", "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_replay(
    folder: Path, name: str, says: str
) -> None:
    done = run(folder, "--export", str(folder / name))
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_missing_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

    monkeypatch.setattr(module, "import_module", missing)
    done = run(folder, "--export", str(folder / "changes.parquet"))
    assert done.exit_code == 1
    assert "pip install 'chargelock[export]'" in done.stderr


def test_what_exports_are_made_with_is_imported_only_for_one() -> None:
    code = (
        "import sys, vehicle.cli.replay, vehicle.cli.compare; "
        "print([name for name in ('jinja2', 'perfetto', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_file_is_not_written_for_two_things(folder: Path) -> None:
    out = str(folder / "out.csv")
    for more in (["--export", out], ["--report", out], ["--journal", out]):
        done = run(folder, "--export", out, *more)
        assert done.exit_code == 2
        assert "is named for something else already" in done.stderr
    assert not (folder / "out.csv").exists()
