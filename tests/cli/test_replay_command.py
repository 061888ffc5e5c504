"""``chargelock replay`` from end to end: what it prints where, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from command_line import COMMAND, chargelock, environment, lines_of, of_kind
from drives import SESSION, candump, write_car, write_session

from vehicle.cli import replay as module
from vehicle.cli.main import main
from vehicle.core.names import Demand
from vehicle.core.outputs import Command, Entry, Output
from vehicle.replay.agreement import Agreement
from vehicle.replay.scan.kernels import choose, installed
from vehicle.replay.summary_lines import KERNEL_WORDS
from vehicle.runtime.journal import to_line as journal_line


@pytest.fixture
def car(tmp_path: Path) -> str:
    return str(write_car(tmp_path))


@pytest.fixture
def log(tmp_path: Path) -> str:
    return str(write_session(tmp_path / "session.log"))


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["replay", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def summary_of(text: str) -> dict[str, str]:
    """The printed summary: the last word for each name."""
    _, _, summary = text.partition("\n\n")
    found: dict[str, str] = {}
    for line in summary.splitlines():
        found[line[:10].strip()] = line[12:]
    return found


# ---- channels and kernels -----------------------------------------------------------------------


@pytest.fixture
def two_buses(tmp_path: Path) -> str:
    """The session on can1, and on can0 another bus, whose 0x100 says that the car is locked."""
    lines = candump(SESSION, 9.0).replace(" can0 ", " can1 ").splitlines(keepends=True)
    path = tmp_path / "two.log"
    path.write_text(
        "".join(line + line.split()[0] + " can0 100#02\n" for line in lines), encoding="utf-8"
    )
    return str(path)


def test_another_bus_with_the_same_identifier_is_left_out_where_the_channel_is_named(
    car: str, log: str, two_buses: str, tmp_path: Path
) -> None:
    """Else its frames are taken for the car's, and the doors flicker."""
    journals = {}
    choices = {"one": (log,), "two": (two_buses,), "can1": (two_buses, "--channel", "can1")}
    for name, arguments in choices.items():
        path = tmp_path / f"{name}.jsonl"
        assert run(*arguments, "--profile", car, "--shadow", "--journal", path).exit_code == 0
        journals[name] = path.read_text(encoding="utf-8")
    assert journals["can1"] == journals["one"]
    assert journals["two"] != journals["one"]
    named = run(two_buses, "--profile", car, "--shadow", "--channel", "main=can1", "--json")
    assert json.loads(named.stdout)["frames_used"] == 180


@pytest.mark.parametrize(
    ("channels", "why"),
    [
        (("nowhere=can0",), 'profile small has no bus "nowhere"; use one of: main'),
        (("main=can0", "main=can1"), "--channel main=can1: another channel was given for the same"),
        (("can0", "can1"), "--channel can1: another channel was given for the same bus"),
        (("main=",), "--channel 'main=': is no name of a channel"),
    ],
)
def test_a_channel_that_cannot_be_is_misuse(
    car: str, log: str, channels: tuple[str, ...], why: str
) -> None:
    done = run(log, "--profile", car, *(word for each in channels for word in ("--channel", each)))
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_channel_without_the_car_names_those_with_it(car: str, log: str) -> None:
    done = run(log, "--profile", car, "--channel", "can7")
    assert done.exit_code == 1
    assert "is on main=can7 in this recording; it has some on can0: see --channel" in done.stderr


def test_every_kernel_says_that_it_read_and_tells_the_same(
    car: str, log: str, tmp_path: Path
) -> None:
    journals = set()
    for name in [*(kernel.name for kernel in installed()), "frames"]:
        path = tmp_path / f"{name}.jsonl"
        done = run(log, "--profile", car, "--kernel", name, "--journal", path)
        assert summary_of(done.stdout)["read by"] == KERNEL_WORDS[name]
        journals.add(path.read_bytes())
    assert len(journals) == 1


def test_a_kernel_that_is_not_installed_is_misuse(car: str, log: str) -> None:
    done = run(log, "--profile", car, "--kernel", "quantum")
    assert done.exit_code == 2
    assert "this installation has no kernel 'quantum'; it has " in done.stderr


