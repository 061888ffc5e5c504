"""chargelock installed below /opt, as on a gateway: where a service without any privilege sees it.

The interpreter and the packages of the virtual environment that the tests run in may lie where no
service may look, in /root or /tmp. So they are bound to /opt, and our own package is copied.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import can

import vehicle

PYTHON, SITE, OURS = Path("/opt/python"), Path("/opt/site"), Path("/opt/lib")
ENVIRONMENT = Path("/opt/chargelock")
COMMAND = ENVIRONMENT / "bin" / "chargelock"

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
"""A user without any rights."""


def install() -> None:
    """Put it all in place; the guest forgets it when it ends."""
    python = Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}"
    for here, there in (
        (Path(sys.base_prefix), PYTHON),
        (Path(can.__file__).parents[1], SITE),
    ):
        there.mkdir()
        subprocess.run(["mount", "--bind", here, there], check=True)
    library = PYTHON / "lib" / str(sysconfig.get_config_var("INSTSONAME"))
    if library.exists() and sys.base_prefix != "/usr":
        Path("/usr/lib", library.name).symlink_to(library)
    subprocess.run(
        [PYTHON / "bin" / python.name, "-m", "venv", "--without-pip", ENVIRONMENT], check=True
    )
    source = Path(vehicle.__path__[0])
    shutil.copytree(source, OURS / "vehicle", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(source.parent / "dbc", OURS / "vehicle" / "dbc")
    meta = Path(str(distribution("chargelock").locate_file("")))
    for each in meta.glob("chargelock-*.dist-info"):
        shutil.copytree(each, OURS / each.name)
    packages = ENVIRONMENT / "lib" / python.name / "site-packages"
    (packages / "gateway.pth").write_text(f"{OURS}\n{SITE}\n")
    COMMAND.write_text(
        f"#!{ENVIRONMENT}/bin/python\n"
        "import sys\nfrom vehicle.cli.main import main\nsys.exit(main())\n"
    )
    COMMAND.chmod(0o755)


def chargelock(*words: str | Path, by: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the command, ``by`` another user if one is named, and return what it said."""
    return subprocess.run(
        [*by, COMMAND, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1"},
    )


def shown(*properties: str) -> dict[str, str]:
    """Return what systemd knows of the service."""
    said = subprocess.run(
        ["systemctl", "show", "chargelock.service", f"--property={','.join(properties)}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(line.split("=", 1) for line in said.stdout.splitlines())


def traces() -> list[str]:
    """Return whatever bears the service's name where a system keeps its own."""
    found = subprocess.run(
        ["find", "/etc", "/var", "/run", "-xdev", "-name", "*chargelock*"],
        check=True,
        capture_output=True,
        text=True,
    )
    groups = Path("/etc/group").read_text().splitlines()
    return [*found.stdout.split(), *(each for each in groups if each.startswith("chargelock"))]
