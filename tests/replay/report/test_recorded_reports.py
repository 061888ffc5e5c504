"""Reports, comparisons and exports of every real recording: none is too odd for them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from recordings import LOGS, needs_recordings

from vehicle.cli.main import main

pytestmark = [needs_recordings, pytest.mark.slow]


def _cases() -> list[tuple[Path, str]]:
    """Every recording of a known car, in each format that it was made in, with its profile."""
    if not LOGS.is_dir():
        return []
    with (LOGS / "EXPECTED.csv").open(encoding="utf-8") as lines:
        profiles = {row["case"]: row["profile"] for row in csv.DictReader(lines)}
    cases = [
        (log, profile)
        for case, profile in sorted(profiles.items())
        for log in sorted((LOGS / case).iterdir())
        if log.name != "timeline.csv"
    ]
    loggers = [
        (log, profile)
        for start, profile in _LOGGERS.items()
        for log in sorted((LOGS / "formats").glob(f"*/{start}*"))
    ]
    return cases + loggers


_LOGGERS = {
    "230112-7": "hyundai_kona_ev",
    "i3_": "bmw_i3",
    "msg25D": "tesla_model3",
    "ioniq5": "hyundai_ioniq5",
}
"""How the recordings of a known car begin that stand among the formats, and the car's profile."""


def _others() -> list[Path]:
    known = {log for log, _ in _cases()}
    return [log for log in sorted(LOGS.glob("formats/*/*")) if log not in known]


def invoke(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


@pytest.mark.parametrize(("log", "profile"), _cases(), ids=lambda each: getattr(each, "name", each))
def test_a_real_recording_is_reported_exported_and_compared(
    log: Path, profile: str, tmp_path: Path
) -> None:
    """With itself it differs in nothing; with auto-lock off it ends, whatever differs."""
    made = [tmp_path / f"out{ending}" for ending in (".html", ".csv", ".perfetto-trace")]
    journal = tmp_path / "old.jsonl"
    code, said = invoke(
        *("replay", log, "--profile", profile, "--shadow", "--report", made[0]),
        *("--export", made[1], "--export", made[2], "--journal", journal),
    )
    assert code == 0, said
    data = made[0].read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(data)["end"] > 0
    assert all(path.stat().st_size > 0 for path in made)
    assert invoke("compare", log, "--profile", profile, "--journal", journal)[0] == 0
    settings = [tmp_path / "today.toml", tmp_path / "tomorrow.toml"]
    settings[0].write_text("", encoding="utf-8")
    settings[1].write_text('auto-lock = "off"\n', encoding="utf-8")
    two = ("--settings", settings[0], "--settings", settings[1])
    code, said = invoke("compare", log, "--profile", profile, "--shadow", *two, "--json")
    told = json.loads(said)
    assert code == (1 if told["differences"] else 0)
    assert invoke("compare", log, "--profile", profile, "--shadow")[0] in (0, 1)


@pytest.mark.parametrize("log", _others(), ids=lambda log: log.name)
def test_a_recording_of_no_known_car_leaves_no_report(log: Path, tmp_path: Path) -> None:
    """A line says why, and there is no half a page."""
    out = tmp_path / "out.html"
    code, said = invoke("replay", log, "--profile", "bmw_i3", "--report", out)
    if (
        code == 0
    ):  # some identifier of the car was in it by chance, and the page says what came of it
        assert out.stat().st_size > 0
    else:
        assert "error: " in said
        assert list(tmp_path.iterdir()) == []
