"""``chargelock replay --report``: the page from end to end, and what stands against writing it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drives import write_car, write_session

from vehicle.cli.main import main
from vehicle.core.outputs import Output
from vehicle.replay.report.chronicle import Chronicle


@pytest.fixture
def car(tmp_path: Path) -> str:
    return str(write_car(tmp_path))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_session(tmp_path / "session.log")


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["replay", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_report_is_written_beside_what_is_printed(car: str, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    plain = run(log, "--profile", car, "--shadow")
    done = run(log, "--profile", car, "--shadow", "--report", out)
    assert (done.exit_code, done.stdout) == (plain.exit_code, plain.stdout)
    text = out.read_text(encoding="utf-8")
    assert "<h1>session.log</h1>" in text
    assert "shadow: another controller moved the pins" in text
    assert "180 read, 180 used" in text
    assert str(tmp_path) not in text
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("out")] == ["out.html"]


def test_the_same_recording_gives_the_same_page(car: str, log: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        assert run(log, "--profile", car, "--report", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (".", "is a folder"),
        ("session.log", "is named for something else already"),
        ("nowhere/out.html", "there is no folder"),
        ("pipe", "is no ordinary file"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_replay(
    car: str, log: Path, tmp_path: Path, out: str, says: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = run(log, "--profile", car, "--report", tmp_path / out)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_report_that_the_disk_refuses_leaves_what_was_there(
    car: str, log: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.html"
    out.write_text("before", encoding="utf-8")
    (tmp_path / "out.html.new").mkdir()
    done = run(log, "--profile", car, "--report", out)
    assert done.exit_code == 1
    assert f"--report {out}: could not be written" in done.stderr
    assert out.read_text(encoding="utf-8") == "before"


def test_the_page_of_an_interrupted_replay_says_so(
    car: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(chronicle: Chronicle, now_us: int, output: Output) -> None:
        if now_us >= 3_000_000:
            raise KeyboardInterrupt
        taken(chronicle, now_us, output)

    taken = Chronicle.take
    monkeypatch.setattr(Chronicle, "take", take)
    assert run(log, "--profile", car, "--report", tmp_path / "out.html").exit_code == 130
    text = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "The replay was interrupted: what is told ends there." in text
