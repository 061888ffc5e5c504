"""What each rule decides, as last reviewed: its demand, its number of cases, a digest of which.

A change here is a change of behaviour: put the new words in only after reading the cases that
moved, and tell of it in the changelog. The failing test prints what they are now.
"""

from __future__ import annotations

from vehicle.core.car import Actuator

GOLDEN: dict[Actuator, dict[str, str]] = {
    Actuator.LATCH: {
        "no_pin_here": "hold 51840 bcc720fcafb5",
        "manual_release_pulled": "hold 86400 fba506d4ea12",
        "inlet_energised": "engage 4608 87a3b6401a3f",
        "contactors_welded": "hold 34560 2940b7ffcb80",
        "release_requested": "release 6912 d041a9af25b5",
        "requested_release_waits": "hold 19200 7355a3e931a1",
        "occupant_unknown": "hold 18432 2ef3f1becf3f",
        "inlet_empty": "release 6912 b474bfdf76d4",
        "nothing_to_hold": "hold 66816 f64d9599ba11",
        "lock_requested": "engage 7680 d52e9e607a3b",
        "energy_flows": "engage 576 a206861ff0ac",
        "full_waits_for_safe": "hold 600 2cc4cee5d1b1",
        "release_waits_for_safe": "hold 1776 8043d9c9964b",
        "full_and_freed": "release 288 e046a7c8aed8",
        "auto_lock_off": "release 216 bb8d40f9af9e",
        "charge_over": "release 216 c8b0df698fcb",
        "wait_does_not_count": "release 66 632a74b19faf",
        "car_unlocked": "release 108 e53f62ee125f",
        "car_opened": "release 54 ef2ad49b19ef",
        "supply_runs_down": "release 90 100ac042d11d",
        "frost_threatens": "release 90 4ae87ea39191",
        "released_earlier": "hold 1800 86ce316ac215",
        "charge_needs_lock": "engage 288 6b797dd54e38",
        "session_active": "engage 216 e06a793ed334",
        "car_locked": "engage 99 499b6919da1b",
        "always": "engage 360 5262e0df749c",
        "session_interrupted": "hold 309 7b4386837367",
        "otherwise": "hold 528 fbdb3c720f19",
    },
    Actuator.ADAPTER: {
        "no_pin_here": "hold 51840 bcc720fcafb5",
        "manual_release_pulled": "hold 86400 fba506d4ea12",
        "inlet_energised": "engage 4608 87a3b6401a3f",
        "contactors_welded": "hold 34560 2940b7ffcb80",
        "release_requested": "release 6912 d041a9af25b5",
        "requested_release_waits": "hold 19200 7355a3e931a1",
        "occupant_unknown": "hold 18432 2ef3f1becf3f",
        "inlet_empty": "release 6912 b474bfdf76d4",
        "nothing_to_hold": "hold 66816 f64d9599ba11",
        "lock_requested": "engage 7680 d52e9e607a3b",
        "energy_flows": "engage 576 a206861ff0ac",
        "full_waits_for_safe": "None 0 8fd898387d6c",
        "release_waits_for_safe": "hold 2316 1dd156efd03d",
        "full_and_freed": "None 0 8fd898387d6c",
        "auto_lock_off": "release 288 09d8d7d7afbe",
        "charge_over": "release 288 968df9db2003",
        "wait_does_not_count": "release 66 632a74b19faf",
        "car_unlocked": "release 144 943964380ff5",
        "car_opened": "release 72 b12a960f1b24",
        "supply_runs_down": "release 120 8303d12a7ec1",
        "frost_threatens": "release 120 6b702fc25d8c",
        "released_earlier": "hold 1845 6c9451ef29b2",
        "charge_needs_lock": "engage 288 6b797dd54e38",
        "session_active": "engage 216 e06a793ed334",
        "car_locked": "engage 108 1cbb363f4f69",
        "always": "engage 387 0331216534e1",
        "session_interrupted": "hold 309 7b4386837367",
        "otherwise": "hold 537 5c02b01446a1",
    },
}
