"""The compiled parts under AddressSanitizer and UBSan: fuzzed, and compared with the plain ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
FUZZ = Path(__file__).parent
PARTS = {
    "kernel_fuzz.py": "vehicle/replay/scan/_compiled*.so",
    "sift_fuzz.py": "vehicle/runtime/_sift*.so",
}
"""Program that feeds a part -> where ``setup.py`` puts the part."""
PATIENCE_S = 900
"""How long anything that must end is waited for. Never how long anything takes."""
WATCHED = (
    "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-wrapv"
    " -fno-omit-frame-pointer -O1 -g"
)
"""Python builds with -fwrapv, under which no sum is too large; here such a one is a fault."""

FAULTY = r"""
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words)
{
    (void)words;
    char *bytes = malloc((size_t)count);
    char read = bytes[count];
    printf("read %d\n", read);
    return 0;
}
"""


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A compiler whose sanitizers notice a fault; without one the tests are skipped by name."""
    found = shutil.which("gcc")
    if found is None:
        pytest.skip("no gcc here to build with sanitizers (apt-get install gcc)")
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "faulty.c").write_text(FAULTY, encoding="utf-8")
    built = subprocess.run(
        [found, *WATCHED.split(), "-o", "faulty", "faulty.c"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    if built.returncode != 0:
        pytest.skip(f"gcc builds nothing with sanitizers here: {built.stderr[-300:]}")
    ran = subprocess.run(["./faulty"], cwd=folder, capture_output=True, timeout=PATIENCE_S)
    assert ran.returncode != 0
    assert b"heap-buffer-overflow" in ran.stderr
    return found


@pytest.fixture(scope="module")
def watched(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own with the parts as ``setup.py`` builds them, with sanitizers."""
    folder = tmp_path_factory.mktemp("watched")
    command = [sys.executable, "setup.py", "-q", "build_ext"]
    built = subprocess.run(
        [*command, "--build-lib", str(folder), "--build-temp", str(folder / "objects")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=_environment(CC=compiler, CFLAGS=WATCHED, LDFLAGS=WATCHED),
    )
    found = [list(folder.glob(pattern)) for pattern in PARTS.values()]
    if not any(found) and "Python.h" in built.stderr:
        pytest.skip("this Python has no headers to build with (apt-get install python3-dev)")
    assert all(len(each) == 1 for each in found), built.stderr
    return folder


@pytest.mark.parametrize("program", PARTS)
def test_whatever_a_compiled_part_is_fed_it_stays_within_its_buffers_and_agrees(
    program: str, compiler: str, watched: Path, tmp_path: Path
) -> None:
    (part,) = watched.glob(PARTS[program])
    runtimes = [
        subprocess.run(
            [compiler, f"-print-file-name={name}"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    fuzzed = subprocess.run(
        [sys.executable, str(FUZZ / program), str(part), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=_environment(
            # An interpreter that was built without it must load the sanitizer before all else, and
            # ask malloc for every object: only what malloc gave is fenced.
            LD_PRELOAD=" ".join(runtimes),
            PYTHONMALLOC="malloc",
            PYTHONPATH=str(TESTS),
            ASAN_OPTIONS="detect_leaks=0",
            UBSAN_OPTIONS="print_stacktrace=1",
        ),
    )
    assert fuzzed.returncode == 0, fuzzed.stdout[-2_000:] + fuzzed.stderr[-6_000:]
    assert fuzzed.stdout.strip() == "nothing found"
