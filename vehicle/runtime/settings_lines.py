"""Says in which line of a settings file an override stands, which ``tomllib`` does not.

Knows: that messages count overrides from 1. Refuses to know: what is wrong with one.
"""

from __future__ import annotations

import re

from vehicle.core.settings import OVERRIDES
from vehicle.core.settings_read import SettingsError

_MENTION = r"\boverride (\d+)\b"


def with_lines(error: SettingsError, text: str) -> SettingsError:
    """Return ``error`` with the line of ``text`` beside every override that it counts."""
    from vehicle.wire.lines import Lines

    lines = Lines(text)
    table = ("settings", OVERRIDES)
    listed = table if lines.of(table) > lines.of(("settings",)) else (OVERRIDES,)

    def located(mention: re.Match[str]) -> str:
        return f"{mention[0]} in line {lines.of((*listed, int(mention[1]) - 1))}"

    return SettingsError(re.sub(_MENTION, located, str(error)))
