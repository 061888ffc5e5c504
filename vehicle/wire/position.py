"""Where a car's bus tells its position, so that it can be matched with zones and kept out of sight.

Knows: which fields of which message tell it. Refuses to know: zones, and who may learn of it.

A position is read here and nowhere else: its message is no part of any layout, so its frames reach
neither the core nor a recording.
"""

from __future__ import annotations

from collections.abc import Collection

from vehicle.core.record import record
from vehicle.wire.fields import Field
from vehicle.wire.layout import MessageSpec
from vehicle.wire.mapping import Names
from vehicle.wire.schema import Table

UNITS = ("deg", "°", "degree", "degrees")
"""Units of a DBC that mean degrees."""


@record
class PositionSpec:
    """The message that tells a car's position, WGS 84."""

    spec: MessageSpec
    latitude: Field
    longitude: Field

    def read(self, data: bytes) -> tuple[float, float] | None:
        """Return latitude and longitude in degrees; None where the frame says none."""
        found = []
        for field in (self.latitude, self.longitude):
            raw = field.known(data) if field.present(data) else None
            if raw is None:
                return None
            found.append(float(field.physical(raw)))
        latitude, longitude = found
        return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def read_position(names: Names, root: Table, read: Collection[str]) -> PositionSpec | None:
    """Read ``[position]``; None where there is none. ``read``: the messages that rows read."""
    if not root.has("position"):
        return None
    table = root.table("position")
    fields = []
    for key in ("latitude", "longitude"):
        field = names.operand(table, key, table.text(key))
        if field is not None and field.unit not in UNITS:
            table.say(key, f'is in "{field.unit}" by its DBC; map one in deg')
        fields.append(field)
    table.close()
    latitude, longitude = fields
    if latitude is None or longitude is None or latitude.message not in names.messages:
        return None
    spec = names.messages[latitude.message]
    if longitude.message != latitude.message:
        table.say("longitude", f"must be in the message of the latitude, {latitude.message}")
    if latitude.message in read:
        text = "is read by rows, too; a position's frames are shown to nobody else"
        table.say("latitude", f"message {latitude.message} {text}")
    if spec.protection is not None or spec.secoc is not None:
        table.say("latitude", f"message {latitude.message} is not checked here; remove what checks")
    return PositionSpec(spec, latitude, longitude)
