"""``chargelock profile``: the cars that are known, and what is wrong with a profile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drives import TOML, write_car

from vehicle.cli.main import main
from vehicle.wire.profile import list_profiles, load_profile


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["profile", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_list_has_a_line_for_each_car() -> None:
    """Name and title."""
    done = run("list")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(list_profiles())
    assert all(load_profile(line.split()[0]).title in line for line in lines)


def test_the_list_as_json() -> None:
    """For programs, with the software versions."""
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == list(list_profiles())
    (tesla,) = (row for row in rows if row["name"] == "tesla_model3")
    assert "us-2019" in tesla["variants"]


@pytest.mark.parametrize("name", list_profiles())
def test_every_shipped_profile_is_checked_without_an_error(name: str) -> None:
    """Notes are allowed; they are worth knowing."""
    done = run("check", name)
    assert done.exit_code == 0
    assert ": error:" not in done.stdout


def test_a_good_profile_says_so(tmp_path: Path) -> None:
    """Silence would leave doubt."""
    car = write_car(tmp_path)
    done = run("check", car)
    assert done.exit_code == 0
    assert ": error:" not in done.stdout
    assert done.stdout


def test_every_fault_is_listed_and_the_code_is_2(tmp_path: Path) -> None:
    """With file, line and signal."""
    car = write_car(tmp_path)
    car.write_text(TOML.replace("Port.Cable", "Port.Kable"), encoding="utf-8")
    done = run("check", car)
    assert done.exit_code == 2
    assert f"{car}:" in done.stdout
    assert 'did you mean "' in done.stdout


def test_faults_as_json(tmp_path: Path) -> None:
    """Each with its place."""
    car = write_car(tmp_path)
    car.write_text(TOML.replace("Port.Cable", "Port.Kable"), encoding="utf-8")
    done = run("check", car, "--json")
    assert done.exit_code == 2
    findings = json.loads(done.stdout)
    assert {"file", "line", "signal", "text", "severity"} == set(findings[0])
    assert "error" in {finding["severity"] for finding in findings}


def test_an_unknown_profile_is_one_fault(tmp_path: Path) -> None:
    """Named, with what is there."""
    done = run("check", "trabant")
    assert done.exit_code == 2
    assert done.stdout.startswith("trabant: error: there is no such profile; use one of: bmw_i3, ")
    assert done.stdout.count("\n") == 1
