"""What each rule decides, as last reviewed: its demand, its number of cases, a digest of which.

A change here is a change of behaviour: put the new words in only after reading the cases that
moved, and tell of it in the changelog. The failing test prints what they are now.
"""

from __future__ import annotations

from vehicle.core.car import Actuator

GOLDEN: dict[Actuator, dict[str, str]] = {
    Actuator.LATCH: {
        "no_pin_here": "hold 30240 fe8c214c54c7",
        "manual_release_pulled": "hold 50400 322381d17cf4",
        "inlet_energised": "engage 2688 7caf1fb6360e",
        "contactors_welded": "hold 20160 0003fa7b87f2",
        "release_requested": "release 4032 7332184c8024",
        "requested_release_waits": "hold 11200 b9e5a96a5920",
        "occupant_unknown": "hold 10752 168845b1f463",
        "inlet_empty": "release 4032 3bbf2d4f385b",
        "nothing_to_hold": "hold 38976 09b7ce427f9c",
        "lock_requested": "engage 4480 59916bfa697a",
        "energy_flows": "engage 336 9662624b9ed0",
        "full_waits_for_safe": "hold 200 e9dbd0fc4557",
        "release_waits_for_safe": "hold 980 51a591dbd3c8",
        "full_and_freed": "release 96 db741af1691e",
        "auto_lock_off": "release 168 96bff6f943a3",
        "charge_over": "release 168 9b901ba37874",
        "car_unlocked": "release 84 0be5906f96f7",
        "car_opened": "release 42 9a538f7b941f",
        "released_earlier": "hold 1203 4dc199aee32b",
        "charge_needs_lock": "engage 96 af052abc9bc1",
        "session_active": "engage 144 756a8a85998d",
        "car_locked": "engage 99 5f74e5aaad0e",
        "always": "engage 333 16570910a7e0",
        "session_interrupted": "hold 206 7750b9269c79",
        "otherwise": "hold 325 a3c0dd5d6f12",
    },
    Actuator.ADAPTER: {
        "no_pin_here": "hold 30240 fe8c214c54c7",
        "manual_release_pulled": "hold 50400 322381d17cf4",
        "inlet_energised": "engage 2688 7caf1fb6360e",
        "contactors_welded": "hold 20160 0003fa7b87f2",
        "release_requested": "release 4032 7332184c8024",
        "requested_release_waits": "hold 11200 b9e5a96a5920",
        "occupant_unknown": "hold 10752 168845b1f463",
        "inlet_empty": "release 4032 3bbf2d4f385b",
        "nothing_to_hold": "hold 38976 09b7ce427f9c",
        "lock_requested": "engage 4480 59916bfa697a",
        "energy_flows": "engage 336 9662624b9ed0",
        "full_waits_for_safe": "None 0 3ba72fef27f9",
        "release_waits_for_safe": "hold 1120 4de891b6dd24",
        "full_and_freed": "None 0 3ba72fef27f9",
        "auto_lock_off": "release 192 6b49134dee63",
        "charge_over": "release 192 be337c209e10",
        "car_unlocked": "release 96 72035b38c760",
        "car_opened": "release 48 fe33b940d754",
        "released_earlier": "hold 1248 070420280c99",
        "charge_needs_lock": "engage 96 af052abc9bc1",
        "session_active": "engage 144 756a8a85998d",
        "car_locked": "engage 108 71a0e5e9b4ac",
        "always": "engage 360 89ce02ed53a7",
        "session_interrupted": "hold 206 7750b9269c79",
        "otherwise": "hold 334 c445fa5ae525",
    },
}
