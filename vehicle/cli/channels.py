"""What ``--channel`` says: which channel of a recording each bus of a profile is on."""

from __future__ import annotations

from collections.abc import Sequence

import click

from vehicle.wire.findings import did_you_mean
from vehicle.wire.profile import Profile


def channels_of(profile: Profile, given: Sequence[str]) -> dict[str, str]:
    """Return the profile's bus -> its channel. Raises UsageError where ``given`` says none."""
    named: dict[str, str] = {}
    rest = ""
    for each in given:
        bus, equals, channel = each.rpartition("=")
        if not channel:
            raise click.UsageError(f"--channel {each!r}: is no name of a channel")
        if equals and bus not in profile.buses:
            hint = did_you_mean(bus, profile.buses)
            raise click.UsageError(f'profile {profile.name} has no bus "{bus}"; {hint}')
        if bus in named or (not equals and rest):
            raise click.UsageError(f"--channel {each}: another channel was given for the same bus")
        if equals:
            named[bus] = channel
        else:
            rest = channel
    return {**dict.fromkeys(profile.buses if rest else (), rest), **named}
