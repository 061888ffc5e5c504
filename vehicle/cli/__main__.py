"""``python -m vehicle.cli``: the command, by the interpreter that has it installed."""

from __future__ import annotations

from vehicle.cli.start import main

main()
