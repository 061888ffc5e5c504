"""``chargelock guest`` as the owner and the guest use it, against a served car."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from owners_car import PARKED, OwnersCar, Served, served

from vehicle.cli.guest import how_much
from vehicle.cli.main import main

CODE = re.compile(r"[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}")


@pytest.fixture
def bench() -> Iterator[Served]:
    """A car that stands at a public post, its charge complete."""
    with served(OwnersCar(PARKED)) as bench:
        yield bench


def ask(bench: Served, *arguments: str, typed: str | None = None) -> Result:
    """Run a command in this process."""
    words = ["guest", *arguments, "--socket", str(bench.path)]
    return CliRunner().invoke(main, words, input=typed)


def test_a_code_is_shown_once_lets_the_cable_go_once_and_is_listed_as_used(bench) -> None:
    made = ask(bench, "add", "--for", "neighbour", "--valid", "2h", "--once")
    assert (made.exit_code, made.stderr) == (0, "")
    code = CODE.search(made.stdout).group()
    assert "2 h, once" in made.stdout
    assert "It is not shown again." in made.stdout
    before = ask(bench, "list").stdout
    assert re.fullmatch(r"neighbour  valid for (2 h|1 h 59 min) more, once\n", before)
    with bench.time_flies():
        used = ask(bench, "use", code)
    assert used.exit_code == 0
    assert used.stdout.endswith("released\n")
    assert ask(bench, "list").stdout == "neighbour  used\n"
    again = ask(bench, "use", typed=f"{code}\n")
    assert again.exit_code == 3
    assert again.stderr.endswith(
        "error: refused: this code has been used\n"
        "Ask the owner for a new one. The next try is possible in 1 s.\n"
    )
    assert "1 wrong codes in a row" in ask(bench, "list").stdout


def test_a_code_is_taken_back_and_allowed_again(bench) -> None:
    assert ask(bench, "list").stdout == "Nobody has a guest code.\n"
    ask(bench, "add", "--for", "my sister", "--valid", "1d")
    assert "as often as wanted" in ask(bench, "list").stdout
    near = ask(bench, "revoke", "my sisters")
    assert (near.exit_code, "did you mean 'my sister'?" in near.stderr) == (2, True)
    assert ask(bench, "revoke", "my sister").stdout == "my sister has no code any more\n"
    assert "there were 0 wrong ones" in ask(bench, "allow").stdout


def test_all_of_it_as_json(bench) -> None:
    made = json.loads(ask(bench, "add", "--for", "n", "--valid", "30min", "--json").stdout)
    assert CODE.fullmatch(made.pop("code"))
    assert made == {"whom": "n", "valid_s": 1800, "once": False, "locked_out": False}
    (one,) = json.loads(ask(bench, "list", "--json").stdout)["guests"]
    assert 0 < one.pop("left_s") <= 1800
    assert one == {"whom": "n", "once": False, "used": 0, "holds": True}
    refused = ask(bench, "use", "123", "--json")
    assert json.loads(refused.stdout)["error"] == "code-refused"
    assert json.loads(ask(bench, "allow", "--json").stdout) == {"tries": 1}
    assert json.loads(ask(bench, "revoke", "n", "--json").stdout) == {"whom": "n"}


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2x", "write min, h or d"),
        ("2hours", "did you mean 2h?"),
        ("30minutes", "did you mean 30min?"),
        ("2 days", "did you mean 2d?"),
        ("tonight", "write for instance 30min, 2h or 1d"),
        ("30s", "the nearest is 1 min"),
        ("8d", "the nearest is 7 d"),
    ],
)
def test_a_time_that_cannot_be_names_one_that_can(bench, time, words) -> None:
    refused = ask(bench, "add", "--for", "n", "--valid", time)
    assert refused.exit_code == 2
    assert words in refused.stderr
    assert ask(bench, "list").stdout == "Nobody has a guest code.\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (7200, "2 h"), (7199, "1 h 59 min"), (90_061, "1 d 1 h")],
)
def test_durations_are_told_in_two_units_at_most(seconds, words) -> None:
    assert how_much(seconds) == words
