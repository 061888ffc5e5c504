"""What a start imports and arranges: told by what is loaded, never by how long it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment

NEVER_FOR_RUN = frozenset(
    {
        "asammdf",
        "can",
        "cantools",
        "cryptography",
        "difflib",
        "email",
        "importlib.metadata",
        "importlib.resources",
        "jinja2",
        "numpy",
        "random",
        "secrets",
        "shutil",
        "ssl",
        "tempfile",
        "textual",
        "vehicle.replay",
        "vehicle.runtime.simulator",
        "vehicle.runtime.story",
        "vehicle.wire.dbc_text",
        "vehicle.wire.lines",
    }
)
"""What a service on SocketCAN does without until it decides, and mostly for good."""

RUN_THAT_FINDS_NO_CHANNEL = """
import sys
before = set(sys.modules)
from vehicle.cli.start import main
sys.argv = ["chargelock", "run", "--state", sys.argv[1], "--profile", "reference"]
sys.argv += ["--channel", "nosuch0"]
try:
    main()
except SystemExit as ended:
    assert ended.code == 2, ended.code
assert "vehicle.runtime.service" in sys.modules
print(*sorted(set(sys.modules) - before), sep="\\n")
"""


def _said(code: str, *arguments: str, **more: str) -> str:
    """Return what a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment() | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_service_that_starts_again_loads_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    """The first start compiles the DBC, which takes cantools; those after it find it compiled."""
    folder = str(tmp_path)
    first, again = (
        set(_said(RUN_THAT_FINDS_NO_CHANNEL, folder, CACHE_DIRECTORY=folder).splitlines())
        for _ in range(2)
    )
    assert "cantools" in first
    assert NEVER_FOR_RUN & again == set()


def test_the_help_of_run_loads_no_service() -> None:
    """The options are known without it."""
    code = (
        "import sys\n"
        "from vehicle.cli.main import main\n"
        "main(['run', '--help'], standalone_mode=False)\n"
        "print(*sys.modules, sep='\\n')\n"
    )
    loaded = set(_said(code).splitlines())
    assert {"asyncio", "transitions", "vehicle.runtime.service"} & loaded == set()


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_rests_until_the_command_is_loaded_and_no_longer(collects: bool) -> None:
    """Whoever imports the command line, and turned it off, gets it as it is for every command."""
    entry = "start" if collects else "main"
    code = (
        "import gc, sys\n"
        f"from vehicle.cli.{entry} import main\n"
        "sys.argv = ['chargelock', 'completion', 'bash']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 0)\n"
    )
    assert _said(code).splitlines()[-1] == f"True {collects}"
