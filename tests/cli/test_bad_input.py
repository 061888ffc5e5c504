"""Every bad input ends with its exit code and one line that says what, where and what to do."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import vehicle.dbc
from click.testing import CliRunner
from command_line import chargelock
from drives import DBC, SESSION, TOML, candump, write_car, write_session

from vehicle.cli.main import main


def refused(*arguments: str | Path, code: int, cwd: Path | None = None) -> str:
    """Run the command, and return its one line of error."""
    with contextlib.chdir(cwd or Path.cwd()):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("\n")
    return done.stderr.removeprefix("error: ").rstrip("\n")


def test_a_refusal_as_a_process_is_the_same_line_without_a_traceback() -> None:
    """What the tests below see in this process is what people see."""
    done = chargelock("replay", "nope.log", "--profile", "bmw_i3")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: nope.log: there is no such file; check the path\n"


# ---- recordings: 1 ------------------------------------------------------------------------------


def no_such_file(folder: Path) -> str:
    return "there is no such file; check the path"


def a_folder(folder: Path) -> str:
    (folder / "drive.log").mkdir()
    return "cannot be read (Is a directory); check what it is and who may read it"


def nothing(folder: Path) -> str:
    (folder / "drive.log").touch()
    return "is empty; record or copy it again"


def noise(folder: Path) -> str:
    (folder / "drive.log").write_bytes(bytes(range(256)))
    return "has no format that is known here (it begins with b'"


def prose(folder: Path) -> str:
    (folder / "drive.log").write_text("Dear diary,\ntoday I drove.\n", encoding="utf-8")
    return "has no format that is known here (it begins with b'Dear diary,"


def an_lfs_pointer(folder: Path) -> str:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (folder / "drive.log").write_text(text, encoding="utf-8")
    return "is a git-lfs pointer, not the recording; run `git lfs pull` where it came from"


def half_a_line(folder: Path) -> str:
    (folder / "drive.log").write_text("(0.000000) can0 100#01", encoding="utf-8")
    return "is candump, but not one frame of it can be used: 1 x cut"


def a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "drive.log")
    return "is a pipe or a device, which gives its content once; save it to a file"


@pytest.mark.parametrize(
    "make", [no_such_file, a_folder, nothing, noise, prose, an_lfs_pointer, half_a_line, a_pipe]
)
def test_a_recording_that_cannot_be_read_ends_with_1(
    make: Callable[[Path], str], tmp_path: Path
) -> None:
    """File first, then what is wrong with it, then what to do."""
    car = write_car(tmp_path)
    words = make(tmp_path)
    log = tmp_path / "drive.log"
    line = refused("replay", log, "--profile", car, code=1)
    assert line.startswith(f"{log}: {words}")


def test_one_bad_recording_of_several_is_named(tmp_path: Path) -> None:
    """They are one recording: without one of them it is not what was asked for."""
    good = write_session(tmp_path / "good.log")
    line = refused("replay", good, tmp_path / "bad.log", "--profile", write_car(tmp_path), code=1)
    assert line == f"{tmp_path / 'bad.log'}: there is no such file; check the path"


def test_the_wrong_profile_names_those_that_fit(tmp_path: Path) -> None:
    """0x25D is the Tesla's."""
    log = tmp_path / "drive.log"
    log.write_text("(0.000000) can0 25D#240804D000050B80\n", encoding="utf-8")
    line = refused("replay", log, "--profile", "nissan_leaf", "--shadow", "--json", code=1)
    assert line == (
        "no identifier of profile nissan_leaf is in this recording;"
        " profiles that do fit: tesla_model3 (1 in common)"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_recording_without_permission_is_named(tmp_path: Path) -> None:
    """The operating system's own words."""
    log = write_session(tmp_path / "drive.log")
    log.chmod(0)
    line = refused("replay", log, "--profile", write_car(tmp_path), code=1)
    assert "Permission denied" in line


# ---- profiles and settings: 2 -------------------------------------------------------------------


def test_an_unknown_profile_names_the_nearest_or_all(tmp_path: Path) -> None:
    """A slip of the finger, and a car that is not there."""
    log = write_session(tmp_path / "drive.log")
    line = refused("replay", log, "--profile", "tesla_model_3", code=2)
    assert line == 'tesla_model_3: there is no such profile; did you mean "tesla_model3"?'
    line = refused("replay", log, "--profile", "trabant", code=2)
    assert line.startswith("trabant: there is no such profile; use one of: bmw_i3, ")


def test_a_profile_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """A path is told from a name by its ending."""
    log = write_session(tmp_path / "drive.log")
    line = refused("replay", log, "--profile", "./nope.toml", code=2, cwd=tmp_path)
    assert line.startswith("./nope.toml: there is no such profile; ")


@pytest.mark.parametrize(
    ("dbc", "words"),
    [
        ("BO_ nonsense\n", ":1: BO_: not a message line; write: BO_ <id> <name>: <bytes> <sender>"),
        (DBC[: DBC.index(" SG_ Cable") + 20], ": not a whole signal line; write: SG_ "),
        ("", "no message in this file; is it a DBC?"),
        ("\x00\x01\x02", "small.dbc"),
    ],
    ids=["nonsense", "cut", "empty", "binary"],
)
def test_a_dbc_that_does_not_parse_is_one_line_with_its_place(
    dbc: str, words: str, tmp_path: Path
) -> None:
    """The first fault, and how to see the others."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    (tmp_path / "small.dbc").write_text(dbc, encoding="utf-8")
    line = refused("replay", log, "--profile", car, code=2)
    assert words in line
    assert line.startswith(f"{tmp_path / 'small.dbc'}")
    assert len(line) < 400


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("trabant", "trabant: there is no such profile; use one of: bmw_i3, "),
        ("bmw_i3", "profile bmw_i3 cannot be simulated: its DBC lacks DoorLockState, "),
    ],
)
def test_a_story_of_a_car_that_cannot_be_simulated_is_one_line(
    profile: str, words: str, tmp_path: Path
) -> None:
    story = tmp_path / "story.toml"
    story.write_text(f'title = "x"\nend_s = 1\nprofile = "{profile}"\n', encoding="utf-8")
    assert refused("simulate", story, code=2).startswith(words)


def test_many_faults_of_a_profile_name_the_first_and_count_the_rest(tmp_path: Path) -> None:
    """The rest is for ``chargelock profile check``, which lists them all."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    car.write_text(TOML.replace("Port.", "Prt.").replace("stale_ms = 500", ""), encoding="utf-8")
    line = refused("replay", log, "--profile", car, code=2)
    more = line.rpartition(" (and ")[2]
    count, _, how = more.partition(" more: ")
    assert int(count) > 1
    assert how == f"chargelock profile check {car})"
    listed = chargelock("profile", "check", car)
    assert listed.returncode == 2
    assert sum(": error: " in each for each in listed.stdout.splitlines()) == int(count) + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('auto_lock = "off"', "unknown key 'auto_lock'; did you mean 'auto-lock'?"),
        (
            "power-cut-hold-s = 5",
            "power-cut-hold-s = 5 must be a whole number from 60 to 3600 s; the nearest is 60",
        ),
        (
            'latch-mode = "with-cat"',
            "latch-mode = 'with-cat' must be one of with-car, always, while-charging, off;"
            " did you mean 'with-car'?",
        ),
        ("auto-lock = off", "is not TOML: "),
        ("[auto-lock]\nx = 1", "auto-lock = {'x': 1} must be one of on, off"),
    ],
)
def test_bad_settings_end_with_2(text: str, words: str, tmp_path: Path) -> None:
    """The key, its range and the nearest."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    settings = tmp_path / "owner.toml"
    settings.write_text(text, encoding="utf-8")
    line = refused("replay", log, "--profile", car, "--settings", settings, code=2)
    assert line.startswith(f"{settings}: {words}")


def test_missing_settings_end_with_2(tmp_path: Path) -> None:
    """A file that was asked for and is not there is never taken for the defaults."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    line = refused("replay", log, "--profile", car, "--settings", "nope.toml", code=2)
    assert line == "nope.toml: cannot be read (No such file or directory); check the path"


