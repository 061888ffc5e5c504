"""``chargelock compare`` from end to end: which sides there are, what is told, how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drives import write_car, write_session

from vehicle.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A car, a session, and settings of today and of tomorrow."""
    write_car(tmp_path)
    write_session(tmp_path / "session.log")
    (tmp_path / "today.toml").write_text("", encoding="utf-8")
    (tmp_path / "tomorrow.toml").write_text('auto-lock = "off"\n', encoding="utf-8")
    return tmp_path


def run(command: str, folder: Path, *arguments: str) -> Result:
    named = [str(folder / each) if (folder / each).is_file() else each for each in arguments]
    result = CliRunner().invoke(main, [command, str(folder / "session.log"), *named])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


TWO = ("--profile", "small.toml", "--settings", "today.toml", "--settings", "tomorrow.toml")


def test_two_settings_are_compared_in_order_of_time_with_both_reasons(folder: Path) -> None:
    done = run("compare", folder, *TWO, "--shadow")
    assert done.exit_code == 1
    header, *rows = done.stdout.partition("\n\n")[0].splitlines()
    assert header.endswith("what differs, and why on either side")
    times = [float(row[:10]) for row in rows]
    assert times == sorted(times)
    assert any(
        "A: engage (A session is active: waiting, charging or stopping); B: hold" in row
        for row in rows
    )
    assert "A  settings today.toml, profile small" in done.stdout
    assert "B  settings tomorrow.toml, profile small" in done.stdout
    assert "outcome  differs for" in done.stdout


def test_the_same_settings_twice_differ_in_nothing(folder: Path) -> None:
    same = ("--settings", "today.toml", "--settings", "today.toml", "--profile", "small.toml")
    done = run("compare", folder, *same)
    assert done.exit_code == 0
    assert "differ  in nothing" in done.stdout


def test_the_json_names_sides_differences_and_intervals(folder: Path) -> None:
    done = run("compare", folder, *TWO, "--shadow", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [side["settings"]["auto-lock"] for side in told["sides"]] == ["on", "off"]
    assert all(each["from_us"] <= each["to_us"] for each in told["differences"])
    outcome = sum(each["to_us"] - each["from_us"] for each in told["intervals"])
    assert told["outcome_differs_us"] == outcome > 0


def test_two_profiles_are_compared(folder: Path) -> None:
    text = (folder / "small.toml").read_text(encoding="utf-8")
    other = text.replace('name = "small"', 'name = "deaf"').replace(
        '"Body.Lock" = 2', '"Body.Lock" = 3'
    )
    (folder / "deaf.toml").write_text(other, encoding="utf-8")
    same = run("compare", folder, "--profile", "small.toml", "--profile", "small.toml")
    assert same.exit_code == 0
    done = run("compare", folder, "--profile", "small.toml", "--profile", "deaf.toml", "--json")
    assert [side["profile"] for side in json.loads(done.stdout)["sides"]] == ["small", "deaf"]


def test_an_earlier_journal_is_replayed_as_it_was_made(folder: Path) -> None:
    made = ("--profile", "small.toml", "--settings", "tomorrow.toml", "--shadow")
    assert run("replay", folder, *made, "--journal", str(folder / "old.jsonl")).exit_code == 0
    done = run("compare", folder, "--profile", "small.toml", "--journal", "old.jsonl")
    assert (done.exit_code, "differ  in nothing" in done.stdout) == (0, True)
    now = ("--settings", "today.toml", "--profile", "small.toml")
    assert run("compare", folder, *now, "--journal", "old.jsonl").exit_code == 1


def test_shadow_alone_compares_with_the_cars_own_pin(folder: Path) -> None:
    done = run("compare", folder, "--profile", "small.toml", "--shadow", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told["names"] == ["ours", "the car's"]
    assert [each["values"] for each in told["differences"]][-1] == ["release", "engaged"]


def test_the_page_has_both_sides(folder: Path) -> None:
    out = folder / "out.html"
    done = run("compare", folder, *TWO, "--shadow", "--report", str(out))
    assert done.exit_code == 1
    text = out.read_text(encoding="utf-8")
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    titles = [lane["title"] for lane in data["lanes"]]
    assert titles.index("latch demand B") == titles.index("latch demand A") + 1
    assert "car lock" in titles
    assert data["spans"]
    assert [side["name"] for side in data["sides"]] == ["A", "B"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--profile", "small.toml"),
        ("--profile", "small.toml", "--settings", "today.toml"),
        ("--shadow",),
        ("--settings", "today.toml", "--settings", "tomorrow.toml"),
        (*TWO, "--profile", "small.toml"),
        (*TWO, "--settings", "today.toml"),
        (*TWO, "--journal", "old.jsonl"),
    ],
)
def test_options_that_make_no_two_sides_are_misuse(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    done = run("compare", folder, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")


def test_what_cannot_be_read_ends_with_one_line(folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"t":0,"kind":"start","schema":99}\n', encoding="utf-8")
    for arguments, code in (
        (("--journal", "bad.jsonl"), 1),
        (("--journal", "missing.jsonl"), 1),
        ((*TWO[:4], "--settings", "missing.toml"), 2),
        ((*TWO, "--report", "nowhere/out.html"), 2),
    ):
        done = run("compare", folder, *arguments)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (code, "", 1)


def test_a_pipe_cannot_be_compared_as_it_is_read_twice(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    named = [str(folder / each) if (folder / each).is_file() else each for each in TWO]
    done = CliRunner().invoke(main, ["compare", str(folder / "pipe"), *named])
    assert done.exit_code == 2
    assert "save it to a file" in done.stderr


def test_the_cars_channel_is_named_as_for_a_replay(folder: Path) -> None:
    assert run("compare", folder, *TWO, "--shadow", "--channel", "can0").exit_code == 1
    done = run("compare", folder, *TWO, "--channel", "nowhere=can0")
    assert done.exit_code == 2
    assert 'has no bus "nowhere"' in done.stderr
    assert run("compare", folder, *TWO, "--channel", "can7").exit_code == 1
