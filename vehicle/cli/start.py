"""Where ``chargelock`` begins: what has to be arranged before anything is imported.

Knows: the garbage collector. Refuses to know: the commands; ``main`` does.
"""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line.

    Loading makes thousands of objects and drops none, so every look for garbage is in vain: it was
    a tenth of each start. ``main`` turns the collector on again
    once the command is loaded.
    """
    gc.disable()
    from vehicle.cli.main import main as command

    command(prog_name="chargelock")