# ---- the journal's file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [("nope/journal.jsonl", "No such file or directory"), (".", "Is a directory")],
)
def test_a_journal_that_cannot_be_written_ends_with_2(path: str, why: str, tmp_path: Path) -> None:
    """Before anything is replayed."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    line = refused("replay", log, "--profile", car, "--journal", path, code=2, cwd=tmp_path)
    assert line == f"--journal {path}: cannot be written ({why}); name another file"


def test_a_journal_never_overwrites_its_recording(tmp_path: Path) -> None:
    """Not under another name of the same file either."""
    car, log = write_car(tmp_path), write_session(tmp_path / "drive.log")
    before = log.read_bytes()
    (tmp_path / "link").symlink_to(log)
    for name in (log, tmp_path / "link"):
        line = refused("replay", log, "--profile", car, "--journal", name, code=2)
        assert line == f"--journal {name}: is the recording itself; name another file"
    assert log.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("seconds", [9.0, 400.0], ids=["when-closed", "while-written"])
def test_a_full_disk_is_one_line(seconds: float, tmp_path: Path) -> None:
    """Whether the buffer runs over in the middle or is written at the end."""
    log = tmp_path / "drive.log"
    flicker: dict[float, dict[str, int]] = {i / 2: {"Lock": 1 + i % 2} for i in range(800)}
    log.write_text(candump({**flicker, **SESSION}, seconds), encoding="utf-8")
    line = refused(
        *("replay", log, "--profile", write_car(tmp_path), "--json", "--journal", "/dev/full"),
        code=1,
    )
    assert line == (
        "--journal /dev/full: could not be written whole (No space left on device);"
        " make room for it"
    )


# ---- misuse: 2 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument 'LOG...'"),
        (["drive.log"], "Missing option '--profile'"),
        (["drive.log", "--profile", "bmw_i3", "--speed", "2"], "No such option"),
        (
            ["drive.log", "--profile", "bmw_i3", "--json", "--journal", "-"],
            "--json and --journal - both want the standard output: name a FILE",
        ),
    ],
)
def test_misuse_ends_with_2_and_a_hint(arguments: list[str], words: str) -> None:
    """click's own way: usage, hint, error."""
    done = CliRunner().invoke(main, ["replay", *arguments], prog_name="chargelock")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Try 'chargelock replay --help'" in done.stderr


