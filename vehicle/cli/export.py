"""What ``--export`` adds to a replay: files for the tools that engineers have.

Knows: which ending makes which file. Refuses to know: what is in one. What a file is made with is
an extra, so it is imported only when one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from vehicle.cli.console import fail
from vehicle.cli.output_file import check_writable, write_whole
from vehicle.replay.report.chronicle import Chronicle

_MODULES: Mapping[str, str] = {
    ".csv": "vehicle.replay.export_csv",
    ".parquet": "vehicle.replay.export_parquet",
    ".perfetto-trace": "vehicle.replay.export_perfetto",
}
"""Ending -> the module whose ``exported`` makes such a file."""

_EXTRAS = ("perfetto", "google", "pyarrow")


def check_exports(paths: Sequence[Path], inputs: Sequence[Path]) -> None:
    """End with an error where one of ``paths`` could not be written: that is best known before."""
    for number, path in enumerate(paths):
        if path.suffix not in _MODULES:
            known = ", ".join(_MODULES)
            fail(f"--export {path}: what to write there is told by its ending: {known}", 2)
        check_writable("--export", path, [*inputs, *paths[:number]])
        _exported(path)


def write_exports(paths: Sequence[Path], chronicle: Chronicle) -> None:
    """Write each of ``paths``, whole or not at all."""
    for path in paths:
        write_whole("--export", path, _exported(path)(chronicle))


def _exported(path: Path) -> Callable[[Chronicle], bytes]:
    try:
        module = import_module(_MODULES[path.suffix])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS:
            raise
        fail(
            f"--export {path}: needs the extra export; install it: pip install 'chargelock[export]'"
        )
    exported: Callable[[Chronicle], bytes] = module.exported
    return exported
