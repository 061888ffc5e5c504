"""``chargelock corpus`` as people call it: what it prints, how it ends, what it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command_line import COMMAND, chargelock
from corpus_logs import write_logs
from drives import write_car

from vehicle.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small car, and four logs of it."""
    write_car(tmp_path)
    write_logs(tmp_path / "logs", 4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(*arguments: str) -> Result:
    """Run what is refused before any work: by one line, and no folder is left behind."""
    done = CliRunner().invoke(main, ["corpus", *arguments])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done


SMALL = ("--profile", "small.toml")


def test_a_folder_of_logs_is_told_and_looked_at(folder: Path) -> None:
    (folder / "off.toml").write_text('auto-lock = "off"\n', encoding="utf-8")
    how = ("--against", "off.toml", "--shadow", "--workers", "1")
    done = chargelock("corpus", "logs", *SMALL, "--out", "out", *how, cwd=folder)
    assert (done.returncode, done.stderr) == (1, ""), "something would differ"
    assert "  logs  4: 4 replayed\n" in done.stdout
    assert "profiles  small 4\n" in done.stdout
    assert " would go otherwise, for " in done.stdout
    assert done.stdout.endswith("look at  out/overview.html\n")
    assert len(list((folder / "out/reports/00000").iterdir())) == 4
    again = CliRunner().invoke(main, ["corpus", "logs", *SMALL, "--out", "out", *how, "--json"])
    told = json.loads(again.stdout)
    assert (again.exit_code, told["logs"], told["out"]) == (1, 4, "out")
    assert told["outcomes"]["replayed"] == 4
    assert told["moments"][0]["report"].startswith("reports/00000/")


def test_logs_that_take_too_long_are_rows_and_are_tried_again_at_the_next_start(
    folder: Path,
) -> None:
    """A thousandth of a second is too short for any log.

    It may end while a file is being opened, of which Python warns where warnings are shown.
    """
    how = ("corpus", "logs", *SMALL, "--out", "out", "--workers", "1")
    done = chargelock(*how, "--timeout", "0.001", cwd=folder)
    assert (done.returncode, "logs  4: 4 failed\n" in done.stdout) == (1, True)
    assert done.stderr.endswith(
        "error: not one of 4 logs could be replayed; the first:"
        " took longer than 0.001 s; give it more: --timeout\n"
    )
    rows = (folder / "out/summary.csv").read_text(encoding="utf-8")
    assert rows.count("failed,took longer than 0.001 s") == 4
    again = chargelock(*how, "--timeout", "0", cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "logs  4: 4 replayed\n" in again.stdout


def test_no_log_found_is_a_clear_line(folder: Path) -> None:
    (folder / "nothing").mkdir()
    for place in ("missing", "*.blf", "nothing"):
        done = refused(place, *SMALL, "--out", "out")
        assert done.exit_code == 1
        assert place in done.stderr
    assert not (folder / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_a_clear_line(folder: Path) -> None:
    """Not even root makes a folder below /proc."""
    done = refused("logs", *SMALL, "--out", "/proc/out")
    assert done.exit_code == 2
    assert "--out /proc/out" in done.stderr


def test_an_output_that_is_a_file_is_a_clear_line(folder: Path) -> None:
    (folder / "out").write_text("", encoding="utf-8")
    done = refused("logs", *SMALL, "--out", "out")
    assert done.exit_code == 2
    assert "--out" in done.stderr


def test_a_folder_of_another_order_is_a_clear_line(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/manifest.json").write_text('{"chargelock": "0.0.1"}', encoding="utf-8")
    done = refused("logs", *SMALL, "--out", "out")
    assert done.exit_code == 2
    (folder / "out/manifest.json").write_text("{", encoding="utf-8")
    assert "is damaged" in refused("logs", *SMALL, "--out", "out").stderr


def test_a_profile_that_fits_no_log_is_an_error_and_all_rows_say_so(folder: Path) -> None:
    how = ("--profile", "hyundai_ioniq5", "--out", "out", "--workers", "1")
    done = chargelock("corpus", "logs", *how, cwd=folder)
    assert done.returncode == 1
    assert done.stderr == (
        "error: not one of 4 logs could be replayed; the first:"
        " not one identifier of hyundai_ioniq5 is in it; name another profile\n"
    )
    assert (folder / "out/summary.csv").read_text(encoding="utf-8").count("no-profile") == 4


def test_unknown_profiles_settings_and_clusters_are_misuse(folder: Path) -> None:
    assert refused("logs", "--profile", "teslo", "--out", "out").exit_code == 2
    assert refused("logs", *SMALL, "--settings", "no.toml", "--out", "out").exit_code == 2
    both = ["corpus", "logs", "--out", "out", "--workers", "2", "--cluster", "tcp://127.0.0.1:1"]
    done = CliRunner().invoke(main, both)
    assert (done.exit_code, "--workers is for this machine" in done.stderr) == (2, True)
    both = ["corpus", "logs", "--out", "out", "--timeout", "9", "--cluster", "local"]
    done = CliRunner().invoke(main, both)
    assert (done.exit_code, "Dask has no time limit for a task" in done.stderr) == (2, True)


@pytest.mark.parametrize("missing", ["pyarrow", "jinja2"])
def test_without_its_extra_the_command_says_what_to_install(folder: Path, missing: str) -> None:
    without = f"import sys; sys.modules[{missing!r}] = None; {COMMAND[-1]}"
    done = subprocess.run(
        [*COMMAND[:-1], without, "corpus", "logs", *SMALL, "--out", "out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: a corpus needs the extra corpus; install it: pip install 'chargelock[corpus]'\n"
    )
