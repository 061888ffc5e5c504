"""Compiled DBCs on disk: what comes back is what was compiled, or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vehicle.wire.dbc import load_dbc
from vehicle.wire.dbc_cache import compile_dbc, fetch, keep, name_of
from vehicle.wire.profile import list_profiles, load_profile, profile_path

DBCS = sorted({load_profile(name).dbc.path for name in list_profiles()})


@pytest.mark.parametrize("path", DBCS, ids=lambda path: path.stem)
def test_what_is_kept_comes_back_as_it_was_compiled(path: Path, tmp_path: Path) -> None:
    compiled = load_dbc(path)
    assert compile_dbc(path, tmp_path) == compiled
    assert fetch(tmp_path, path.read_bytes(), path) == compiled
    assert compile_dbc(path, tmp_path) == compiled


def test_a_profile_from_the_cache_needs_no_compiler(tmp_path: Path) -> None:
    load_profile("reference", compiled=tmp_path)
    program = (
        "import sys; from pathlib import Path; from vehicle.wire.profile import load_profile;"
        f" load_profile('reference', compiled=Path({str(tmp_path)!r}));"
        " print('cantools' in sys.modules, 'can' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "False False\n"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file that the reference car's DBC is kept in."""
    path = DBCS[0]
    compile_dbc(path, tmp_path)
    return tmp_path / name_of(path.read_bytes())


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data.replace(b"false", b"true", 1),
        lambda data: bytes(len(data)),
        lambda data: data + b" ",
    ],
    ids=["empty", "cut", "altered", "zeroed", "longer"],
)
def test_a_damaged_file_counts_as_not_there_and_is_written_anew(kept: Path, damage) -> None:  # type: ignore[no-untyped-def]
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    path = DBCS[0]
    assert fetch(kept.parent, path.read_bytes(), path) is None
    assert compile_dbc(path, kept.parent) == load_dbc(path)
    assert kept.read_bytes() == whole


def test_a_file_that_others_may_write_is_not_trusted(kept: Path) -> None:
    kept.chmod(0o664)
    assert fetch(kept.parent, DBCS[0].read_bytes(), DBCS[0]) is None


def test_a_changed_dbc_is_compiled_anew(kept: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.dbc"
    changed.write_bytes(DBCS[0].read_bytes().replace(b"BO_ ", b"BO_  ", 1))
    assert fetch(kept.parent, changed.read_bytes(), changed) is None


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("no folder")
    assert compile_dbc(DBCS[0], folder) == load_dbc(DBCS[0])


def test_a_dbc_with_errors_is_named_each_time_and_never_kept(tmp_path: Path) -> None:
    broken = tmp_path / "broken.dbc"
    broken.write_text('VERSION ""\nBO_ nonsense\n')
    folder = tmp_path / "kept"
    for _ in range(2):
        dbc, findings = compile_dbc(broken, folder)
        assert dbc is None
        assert findings
    assert not folder.exists()


def test_nothing_else_is_left_in_the_folder(kept: Path) -> None:
    path = profile_path("reference").with_name("chargelock.dbc")
    dbc, findings = load_dbc(path)
    assert dbc is not None
    keep(kept.parent, path.read_bytes(), dbc, findings)
    keep(kept.parent, path.read_bytes(), dbc, findings)
    assert {file.suffix for file in kept.parent.iterdir()} == {".json"}
