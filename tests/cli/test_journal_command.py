"""``chargelock journal --schema``; the journal itself is told by a running service."""

from __future__ import annotations

import json

from click.testing import CliRunner

from vehicle.cli.main import main
from vehicle.runtime.journal_schema import json_schema


def test_the_schema_is_printed_as_json() -> None:
    """Sorted, so that two versions can be compared line by line."""
    done = CliRunner().invoke(main, ["journal", "--schema"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json_schema()
    assert done.stdout == json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


def test_the_schema_needs_no_service_and_the_lines_do() -> None:
    """What a running service says is tested with the owner's commands."""
    nowhere = {"CHARGELOCK_SOCKET": "/nonexistent/control.sock"}
    assert CliRunner().invoke(main, ["journal", "--schema"], env=nowhere).exit_code == 0
    done = CliRunner().invoke(main, ["journal"], env=nowhere)
    assert (done.exit_code, done.stdout) == (4, "")
    assert "no service is running there" in done.stderr
