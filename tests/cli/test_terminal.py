"""How things look: columns and colours on a terminal, plain lines elsewhere, a bar on long work."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import chargelock, environment
from drives import candump, write_car, write_session
from terminals import Shown, on_terminal

from vehicle.cli import terminal
from vehicle.cli.console import fail, width
from vehicle.cli.terminal import Progress, print_header, print_named, print_row
from vehicle.replay.timeline import Row, Tone

pytestmark = pytest.mark.whole

LONG = (
    "release: someone entitled asked for the release, and the inlet is safe (inlet safe just now;"
    " connector in the inlet for 2.1 min)"
)
ROW = Row(139_301_662, "latch demand", LONG, Tone.DECIDED)

WIDE = """\
   seconds  about            what was sensed, decided and done
   139.302  latch demand     release: someone entitled asked for the release, and the inlet is safe
                             (inlet safe just now; connector in the inlet for 2.1 min)
  degraded  release: someone entitled asked for the release, and the inlet is safe (inlet safe just
            now; connector in the inlet for 2.1 min)
"""

NARROW = """\
   seconds  about: what was sensed, decided and done
   139.302  latch demand: release: someone entitled asked
            for the release, and the inlet is safe (inlet
            safe just now; connector in the inlet for 2.1
            min)
  degraded  release: someone entitled asked for the release,
            and the inlet is safe (inlet safe just now;
            connector in the inlet for 2.1 min)
"""


def shown(folder: Path, columns: int, **changes: str) -> Shown:
    car, log = write_car(folder), write_session(folder / "session.log")
    return on_terminal("replay", log, "--profile", car, "--shadow", columns=columns, **changes)


# ---- columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "text"), [(100, WIDE), (60, NARROW)])
def test_words_are_wrapped_and_their_next_lines_stand_below_them(
    columns: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In columns where there is room; on a narrow terminal the words follow at once."""
    print_header(columns)
    print_row(ROW, columns)
    print_named("degraded", LONG, columns)
    assert capsys.readouterr().out == text


@pytest.mark.parametrize("columns", [1, 20, 30])
def test_a_terminal_of_no_width_still_shows_every_word(
    columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost, however it looks."""
    print_row(ROW, columns)
    print_named("degraded", LONG, columns)
    assert " ".join(capsys.readouterr().out.split()).count("connector in the inlet for 2.1") == 2


def test_a_row_without_words_is_still_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """The time and what it is about remain."""
    print_row(Row(0, "car", "", Tone.SENSED), 80)
    assert capsys.readouterr().out == "     0.000  car              \n"


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_no_line_is_longer_than_the_terminal(columns: int, tmp_path: Path) -> None:
    """And each line begins with a time, a name, or the margin."""
    done = shown(tmp_path, columns)
    assert done.returncode == 0
    lines = done.plain.split("\n")
    assert max(map(len, lines)) <= columns
    for line in filter(None, lines):
        assert re.match(r" *(\d+\.\d{3}|[a-z]+|read by)  \S| {12,}\S", line), line


def test_a_terminal_wraps_and_a_file_does_not(tmp_path: Path) -> None:
    """One row is one line for grep."""
    wrapped = shown(tmp_path, 60).plain
    whole = chargelock(
        "replay", tmp_path / "session.log", "--profile", tmp_path / "small.toml", "--shadow"
    ).stdout
    assert max(map(len, whole.split("\n"))) > 100
    assert wrapped.count("\n") > whole.count("\n")
    assert wrapped.replace(":", "").split() == whole.replace(":", "").split()


def test_without_a_terminal_lines_are_not_wrapped() -> None:
    """Under pytest standard output is no terminal."""
    assert width() > 1000


# ---- colours ------------------------------------------------------------------------------------


def test_colours_are_on_a_terminal_only(tmp_path: Path) -> None:
    """What was done is bold green, what was decided cyan, what was sensed plain."""
    raw = shown(tmp_path, 100).raw
    assert "\x1b[32m\x1b[1mwe would engage the charge-port latch\x1b[0m\r\n" in raw
    assert "\x1b[36mengage: a session is active" in raw
    assert "     1.000  car              connector in the inlet\r\n" in raw
    piped = chargelock("replay", tmp_path / "session.log", "--profile", tmp_path / "small.toml")
    assert "\x1b" not in piped.stdout + piped.stderr


def test_no_color_is_respected(tmp_path: Path) -> None:
    """Set to anything but nothing (no-color.org)."""
    assert "\x1b" not in shown(tmp_path, 100, NO_COLOR="1").raw
    assert "\x1b[36m" in shown(tmp_path, 100, NO_COLOR="").raw


# ---- errors -------------------------------------------------------------------------------------


def test_an_error_is_one_line_whatever_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks within become spaces; the code is the caller's."""
    with pytest.raises(SystemExit) as ended:
        fail("first\n  second", 2)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: first second\n")


# ---- progress -----------------------------------------------------------------------------------


class Clock:
    """Stands in for the time of day."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    return clock


def test_progress_shows_after_a_second_and_some_times_a_second(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it leaves nothing behind."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress("replaying", 200_000_000) as progress:
        progress.show(10_000_000)
        assert screen.getvalue() == ""
        clock.now_s += 1.0
        progress.show(50_000_000)
        progress.show(60_000_000)
        clock.now_s += 199.0
        progress.show(100_000_000)
        clock.now_s += 0.2
        progress.show(400_000_000)
    bars = screen.getvalue().split("\r")
    assert bars == [
        "",
        "replaying [########                      ]  25%  50.0 MB/s, 3 s left\x1b[K",
        "replaying [###############               ]  50%  0.5 MB/s, 3 min left\x1b[K",
        "replaying [##############################] 100%\x1b[K",
        "\x1b[K",
    ]


def test_progress_gives_way_to_other_output_and_comes_back(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is printed stands on a line of its own."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    progress = Progress("replaying", 0)
    clock.now_s += 1.0
    progress.show(0)
    progress.clear()
    progress.clear()
    assert screen.getvalue().endswith("\r\x1b[K")
    assert screen.getvalue().count("\r\x1b[K") == 1
    clock.now_s += 1.0
    progress.show(1)
    assert screen.getvalue().endswith("100%\x1b[K")


def test_progress_is_not_shown_where_nobody_looks(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log file of a batch job wants no bars."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress("replaying", 100) as progress:
        clock.now_s += 5.0
        progress.show(50)
    assert screen.getvalue() == ""


def test_a_long_recording_shows_a_bar_on_a_terminal(tmp_path: Path) -> None:
    """The bar goes to standard error; the timeline stays whole."""
    car, log = write_car(tmp_path), tmp_path / "long.log"
    log.write_text(candump({}, 600.0), encoding="utf-8")
    at_once = (
        "import vehicle.cli.terminal as t; t.PROGRESS_AFTER_S = t.PROGRESS_EVERY_S = 0;"
        "from vehicle.cli.main import main; main()"
    )
    command = [sys.executable, "-c", at_once, "replay", str(log), "--profile", str(car)]
    done = on_terminal(columns=60, command=command)
    assert done.returncode == 0
    assert re.search(r"\rreplaying \[#{5,30} *\] +\d+%", done.raw)
    assert "replaying" not in done.plain
    assert "600.0 s" not in done.plain
    assert "599.9 s, candump" in done.plain
    piped = subprocess.run(command, env=environment(), capture_output=True, check=True)
    assert piped.stderr == b""
