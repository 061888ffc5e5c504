"""Environments as a gateway has them: what chargelock requires, installed, and nothing else.

Knows: what a distribution requires and which files it brought.
Refuses to know: what is run in the environment.

The repository's own environment would tell another story: its editable install slows every start of
Python down, the one that is measured against included, and it holds every tool. So the files of the
distributions needed are linked into a new environment, and the product's are put there as a wheel
would put them. Nothing is fetched.
"""

from __future__ import annotations

import compileall
import shutil
import sys
import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tools.bench.plan import BenchError
from tools.bench.process import ROOT

PRODUCT = "chargelock"
_UNWANTED = shutil.ignore_patterns("__pycache__")


def make_environment(folder: Path, *extras: str) -> Path:
    """Make an environment in ``folder`` with the product and these extras; return its ``bin``.

    Raises BenchError where something that it needs is not installed here.
    """
    venv.create(folder, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    try:
        needed = _closure(PRODUCT, frozenset(extras), {})
    except PackageNotFoundError as error:
        raise BenchError(f"{error.name} is not installed here; make bench sets it up") from error
    for name, dist in needed.items():
        if name != PRODUCT:
            _link(dist, packages)
    shutil.copytree(ROOT / "vehicle", packages / "vehicle", ignore=_UNWANTED)
    shutil.copytree(ROOT / "dbc", packages / "vehicle" / "dbc", ignore=_UNWANTED)
    metadata = packages / f"{PRODUCT}-{needed[PRODUCT].version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(needed[PRODUCT].read_text("METADATA") or "")
    command = folder / "bin" / PRODUCT
    command.write_text(
        f"#!{folder}/bin/python\nimport sys\nfrom vehicle.cli.start import main\n"
        'if __name__ == "__main__":\n    sys.exit(main())\n'
    )
    command.chmod(0o755)
    # As pip leaves it. A caller may forbid Python to write what it compiled, and each start would
    # then compile everything again.
    compileall.compile_dir(packages, quiet=1)
    return folder / "bin"


def _closure(
    name: str, extras: frozenset[str], found: dict[str, Distribution]
) -> dict[str, Distribution]:
    """Return a distribution and all that it requires, by name."""
    found[name] = distribution(name)
    for words in found[name].requires or ():
        needed = Requirement(words)
        wanted = needed.marker is None or any(
            needed.marker.evaluate({"extra": extra}) for extra in extras or ("",)
        )
        if wanted and needed.name not in found:
            _closure(needed.name, frozenset(needed.extras), found)
    return found


def _link(dist: Distribution, packages: Path) -> None:
    tops = {
        file.parts[0] for file in dist.files or () if file.parts[0] not in ("..", "__pycache__")
    }
    for top in tops:
        link = packages / top
        if not link.exists():
            link.symlink_to(Path(str(dist.locate_file(top))))
