"""``chargelock journal --schema``."""

from __future__ import annotations

import json

from click.testing import CliRunner

from vehicle.cli.main import main
from vehicle.runtime.journal import json_schema


def test_the_schema_is_printed_as_json() -> None:
    """Sorted, so that two versions can be compared line by line."""
    done = CliRunner().invoke(main, ["journal", "--schema"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json_schema()
    assert done.stdout == json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


def test_without_an_option_it_is_misuse() -> None:
    """There is nothing else to say of the journal here."""
    done = CliRunner().invoke(main, ["journal"])
    assert done.exit_code == 2
    assert "Missing option '--schema'" in done.stderr