# ---- what is printed where ----------------------------------------------------------------------


def test_the_timeline_and_the_summary_go_to_standard_output(car: str, log: str) -> None:
    """Columns that line up: seconds, what about, words."""
    done = run(log, "--profile", car, "--shadow")
    assert (done.exit_code, done.stderr) == (0, "")
    timeline, _, _ = done.stdout.partition("\n\n")
    header, *rows = timeline.splitlines()
    assert header == "   seconds  about            what was sensed, decided and done"
    for row in rows:
        assert row[10:12] == "  "
        assert float(row[:10]) >= 0
        assert row[28] == " "
        assert row[29] != " "
    times = [float(row[:10]) for row in rows]
    assert times == sorted(times)
    assert "     1.000  latch command    we would engage the charge-port latch" in rows
    assert rows[-1] == "     8.000  held             Nothing is plugged in."


def test_the_summary_says_what_was_read_decided_and_compared(car: str, log: str) -> None:
    """One name to a line."""
    found = summary_of(run(log, "--profile", car, "--shadow").stdout)
    assert found == {
        "recording": "8.9 s, candump",
        "profile": "small",
        "frames": "180 read, 180 used",
        "read by": KERNEL_WORDS[choose().name],
        "commands": "latch 1 engage, 1 release (none was sent: another controller moved the pins)",
        "events": "none",
        "faults": "none",
        "degraded": "no adapter lock signal on this bus",
        "agreement": "7.4 s with the car's own controller; 1.5 s against it; 0.0 s not known",
        "differed": "6.500 to 7.000 s: latch demand release, the car's was engaged",
    }


def test_without_shadow_the_summary_compares_nothing(car: str, log: str) -> None:
    """And a command is a command."""
    found = summary_of(run(log, "--profile", car).stdout)
    assert found["commands"] == "latch 1 engage, 1 release"
    assert "agreement" not in found
    assert "differed" not in found


def test_trouble_is_counted_in_the_summary(car: str, tmp_path: Path) -> None:
    """Clamped stamps, jumps of the clock, events and faults have lines of their own."""
    path = tmp_path / "trouble.log"
    pulled: dict[float, dict[str, int]] = {
        1.0: {"Cable": 2, "Session": 3},
        2.0: {"Latch": 2},
        3.0: {"Latch": 1},
    }
    path.write_text(
        candump(pulled, 5.0, start_us=100_000_000)
        + "(104.5) can0 100#01\n(104.6) can0 100#01\n(1.0) can0 100#01\n",
        encoding="utf-8",
    )
    found = summary_of(run(path, "--profile", car).stdout)
    assert found["clamped"] == "2 stamps that stepped back by up to 1 s"
    assert found["segments"] == "2: time jumped between them"
    assert "1 unexpected_open" in found["faults"]
    assert "1 manual_release_pulled" in found["events"]


