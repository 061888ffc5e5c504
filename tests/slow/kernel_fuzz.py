"""Feeds the compiled kernel whatever a file or a caller may hold; compares it with the plain one.

Run as a program, with the extension module to load and a folder for scratch files:

    python kernel_fuzz.py _compiled.so SCRATCH

The module may be one that a sanitizer watches; that one must be loaded into a process of its own.
Ends with an AssertionError, or by the sanitizer's hand, at the first fault; the seeds are fixed.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from array import array
from pathlib import Path
from types import ModuleType

NAME = "vehicle.replay.scan._compiled"
FILE_ROUNDS = 14
"""Mutated files of each sample."""
OBJECT_ROUNDS = 1_500
SIEVE_ROUNDS = 150
CLOCK_ROUNDS = 200
CALL_ROUNDS = 20_000
TOKENS = (b"\n", b"\r", b"\r\n", b" ", b"#", b"0", b"F", b"\0", b"\xff", b"LOBJ", b".", b"(", b"\t")


def load(extension: Path, name: str) -> ModuleType:
    """Load an extension module under its name, before anything can import the installed one."""
    assert name not in sys.modules
    spec = importlib.util.spec_from_file_location(name, extension)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    package, _, last = name.rpartition(".")
    setattr(importlib.import_module(package), last, module)
    return module


def mutated(dice: random.Random, content: bytes) -> bytes:
    """Return the content with up to 40 faults of every kind."""
    made = bytearray(content * dice.choice((1, 1, 3)))
    for _ in range(dice.choice((1, 3, 10, 40))):
        place = dice.randrange(len(made) + 1)
        what = dice.randrange(5)
        if what == 0 and place < len(made):
            made[place] ^= 1 << dice.randrange(8)
        elif what == 1:
            del made[place : place + dice.choice((1, 2, 9, 200))]
        elif what == 2:
            made[place:place] = dice.choice(TOKENS) * dice.choice((1, 1, 2, 70))
        elif what == 3:
            made[place : place + 4] = dice.randbytes(4)
        elif dice.randrange(4) == 0:
            del made[place:]
    return bytes(made)


def fuzz_files(scratch: Path) -> None:
    """Compare columns with frames: every format, damaged."""
    from columns_agree import agree
    from samples import SAMPLES

    from vehicle.replay.scan.kernels import choose

    kernel = choose("compiled")
    for sample in SAMPLES:
        dice = random.Random(sample.file_name)
        path = scratch / sample.file_name
        for _ in range(FILE_ROUNDS):
            path.write_bytes(mutated(dice, sample.content))
            agree(path, kernel, half=dice.random() < 0.5)


def blf_content(dice: random.Random) -> bytes:
    """Return a BLF file whose one container holds objects of every kind, the last one often cut."""
    from blf_maker import (
        blf_object,
        can_body,
        can_error_body,
        can_fd_64_body,
        can_fd_body,
        container,
        header,
    )

    # On the channel of CAN_FD_64: a kernel leaves the first frame of a channel to others.
    made = [blf_object(1, can_body(0x123, b"\1", channel=channel), 0) for channel in (1, 2)]
    for _ in range(dice.randrange(1, 5)):
        data = bytes(dice.choice((0, 1, 8, 9, 12, 48, 64)))
        can_id = dice.choice((0x123, 0x7FF, 0x800, 0x98DAF110))
        extra = dice.choice((0, 0, 71, 90, 255))
        kind, body = dice.choice(
            (
                (1, can_body(can_id, data[:8])),
                (86, can_body(can_id, data[:8], flags=dice.choice((0, 0x80)))),
                (100, can_fd_body(can_id, data)),
                (101, can_fd_64_body(can_id, data, 0x1000, dice.randrange(65), extra)),
                (73, can_error_body(can_id, data[:8])),
            )
        )
        whole = dice.randrange(len(body) + 1) if dice.random() < 0.4 else len(body)
        each = bytearray(blf_object(kind, body[:whole], dice.randrange(10_000_000)))
        if dice.random() < 0.2:
            # A header of another length, or a size that the bytes do not bear out.
            place, size = dice.choice(((4, 2), (8, 4)))
            each[place : place + size] = dice.choice((16, 31, 33, 40, 100)).to_bytes(size, "little")
        made.append(bytes(each))
    return header(0) + container(b"".join(made))


def fuzz_objects(scratch: Path) -> None:
    """Compare columns with frames: objects that end where their bytes do."""
    from columns_agree import agree

    from vehicle.replay.scan.kernels import choose

    kernel = choose("compiled")
    path = scratch / "objects.blf"
    for seed in range(OBJECT_ROUNDS):
        path.write_bytes(blf_content(random.Random(seed)))
        agree(path, kernel)


def fuzz_clock() -> None:
    """Compare clocks over stamps that jump, stand still and step back."""
    from vehicle.replay.scan.clock import run_clock
    from vehicle.replay.scan.columns import ROOM, STAMP_US_MAX, Columns, Wanted
    from vehicle.replay.scan.compiled import clock

    steps = (0, 1, 10_000, -1, -1_000_000, -1_000_001, 86_400_000_000, 86_400_000_001)
    for seed in range(CLOCK_ROUNDS):
        dice = random.Random(seed)
        sides = []
        stamp_us, stamps = dice.randrange(-STAMP_US_MAX, STAMP_US_MAX), array("q")
        for _ in range(dice.choice((0, 1, 50, ROOM if seed % 50 == 0 else 9))):
            far = dice.random() < 0.05
            stamp_us = (
                dice.choice((-STAMP_US_MAX, STAMP_US_MAX))
                if far
                else max(-STAMP_US_MAX, min(STAMP_US_MAX, stamp_us + dice.choice(steps)))
            )
            stamps.append(stamp_us)
        for run in (clock, run_clock):
            columns = Columns(Wanted(()))
            columns.stamps_us[: len(stamps)] = stamps
            columns.counts[0] = len(stamps)
            state, row, rows = array("q", [0, 0, 0, seed]), 0, []
            while row < len(stamps):
                state[0] = columns.stamps_us[row]  # as `Clock.begin` does
                row = run(columns, row, state)
                rows.append(row)
            sides.append((rows, state, columns.stamps_us))
        assert sides[0] == sides[1], f"clock, seed {seed}"


def fuzz_sieve(scratch: Path) -> None:
    """Compare sieves over the columns of a car with every protection, with fields overwritten."""
    from mixed_car import EVERYONE, Act, write_log, write_mixed_car

    from vehicle.replay.recording import Stretch, open_recording
    from vehicle.replay.scan.columns import Wanted
    from vehicle.replay.scan.compiled import CompiledSieve
    from vehicle.replay.scan.kernels import Scan, choose
    from vehicle.replay.scan.passage import routes_of
    from vehicle.replay.scan.sieve import PlainSieve
    from vehicle.wire.translator import Translator
    from vehicle.wire.unchanged import rules_of

    car = write_mixed_car(scratch)
    log = write_log(scratch / "sieve.log", car, [Act(EVERYONE, 10_000, 0x05, 60)])
    rules = rules_of(translator := Translator(car))
    for seed in range(SIEVE_ROUNDS):
        dice = random.Random(seed)
        wanted = Wanted(sorted(car.receive_ids))
        plain, compiled = PlainSieve(rules), CompiledSieve(rules)
        for stretch in open_recording([log]).columns(Scan(choose("plain"), wanted)):
            assert isinstance(stretch, Stretch)
            columns, last = stretch.columns, stretch.last
            routes = routes_of(translator, rules, wanted)
            for _ in range(dice.choice((0, 1, 5, 50))):
                kept = dice.randrange(last)
                what = dice.randrange(4)
                if what == 0:
                    columns.payloads[64 * kept + dice.randrange(8)] ^= 1 << dice.randrange(8)
                elif what == 1:
                    length = columns.lengths[kept] = dice.choice((0, 1, 2, 3, 5, 8, 12, 63, 64))
                    columns.payloads[64 * kept + length : 64 * (kept + 1)] = bytes(64 - length)
                elif what == 2:
                    columns.idents[kept] = dice.randrange(len(wanted.ids))
                else:
                    columns.channels[kept] = dice.randrange(len(wanted.channels))
            for _ in range(dice.choice((0, 0, 1, 3))):
                shift_us = dice.choice((300_001, 2_000_001, 5_000_000))
                for row in range(dice.randrange(columns.frames), columns.frames):
                    columns.stamps_us[row] += shift_us
            middle = dice.randrange(last + 1)
            for first, end in ((0, middle), (middle, last)):
                told = plain.take(columns, first, end, routes)
                assert compiled.take(columns, first, end, routes) == told, f"sieve, seed {seed}"
                if dice.random() < 0.3:
                    assert compiled.flush() == plain.flush()
                    plain.forget()
                    compiled.forget()
        assert compiled.flush() == plain.flush(), f"sieve, seed {seed}"


def fuzz_calls(kernel: ModuleType) -> None:
    """Call with rubbish in every place: an answer or an ordinary exception, and nothing else."""
    from blf_maker import blf_object, can_body

    from vehicle.replay.scan.columns import Columns, Wanted

    whole = (
        bytes(400),
        b"(1700000000.000001) can0 123#1122\n" * 20,
        blf_object(1, can_body(0x123, b"\1"), 7) * 20,
    )
    wanted = Wanted([(0x123, False), (0x18DAF110, True)])
    columns = Columns(wanted)
    good = (wanted.standard, wanted.extended_ids, wanted.extended_index)
    refused = 0
    for seed in range(CALL_ROUNDS):
        dice = random.Random(seed)
        columns.clear()
        columns.counts[dice.randrange(2)] = dice.choice((0, 0, 0, 1, 16384, 16385, -1, 1 << 62))
        parts = dice.choice((columns.parts,) * 6 + (columns.parts[:6], columns.parts[::-1], ()))
        ids = dice.choice((good,) * 6 + (good[:2], good[::-1], (b"", b"", b"")))
        number = dice.choice((0, 0, 0, 1, -1, 7, 16384, 1 << 61, -(1 << 62), (1 << 63) - 1))
        small = dice.choice((0, 0, 0, 0, 1, 7, 16384, -1, 1 << 40))
        rubbish = [
            dice.choice((dice.randbytes(dice.choice((0, 1, 64, 400, 3000))), *whole))
            for _ in range(3)
        ]
        layout = dice.choice((0, 0, 0, 1, 2, 3, 99, -1))
        call = dice.randrange(5)
        try:
            if call == 0:
                kernel.lines(layout, number, rubbish[0], small, parts, ids, rubbish[1])
            elif call == 1:
                kernel.objects(number, rubbish[0], small, parts, ids, rubbish[1])
            elif call == 2:
                kernel.clock(parts, small, array("q", dice.choice(([], [0] * 4))))
            elif call == 3:
                # What a sieve remembers is its own, and begins as zeros.
                state = bytearray(len(rubbish[2])), bytearray(dice.choice((0, 15, 400)))
                kernel.sieve(parts, small, number, rubbish[0], small, rubbish[1], *state)
            else:
                state = bytearray(len(rubbish[2])), bytearray(dice.choice((0, 15, 400)))
                kernel.flush(rubbish[0], *state)
        except (TypeError, ValueError, OverflowError, BufferError):
            refused += 1
    assert 0 < refused < CALL_ROUNDS


def main() -> None:
    """Fuzz everything that the module offers."""
    kernel = load(Path(sys.argv[1]), NAME)
    scratch = Path(sys.argv[2])
    fuzz_calls(kernel)
    fuzz_clock()
    fuzz_sieve(scratch)
    fuzz_objects(scratch)
    fuzz_files(scratch)
    print("nothing found")


if __name__ == "__main__":
    main()
