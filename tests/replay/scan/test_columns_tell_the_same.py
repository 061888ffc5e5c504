"""The journal by columns is the journal frame by frame: byte for byte, and the summary with it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mixed_car import EVERYONE, Act, acts, write_log, write_mixed_car
from recordings import LOGS, needs_recordings
from smallcar import write_car as write_small_car

from vehicle.core.inputs import Requested
from vehicle.core.names import Request, Source
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import Stretch, open_recording
from vehicle.replay.run import NothingInCommonError, Replay
from vehicle.replay.scan.columns import Wanted
from vehicle.replay.scan.kernels import Kernel, Scan, installed
from vehicle.replay.scan.passage import routes_of
from vehicle.runtime.journal import is_entry, to_line
from vehicle.runtime.side_events import SideEvent
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, load_profile, profiles_that_fit
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import rules_of

every_kernel = pytest.mark.parametrize("kernel", installed(), ids=lambda kernel: kernel.name)


def told(
    paths: Sequence[Path],
    profile: Profile,
    kernel: Kernel | None,
    events: Sequence[tuple[int, SideEvent]] = (),
    *,
    shadow: bool = False,
    channels: dict[str, str] | None = None,
) -> tuple[list[str], dict[str, Any] | str]:
    """Return a replay's journal and summary, or why it ended."""
    lines: list[str] = []
    try:
        replay = Replay(
            open_recording(paths),
            profile,
            shadow=shadow,
            events=events,
            channels=channels,
            kernel=kernel,
            frame_by_frame=kernel is None,
        )
        summary = replay.run(
            lambda now_us, each: lines.append(to_line(now_us, each)) if is_entry(each) else None
        )
    except (ReadingError, NothingInCommonError) as error:
        return lines, str(error)
    return lines, {**summary.fields(), "kernel": ""}


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return write_mixed_car(tmp_path_factory.mktemp("car"))


SETTLED = [Act(EVERYONE, 10_000, 0x05, 20)]


@pytest.mark.slow
@every_kernel
@settings(max_examples=60, deadline=None)
@given(acts=acts())
def test_whatever_many_cars_do_the_journal_is_the_same(
    kernel: Kernel, car: Profile, acts: list[Act]
) -> None:
    log = write_log(car.path.parent / "many.log", car, acts)
    assert told([log], car, kernel) == told([log], car, None)


@pytest.mark.whole
@every_kernel
@settings(max_examples=25, deadline=None)
@given(acts=acts())
@example(
    acts=[*SETTLED, Act("Port", 10_000, 5, 4, "sum"), *SETTLED, Act("Port", 0, 5, 9, "repeat")]
)
@example(acts=[*SETTLED, Act("Latch", 10_000, 5, 1, "counter"), Act("Energy", 2_000_001, 5)])
def test_whatever_a_car_does_the_journal_is_the_same(
    kernel: Kernel, car: Profile, acts: list[Act]
) -> None:
    log = write_log(car.path.parent / "any.log", car, acts)
    assert told([log], car, kernel) == told([log], car, None)


@pytest.mark.whole
@every_kernel
@settings(max_examples=20, deadline=None)
@given(acts=acts(), at_us=st.lists(st.integers(0, 12_000_000), max_size=6))
def test_what_happens_beside_the_frames_comes_at_its_time(
    kernel: Kernel, car: Profile, acts: list[Act], at_us: list[int]
) -> None:
    log = write_log(car.path.parent / "beside.log", car, acts)
    events = [(now_us, Requested(Request.UNLATCH, Source.CLI)) for now_us in sorted(at_us)]
    assert told([log], car, kernel, events) == told([log], car, None, events)


@pytest.mark.whole
@every_kernel
@settings(max_examples=20, deadline=None)
@given(
    acts=acts(), body=st.sampled_from(("can0", "can1")), charge=st.sampled_from(("can0", "can9"))
)
def test_a_car_on_chosen_channels_tells_the_same(
    kernel: Kernel, car: Profile, acts: list[Act], body: str, charge: str
) -> None:
    log = write_log(car.path.parent / "channels.log", car, acts)
    on = {"body": body, "charge": charge}
    assert told([log], car, kernel, channels=on) == told([log], car, None, channels=on)