def test_json_prints_one_object_and_nothing_else(car: str, log: str) -> None:
    """The summary's keys, sorted, for programs."""
    done = run(log, "--profile", car, "--shadow", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    summary: dict[str, Any] = json.loads(done.stdout)
    assert list(summary) == sorted(summary)
    assert summary["commands"]["latch"] == {"engage": 1, "release": 1}
    assert set(summary) >= {
        *("frames_read", "frames_used", "frames_skipped", "duration_s", "profile", "variant"),
        *("commands", "events", "faults", "degraded", "agreement"),
    }
    assert set(summary["agreement"]) >= {
        *("intervals", "agreed_us", "differed_us", "unknown_us", "releases_while_not_safe"),
    }


def test_journal_to_a_file_leaves_the_timeline_on_the_terminal(
    car: str, log: str, tmp_path: Path
) -> None:
    """Both tell of the same commands."""
    journal = tmp_path / "journal.jsonl"
    done = run(log, "--profile", car, "--journal", journal)
    lines = lines_of(journal.read_text(encoding="utf-8"))
    commands = [line["command"] for line in of_kind(lines, "command")]
    assert commands == ["engage", "release"]
    assert done.stdout.count("latch command") == 2


def test_journal_to_standard_output_is_nothing_but_the_journal(
    car: str, log: str, tmp_path: Path
) -> None:
    """The same bytes as in a file."""
    journal = tmp_path / "journal.jsonl"
    run(log, "--profile", car, "--journal", journal)
    done = run(log, "--profile", car, "--journal", "-")
    assert done.stdout.encode() == journal.read_bytes()
    assert done.stderr == ""


def test_the_journal_begins_with_the_owner_s_settings(car: str, log: str, tmp_path: Path) -> None:
    """A settings file changes what is decided, and the first line says so."""
    settings = tmp_path / "owner.toml"
    settings.write_text('auto-lock = "off"\n', encoding="utf-8")
    done = run(log, "--profile", car, "--settings", settings, "--journal", "-", "--shadow")
    start, *lines = lines_of(done.stdout)
    assert start["settings"]["auto-lock"] == "off"
    assert start["settings"]["power-cut-hold-s"] == 300
    assert (start["profile"], start["variant"], start["shadow"]) == ("small", None, True)
    assert of_kind(lines, "command", command="engage") == []


def test_several_recordings_are_named_with_each_format_once(car: str, tmp_path: Path) -> None:
    """Two halves of one drive."""
    lines = candump(SESSION, 9.0, start_us=1_700_000_000_000_000).splitlines(keepends=True)
    for name, part in (("one", lines[:80]), ("two", lines[80:])):
        (tmp_path / f"{name}.log").write_text("".join(part), encoding="utf-8")
    done = run(tmp_path / "two.log", tmp_path / "one.log", "--profile", car)
    assert summary_of(done.stdout)["recording"] == "8.9 s, candump"


def test_the_command_in_the_policy_s_words_is_on_the_help_page() -> None:
    """Every option of the contract, and no module is needed to read it."""
    text = run("--help").stdout
    for option in ("LOG...", "--profile", "--settings", "--journal", "--json", "--shadow"):
        assert option in text


# ---- how it ends --------------------------------------------------------------------------------


def test_a_release_while_not_safe_ends_with_1(
    car: str, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never happens; if it does, nobody can overlook it."""
    note = Agreement.note

    def unsafe(self: Agreement, now_us: int, output: Output) -> None:
        note(self, now_us, output)
        if isinstance(output, Command) and output.command is Demand.RELEASE:
            self.releases_while_not_safe += 1

    monkeypatch.setattr(Agreement, "note", unsafe)
    assert run(log, "--profile", car, "--json", "--shadow").exit_code == 1
    done = run(log, "--profile", car, "--shadow")
    assert done.exit_code == 1
    assert summary_of(done.stdout)["DEFECT"] == (
        "1 release command while the inlet did not read safe"
    )
    assert run(log, "--profile", car).exit_code == 0


def test_the_car_that_lets_go_while_not_safe_is_a_note(car: str, tmp_path: Path) -> None:
    """Its own doing, so the exit code is 0."""
    path = tmp_path / "bold.log"
    moments = {**SESSION, 5.0: {"Latch": 1}, 5.5: {"Latch": 2}, 5.8: {"Latch": 1}}
    path.write_text(candump(moments, 9.0), encoding="utf-8")
    done = run(path, "--profile", car, "--shadow")
    assert done.exit_code == 0
    assert summary_of(done.stdout)["note"] == (
        "the car let go 2 times while the inlet did not read safe"
    )


def test_a_reader_that_stops_early_ends_it_quietly(car: str, tmp_path: Path) -> None:
    """``| head -1`` gets its line, and no traceback follows it."""
    path = flickering(tmp_path)
    for flags in ([], ["--journal", "-"]):
        process = start("replay", path, "--profile", car, *flags)
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        told = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=60) == 1
        assert told == b""


@pytest.mark.parametrize("flags", [[], ["--journal", "-"]], ids=["timeline", "journal"])
def test_ctrl_c_says_what_is_known_so_far(flags: list[str], car: str, tmp_path: Path) -> None:
    """No traceback, 130, whole lines; the process is stopped while its output waits for us."""
    path, journal = flickering(tmp_path), tmp_path / "journal.jsonl"
    wanted = flags or ["--journal", str(journal)]
    process = start("replay", path, "--profile", car, "--shadow", *wanted)
    assert process.stdout is not None
    shown = b""
    while len(shown) < 20_000:
        piece = process.stdout.read(4096)
        assert piece, "it ended before it could be interrupted"
        shown += piece
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    text, told = (shown + rest).decode(), errors.decode()
    assert process.returncode == 130
    assert told.startswith("error: interrupted ")
    assert told.endswith(" s into the recording; what is told ends there\n")
    assert told.count("\n") == 1
    lines = lines_of(text if flags else journal.read_text(encoding="utf-8"))
    assert 13 < len(of_kind(lines, "signal")) < FLICKERS
    if not flags:
        found = summary_of(text)
        assert float(found["recording"].split()[0]) < FLICKERS / 10
        assert "agreement" in found


def test_ctrl_c_before_the_replay_begins_ends_it_quietly(
    car: str, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the recording is looked at, click says that it was aborted."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "open_recording", interrupted)
    done = CliRunner().invoke(main, ["replay", log, "--profile", car])
    assert done.exit_code == 1
    assert done.stderr.strip() == "Aborted!"


def test_an_interrupted_summary_says_so_to_programs_too(
    car: str, log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted by then, and that it is not the whole."""
    journal = tmp_path / "journal.jsonl"

    def to_line(now_us: int, output: Entry) -> str:
        if now_us >= 3_000_000:
            raise KeyboardInterrupt
        return journal_line(now_us, output)

    monkeypatch.setattr(module, "to_line", to_line)
    done = run(log, "--profile", car, "--shadow", "--json", "--journal", journal)
    assert done.exit_code == 130
    assert done.stderr == "error: interrupted 3.0 s into the recording; what is told ends there\n"
    summary = json.loads(done.stdout)
    assert summary["interrupted"] is True
    assert summary["commands"]["latch"] == {"engage": 1, "release": 0}
    assert lines_of(journal.read_text(encoding="utf-8"))[-1]["t"] < 3_000_000


FLICKERS = 20_000
"""More rows than a pipe holds: whoever writes them all must wait for whoever reads."""


def flickering(folder: Path) -> Path:
    """A log in which the doors lock and unlock in turn, without end."""
    path = folder / "flicker.log"
    path.write_text(
        "(0.0) can0 101#1501\n"
        + "".join(f"({i // 10}.{i % 10}) can0 100#0{1 + i % 2}\n" for i in range(FLICKERS)),
        encoding="utf-8",
    )
    return path


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Begin a process whose output is not buffered on our side."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment(),
    )


def test_it_works_as_a_process_with_warnings_as_errors(car: str, log: str) -> None:
    """No file is left open, nothing deprecated is used."""
    done = chargelock("replay", log, "--profile", car, "--shadow")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run(log, "--profile", car, "--shadow").stdout


def test_a_replay_imports_nothing_that_it_does_not_need(car: str, log: str) -> None:
    """Reports, exports, other formats and other kernels take longer than a million frames."""
    script = (
        "import sys\n"
        "from vehicle.cli.main import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "replay", log, "--profile", car, "--json"],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    readers, scan = "vehicle.replay.readers", "vehicle.replay.scan"
    heavy = {
        "vehicle.replay.report.chronicle",
        "vehicle.core.whatif",
        "vehicle.cli.export",
        "vehicle.cli.report",
        *(f"{readers}.{each}" for each in ("asc", "blf", "mf4", "csv_logs", "text_logs")),
        "can",
        "cantools",
        "asammdf",
    }
    if choose().name != "numpy":
        heavy |= {"numpy", f"{scan}.numpy_lines"}
    if choose().name != "plain":
        heavy.add(f"{scan}.plain_lines")
    assert not heavy & set(ended.stderr.split())
