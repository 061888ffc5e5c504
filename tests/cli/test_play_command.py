"""``chargelock play``: on python-can's virtual bus, and on a terminal."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import can
import pytest
from click.testing import CliRunner
from command_line import chargelock
from live_terminal import LiveTerminal

from vehicle.cli.main import main

LOG = """\
(100.000000) can0 123#01
(100.004000) can1 18FF50E5#02
(100.008000) can0 123##1030303030303030303030303
(100.012000) can0 20000080#0000000000000000
(100.016000) can0 305#04
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "drive.log"
    path.write_text(LOG)
    return path


def _play(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["play", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def _heard(bus: can.BusABC) -> list[int]:
    heard = []
    while (message := bus.recv(0)) is not None:
        heard.append(message.arbitration_id)
    return heard


def test_a_recording_is_heard_on_the_bus_whole_and_in_order(log: Path) -> None:
    """Standard, extended and FD; error frames are what a bus makes itself."""
    with can.Bus(interface="virtual", channel="play-a") as bus:
        code, out, err = _play(log, "--interface", "virtual", "--channel", "play-a")
        assert (code, err) == (0, "")
        assert _heard(bus) == [0x123, 0x18FF50E5, 0x123, 0x305]
    assert "4 frames on play-a, at speed 1" in out
    assert "1 error frame" in out
    assert "late  p50 " in out


def test_recorded_channels_go_where_they_are_mapped(log: Path) -> None:
    """And what is not mapped to the rest."""
    with (
        can.Bus(interface="virtual", channel="play-b") as first,
        can.Bus(interface="virtual", channel="play-c") as rest,
    ):
        words = ("--map", "can1=play-b", "--channel", "play-c", "--speed", "max", "--json")
        code, out, _ = _play(log, "--interface", "virtual", *words)
        assert code == 0
        assert (_heard(first), _heard(rest)) == ([0x18FF50E5], [0x123, 0x123, 0x305])
    told = json.loads(out)
    assert told["channels"] == ["play-b", "play-c"]
    assert told["error_us"] == {"p50": None, "p99": None, "max": None}
    assert (told["frames"], told["left_out"], told["laps"]) == (4, {"error frame": 1}, 1)


def test_only_the_profiles_identifiers_are_played_where_that_is_asked(tmp_path: Path) -> None:
    """The demo's own car, with a stranger's frame between."""
    path = tmp_path / "strange.log"
    path.write_text("(1.0) can0 420#0000000000000000\n(1.0) can0 7FE#00\n")
    with can.Bus(interface="virtual", channel="play-d") as bus:
        words = ("--only-ids", "profile", "--profile", "reference", "--interface", "virtual")
        code, out, _ = _play(path, *words, "--channel", "play-d")
        heard = _heard(bus)
    assert 0x7FE not in heard
    assert "other identifier" in out
    assert code == (0 if heard else 1)


WRONG = {
    "no channel": (2, "name where to send", []),
    "no such interface": (2, "cannot be opened", ["--interface", "nosuch", "--channel", "c"]),
    "no such channel": (2, "see `ip link show type vcan`", ["--channel", "vcan99"]),
    "map without target": (2, "RECORDED=CHANNEL", ["--map", "can0"]),
    "map twice": (2, "can0 was given twice", ["--map", "can0=a", "--map", "can0=b"]),
    "speed in words": (2, "from 0.001 to 1000", ["--channel", "c", "--speed", "fast"]),
    "speed zero": (2, "from 0.001 to 1000", ["--channel", "c", "--speed", "0"]),
    "start before": (2, "--start -1.0", ["--channel", "c", "--start", "-1"]),
    "ids of no profile": (2, "belong together", ["--channel", "c", "--only-ids", "profile"]),
    "profile for nothing": (2, "belong together", ["--channel", "c", "--profile", "reference"]),
    "behind the end": (
        1,
        "the recording ends at 0.016 s",
        ["--interface", "virtual", "--channel", "c", "--start", "5"],
    ),
    "nothing left": (
        1,
        "nothing was played: 4 other channel",
        ["--interface", "virtual", "--map", "can7=c"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_gets_its_words_and_its_exit_code(log: Path, case: str) -> None:
    """In the last line of what is said."""
    code, said, words = WRONG[case]
    ended, _, err = _play(log, *words)
    assert (ended, said in err.splitlines()[-1]) == (code, True), err


def test_an_empty_log_is_an_error_in_one_line(tmp_path: Path) -> None:
    """Nothing is opened for it."""
    path = tmp_path / "empty.log"
    path.touch()
    code, out, err = _play(path, "--interface", "virtual", "--channel", "c")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "is empty" in err


def test_a_process_of_its_own_plays_to_the_end(log: Path) -> None:
    """With warnings as errors, and no terminal."""
    done = chargelock("play", log, "--interface", "virtual", "--channel", "c", "--speed", "10")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def slow_log(tmp_path: Path) -> Path:
    """A frame at once, and one each 20 s."""
    path = tmp_path / "slow.log"
    path.write_text("".join(f"({100 + 20 * n}.000000) can0 123#{n:02X}\n" for n in range(200)))
    return path


def _shown_s(terminal: LiveTerminal) -> float:
    """Return where the line says that it is."""
    return float(terminal.text.split(" s ")[0].split()[-1])


def test_keys_pause_seek_and_end_it_on_a_terminal(slow_log: Path) -> None:
    """The line tells where it is; afterwards the terminal is as it was."""
    words = ("play", slow_log, "--interface", "virtual", "--channel", "c", "--start", "1000")
    with LiveTerminal(100, 10, words=words) as terminal:
        terminal.see("playing", " s ")
        terminal.hit(" ")
        terminal.see("paused")
        at_s = _shown_s(terminal)
        assert 1000 <= at_s < 2000
        terminal.hit("\x1b[A" * 17)  # seventeen minutes
        terminal.see("playing")
        assert _shown_s(terminal) >= at_s + 59
        terminal.hit(" ")
        terminal.see("paused")
        terminal.hit("q")
        assert terminal.left() == 0
        assert "frames on c" in terminal.text
        assert terminal.modes_restored


@pytest.mark.parametrize(("loop", "code"), [((), 130), (("--loop",), 0)])
def test_ctrl_c_ends_it_with_the_report(slow_log: Path, loop: tuple[str, ...], code: int) -> None:
    """A loop has no other end, so there it is no failure."""
    words = ("play", slow_log, "--interface", "virtual", "--channel", "c", *loop)
    with LiveTerminal(100, 10, words=words) as terminal:
        terminal.see("playing", " s ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.left() == code
        assert " s into the recording" in terminal.text
        assert "late  p50" in terminal.text
        assert terminal.modes_restored
