"""Recorded MF4 files with bytes flipped, cut and put in: frames and a tally, or one clear line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from recordings import LOGS, needs_recordings

from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import open_recording

CASES = 40
"""For each seed: what takes long is asammdf, which is started anew where a file has crashed it."""
SMALL_BYTES = range(2_000, 250_000)


def damaged(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    place = chance.randrange(len(found))
    match chance.randrange(5):
        case 0:
            del found[place + 1 :]
        case 1:
            for _ in range(chance.choice((1, 3, 10, 100))):
                found[chance.randrange(len(found))] = chance.randrange(256)
        case 2:  # where most of the structure is
            for _ in range(chance.choice((1, 2, 5))):
                found[chance.randrange(min(len(found), 20_000))] ^= 1 << chance.randrange(8)
        case 3:
            del found[place : place + chance.choice((1, 8, 100, 5_000))]
        case _:
            found[place:place] = bytes(chance.choice((1, 8, 64, 3_000)))
    return bytes(found)


@pytest.mark.slow
@needs_recordings
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_damaged_gives_frames_or_one_line(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    whole = sorted(path for path in LOGS.rglob("*") if path.suffix.lower() == ".mf4")
    contents = [path.read_bytes() for path in whole if path.stat().st_size in SMALL_BYTES]
    path, frames, refusals = tmp_path / "damaged.mf4", 0, list[str]()
    for _ in range(CASES):
        path.write_bytes(damaged(chance.choice(contents), chance))
        try:
            frames += sum(1 for _ in open_recording([path])) > 0
        except ReadingError as error:
            refusals.append(str(error))
    assert frames + len(refusals) == CASES
    assert min(frames, len(refusals)) > CASES // 10
    assert not [words for words in refusals if "\n" in words]
