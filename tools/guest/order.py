"""What the guest is told: the command and its surroundings, as lines of shell for ``inside.sh``.

Knows: the names that ``inside.sh`` reads, and how any text survives a shell.
Refuses to know: what is done with them.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
from pathlib import Path

from machine import PATHS

HERE = Path(__file__).resolve().parent


def write_order(scratch: Path, options: argparse.Namespace) -> None:
    """Write ``scratch``/order, and ``scratch``/first, the first program that the kernel starts."""
    exports = [
        f"  export {name}={shlex.quote(value)}"
        for name, value in os.environ.items()
        if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name != "PATH"
    ]
    writable = [shlex.quote(str(folder.resolve())) for folder in options.writable]
    lines = [
        f"systemd={'yes' if options.systemd else ''}",
        f"folder={shlex.quote(str(Path.cwd()))}",
        f"host_path={shlex.quote(os.environ.get('PATH', PATHS))}",
        f"writable=({' '.join(writable)})",
        f"words=({' '.join(shlex.quote(word) for word in options.words)})",
        "environment() {",
        "  export PATH",
        *exports,
        "}",
    ]
    (scratch / "order").write_text("\n".join(lines) + "\n")
    inside = shlex.quote(str(HERE / "inside.sh"))
    first = scratch / "first"
    first.write_text(f"#!/bin/sh\nexec /bin/bash {inside} enter {scratch}\n")
    first.chmod(0o755)