@every_kernel
@pytest.mark.parametrize("cycles", [25, 60])
def test_two_senders_of_one_message_are_told_the_same(
    kernel: Kernel, cycles: int, tmp_path: Path
) -> None:
    """Also when they end, which frames that the columns pass over lie before and after."""
    car = load_profile(write_small_car(tmp_path))
    beats = [(n * 100, "101#02000000") for n in range(120)]
    one = [(n * 100 + 1, "100#0100000000000000") for n in range(120)]
    two = [(n * 100 + 41, "100#0200000000000000") for n in range(cycles)]
    lines = [
        f"({1_700_000_000 + ms / 1000:.6f}) can0 {frame}\n"
        for ms, frame in sorted(beats + one + two)
    ]
    log = tmp_path / "two.log"
    log.write_text("".join(lines))
    journal, summary = told([log], car, kernel)
    assert (journal, summary) == told([log], car, None)
    states = [line for line in journal if '"message":"Body"' in line]
    assert ["invalid" in states[0], "back" in states[1], len(states)] == [True, True, 2]


RECORDINGS = {
    "tesla_m3_us_ac_session": "tesla_model3",
    "ioniq5_remote_lock": "hyundai_ioniq5",
}
"""The quickest; every file is compared where there is time."""


@pytest.mark.whole
@needs_recordings
@every_kernel
@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recording_tells_the_same_journal(name: str, kernel: Kernel) -> None:
    (path,) = (LOGS / name).glob("*.log*")
    profile = load_profile(RECORDINGS[name])
    assert told([path], profile, kernel, shadow=True) == told([path], profile, None, shadow=True)


NO_RECORDINGS = ("README.md", "EXPECTED.csv")
EVERY_FILE = sorted(
    each for each in LOGS.rglob("*") if each.is_file() and each.name not in NO_RECORDINGS
)


@pytest.mark.slow
@needs_recordings
@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.name)
def test_every_file_tells_every_profile_that_fits_it_the_same_journal(
    path: Path, tmp_path: Path
) -> None:
    """With every kernel, and gzipped with one; what is refused is refused in the same words."""
    try:
        seen = {
            (item.can_id, item.extended)
            for _, item in open_recording([path])
            if isinstance(item, Frame)
        }
    except ReadingError:
        seen = set()
    names = [name for name, _ in profiles_that_fit(seen)] or ["reference"]
    zipped = tmp_path / f"{path.name}.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    for profile in map(load_profile, names):
        expected = told([path], profile, None, shadow=True)
        for kernel in installed():
            assert told([path], profile, kernel, shadow=True) == expected
        if path.suffix != ".gz":
            expected = told([zipped], profile, None, shadow=True)
            assert told([zipped], profile, installed()[0], shadow=True) == expected


@every_kernel
def test_of_a_car_at_rest_hardly_a_frame_goes_through_the_translator(
    kernel: Kernel, car: Profile
) -> None:
    log = write_log(car.path.parent / "rest.log", car, [Act(EVERYONE, 10_000, 0x05, 2_000)])
    scan = Scan(kernel, Wanted(sorted(car.receive_ids)))
    rules = rules_of(translator := Translator(car))
    sieve, records = kernel.sieve(rules), []
    for stretch in open_recording([log]).columns(scan):
        assert isinstance(stretch, Stretch)
        routes = routes_of(translator, rules, scan.wanted)
        records += sieve.take(stretch.columns, stretch.first, stretch.last, routes)
    records += sieve.flush()
    kept = sum(number >= 0 for number, *_ in records)
    assert kept < 2_000 * len(rules) / 50
    assert kept + sum(passed for _, _, passed, *_ in records) == 2_000 * len(rules)
