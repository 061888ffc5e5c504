"""The kernel passes a profile's own identifiers and nothing else, so no other frame costs work."""

from __future__ import annotations

import can
import pytest
from bus_bench import PATIENCE_S, bus, classic

from vehicle.wire.loaded import Profile
from vehicle.wire.profile import list_profiles, load_profile

pytestmark = pytest.mark.slow

LAST_ID = 0x7FF


def filters(profile: Profile) -> list[dict[str, int | bool]]:
    """Return one exact filter for each identifier that the profile reads."""
    return [
        {
            "can_id": can_id,
            "can_mask": 0x1FFF_FFFF if extended else 0x7FF,
            "extended": extended,
        }
        for can_id, extended in sorted(profile.receive_ids)
    ]


def passed(receiver: can.BusABC, sender: can.BusABC) -> list[tuple[int, bool]]:
    """Send each 11-bit identifier and the same number with 29 bits; return what came through."""
    heard = []
    for can_id in range(LAST_ID + 1):
        for extended in (False, True):
            sender.send(classic(can_id, extended=extended))
            # A virtual bus delivers before send() returns.
            while (frame := receiver.recv(0)) is not None:
                heard.append((frame.arbitration_id, frame.is_extended_id))
    return heard


def test_only_the_reference_profiles_identifiers_pass():
    profile = load_profile("reference")
    assert profile.receive_ids
    with bus("vcan0") as sender, bus("vcan0", can_filters=filters(profile)) as receiver:
        assert passed(receiver, sender) == sorted(profile.receive_ids)


@pytest.mark.parametrize("name", list_profiles())
def test_every_frame_that_a_shipped_profile_reads_passes_its_filters(name):
    profile = load_profile(name)
    with bus("vcan0") as sender, bus("vcan0", can_filters=filters(profile)) as receiver:
        for can_id, extended in sorted(profile.receive_ids):
            sender.send(classic(can_id, extended=extended))
            heard = receiver.recv(PATIENCE_S)
            assert (heard.arbitration_id, heard.is_extended_id) == (can_id, extended)


def test_filters_can_be_replaced_on_an_open_socket():
    reference, other = load_profile("reference"), load_profile("bmw_i3")
    only_other = min(other.receive_ids - reference.receive_ids)
    with bus("vcan0") as sender, bus("vcan0", can_filters=filters(reference)) as receiver:
        sender.send(classic(only_other[0], extended=only_other[1]))
        assert receiver.recv(0) is None
        receiver.set_filters(filters(other))
        sender.send(classic(only_other[0], extended=only_other[1]))
        assert receiver.recv(PATIENCE_S).arbitration_id == only_other[0]
