"""Which kernel a replay uses, also where the compiled one was built from other sources."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment
from drives import write_car, write_session

from vehicle.replay.scan import kernels
from vehicle.replay.scan.kernels import choose, installed

SCAN = Path(kernels.__file__).parent

AGREED = {2: "dc8b09bf8c8a2448"}
"""Contract -> what of ``_compiled.pyi`` it stands for: the latest, and no other."""

WITH_AN_OLDER_KERNEL = """
import sys, types
older = types.ModuleType("vehicle.replay.scan._compiled")
older.__file__ = "/somewhere/_compiled.abi3.so"
older.lines = lambda block, position: 1 / 0
{attributes}
sys.modules[older.__name__] = older
from vehicle.cli.main import main
main()
"""


def replay_with_an_older_kernel(
    folder: Path, attributes: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the command where the compiled part is one that nobody built again."""
    script = WITH_AN_OLDER_KERNEL.format(attributes=attributes)
    log, car = write_session(folder / "session.log"), write_car(folder)
    return subprocess.run(
        [sys.executable, "-c", script, "replay", str(log), "--profile", str(car), *options],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("attributes", ["", "older.CONTRACT = 0", "older.CONTRACT = 1"])
def test_a_kernel_of_another_version_is_left_out_and_named(tmp_path: Path, attributes: str) -> None:
    ended = replay_with_an_older_kernel(tmp_path, attributes, "--journal", "-")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines() == [
        "warning: /somewhere/_compiled.abi3.so: the compiled kernel was built for another version"
        " of chargelock and is not used; install chargelock again (in its repository: pip install"
        " -e .)"
    ]
    assert len(ended.stdout.splitlines()) > 5


def test_a_kernel_of_another_version_cannot_be_asked_for(tmp_path: Path) -> None:
    ended = replay_with_an_older_kernel(tmp_path, "", "--kernel", "compiled")
    assert ended.returncode == 2
    assert "this installation has no kernel 'compiled'; it has " in ended.stderr


def test_each_kernel_is_had_by_its_name_and_the_first_without_one() -> None:
    assert [choose(kernel.name).name for kernel in installed()] == [
        kernel.name for kernel in installed()
    ]
    assert choose().name == installed()[0].name
    with pytest.raises(ValueError, match=r"no kernel 'quantum'; it has .*plain"):
        choose("quantum")


def test_the_compiled_kernels_number_changes_with_what_its_functions_take() -> None:
    """Where this fails, count CONTRACT up in ``_columns.h`` and ``compiled.py``, and here."""
    header = (SCAN / "_columns.h").read_text(encoding="utf-8")
    wrapper = (SCAN / "compiled.py").read_text(encoding="utf-8")
    (number,) = AGREED
    assert f"#define CONTRACT {number}\n" in header
    assert f"\nCONTRACT = {number}\n" in wrapper
    stub = (SCAN / "_compiled.pyi").read_bytes()
    assert hashlib.sha256(stub).hexdigest()[:16] == AGREED[number]