# ---- not bad at all -----------------------------------------------------------------------------


def test_a_very_short_log_is_used(tmp_path: Path) -> None:
    """One frame of this car is enough to say something."""
    log = tmp_path / "drive.log"
    log.write_text("(0.000000) can0 101#1501\n", encoding="utf-8")
    done = chargelock("replay", log, "--profile", write_car(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "inlet empty" in done.stdout
    assert "1 read, 1 used" in done.stdout


def test_a_damaged_log_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    """What was skipped is counted and located, and that is no failure."""
    log = tmp_path / "drive.log"
    log.write_text(candump(SESSION, 3.0) + "~~\n(3.0) can0 1", encoding="utf-8")
    done = CliRunner().invoke(main, ["replay", str(log), "--profile", str(write_car(tmp_path))])
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"skipped  1: cut: the last line has no line end (first at {log}:62)" in done.stdout
    assert f"(first at {log}:61)" in done.stdout


def test_names_outside_ascii_are_read_and_told(tmp_path: Path) -> None:
    """Folders, recordings, journals and settings, whatever the locale says."""
    folder = tmp_path / "Übung – ładowanie 充電"
    folder.mkdir()
    car = write_car(folder)
    log = folder / "Fahrt №1.log"
    log.write_text(candump(SESSION, 3.0) + "~~\n", encoding="utf-8")
    journal = folder / "Prüfung.jsonl"
    for locale in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        done = chargelock("replay", log, "--profile", car, "--journal", journal, **locale)
        assert (done.returncode, done.stderr) == (0, "")
        assert journal.read_text(encoding="utf-8").startswith('{"epoch_us":null')
    line = refused("replay", folder / "weg.log", "--profile", car, code=1)
    assert line == f"{folder / 'weg.log'}: there is no such file; check the path"


def test_a_name_that_is_no_text_at_all_is_told_as_far_as_it_can_be(tmp_path: Path) -> None:
    """A file system takes any bytes for a name."""
    raw = os.fsencode(tmp_path) + b"/dri\xffve.log"
    car = write_car(tmp_path)
    shutil.copy(write_session(tmp_path / "drive.log"), raw)
    with open(raw, "ab") as file:  # noqa: PTH123 (a Path cannot be made of such bytes)
        file.write(b"~~\n")
    for flags in ([], ["--json"]):
        done = chargelock("replay", os.fsdecode(raw), "--profile", car, *flags)
        assert (done.returncode, done.stderr) == (0, "")
        assert "dri\\udcffve.log" in done.stdout


def test_a_shipped_profile_can_be_named_by_its_file(tmp_path: Path) -> None:
    """NAME and FILE mean the same car."""
    log = tmp_path / "drive.log"
    log.write_text("(0.000000) can0 25D#240804D000050B80\n", encoding="utf-8")
    file = Path(vehicle.dbc.__file__).parent / "tesla_model3.toml"
    one = CliRunner().invoke(
        main, ["replay", str(log), "--profile", "tesla_model3", "--journal", "-"]
    )
    two = CliRunner().invoke(main, ["replay", str(log), "--profile", str(file), "--journal", "-"])
    assert one.exit_code == two.exit_code == 0
    assert one.stdout == two.stdout
