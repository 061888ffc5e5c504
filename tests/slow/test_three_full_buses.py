"""Three buses at the full rate of 1 Mbit/s, played to the live service in a process of its own.

``make bench`` does the same for a minute, and times it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from tools.bench.live.car import Traffic, write_profile  # noqa: E402
from tools.bench.live.drive import Load, drive  # noqa: E402
from vehicle.wire.profile import load_profile  # noqa: E402

pytestmark = pytest.mark.slow

FRAMES_PER_S = 8_000
SECONDS = 5.0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a socket's buffer large enough")
def test_no_frame_of_the_car_is_lost_and_every_answer_is_the_right_one(tmp_path: Path) -> None:
    mapping = write_profile(tmp_path, buses=True)
    profile = load_profile(mapping)
    traffics = [Traffic(profile, seed, bus) for seed, bus in enumerate(("body", "charge", "port"))]
    figures = drive(
        "ours", (str(mapping), "unfiltered"), Load(FRAMES_PER_S, SECONDS, traffics, seed=1)
    )
    assert figures["lost"] == 0
    assert figures["answered"] > 0
    assert sum(traffic.sent_of_car for traffic in traffics) > 3 * FRAMES_PER_S * SECONDS / 20
