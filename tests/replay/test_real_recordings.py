"""Real recordings of every format. The counts were found without these readers: ``grep -c`` and
``wc -l`` for text, the trace's own header for CARBUS, asammdf and python-can for MF4 and BLF."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from recordings import LOGS, needs_recordings

from vehicle.replay.readers.errors import LfsPointerError, NoTimeStampsError, ReadingError
from vehicle.replay.recording import open_recording
from vehicle.wire.frame import Frame

pytestmark = [needs_recordings, pytest.mark.whole]

CSS = "formats/css-mf4/examples_"
FRAMES = {
    "bmw_i3_2014_ac_t1_start/bmw_i3_2014_ac_t1_start.log.gz": ("candump (gzip)", 61_703),
    "bmw_i3_2019_ccs_end_ionity/bmw_i3_2019_ccs_end_ionity.log.gz": ("candump (gzip)", 52_102),
    "ioniq5_remote_lock/ioniq5_remote_lock.log": ("candump", 5_553),
    "kona_2019_power_cycle_no_cable/kona_2019_power_cycle_no_cable.log.gz": (
        "candump (gzip)",
        39_546,
    ),
    "formats/gvret/230112-7-2019-pcan-ccan-power-off-on-ready-off.csv": ("GVRET CSV", 39_546),
    "formats/gvret/i3_ptcan_ms_lost_frames_head.csv": ("GVRET CSV", 6_729),
    "formats/gvret/msg25D_chgpowercmd.csv": ("GVRET CSV", 2_571),
    "formats/panda/ioniq5_remote_lock_head.csv": ("panda CSV", 3_951),
    "formats/savvycan/BusMasterLog.log": ("BusMaster log", 12_974),
    "formats/savvycan/CRTD_Log.txt": ("CRTD", 12_974),
    "formats/savvycan/CarBusAnalyzer.trc": ("CARBUS Analyzer trace", 55),
    "formats/savvycan/GVRET_Log.csv": ("GVRET CSV", 12_974),
    "formats/savvycan/MicrochipLog.log": ("Microchip log", 12_974),
    "formats/savvycan/candump.log": ("candump", 12_974),
    f"{CSS}data-processing_LOG_17BD1DB7_00000006_00000170.MF4": ("MF4", 2_010),
    f"{CSS}data-processing_LOG_2F6913DB_00000004_00000001.MF4": ("MF4", 5_588),
    f"{CSS}data-processing_LOG_94C49784_00000005_00000002.MF4": ("MF4", 9_600),
    f"{CSS}data-processing_LOG_FCBF0606_00003482_00000001-60B621D9.MF4": ("MF4", 1_815),
    f"{CSS}other_concatenate-mf4-by-period_LOG_2F6913DB_00001089_00000001-63BEF5CD.MF4": (
        "MF4",
        4_024,
    ),
    f"{CSS}other_matlab-basics_LOG_datastore_3BA199E2_00000164_00000005-60FEB5A8.MF4": (
        "MF4",
        5_477,
    ),
    f"{CSS}other_s3-upload-log-files_LOG_7512BE4D_00000427_00000001.MF4": ("MF4", 72_009),
}
"""File -> format and number of frames."""

REFUSED: dict[str, tuple[type[ReadingError], str]] = {
    "formats/savvycan/GenericID_Log.csv": (NoTimeStampsError, "no time stamps"),
    "formats/css-mf4/lfs-pointer_00000001.MF4": (LfsPointerError, "git-lfs pointer"),
}
"""File -> why it is refused."""

TESLA = "tesla_m3_us_ac_session/tesla_m3_us_ac_session"
TESLA_FORMATS = {
    ".log": ("candump", 0),
    ".asc": ("Vector ASC", 0),
    # The writer turned seconds into nanoseconds as floats: some stamps end in ..999.
    ".blf": ("Vector BLF", 1),
    ".trc": ("PEAK TRC", 0),
    ".csv": ("python-can CSV", 0),
    ".mf4": ("MF4", 0),
}
"""Extension -> format and how many microseconds its stamps may be off."""


def frames_of(path: Path) -> list[tuple[int, Frame]]:
    return [(now, item) for now, item in open_recording([path]) if isinstance(item, Frame)]


@pytest.mark.parametrize("name", FRAMES)
def test_a_real_recording_gives_all_its_frames(name: str) -> None:
    path = LOGS / name
    recording = open_recording([path])
    stamps = [now_us for now_us, _ in recording]
    report = recording.report
    assert (report.formats[str(path)], report.frames_read) == FRAMES[name]
    assert report.frames_skipped == {}
    assert report.segments == 1
    assert all(earlier <= later for earlier, later in pairwise(stamps))


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_replayed_is_refused_by_name(name: str) -> None:
    error, words = REFUSED[name]
    with pytest.raises(error, match=words) as caught:
        open_recording([LOGS / name])
    assert str(caught.value).startswith(str(LOGS / name))


def test_the_table_names_every_file_of_the_format_collection() -> None:
    listed = {LOGS / name for name in FRAMES} | {LOGS / name for name in REFUSED}
    assert {path for path in (LOGS / "formats").rglob("*") if path.is_file()} <= listed


@pytest.mark.parametrize("extension", TESLA_FORMATS)
@pytest.mark.parametrize("zipped", [False, True])
def test_six_formats_of_one_session_give_the_same_frames(
    extension: str, zipped: bool, tmp_path: Path
) -> None:
    truth = frames_of(LOGS / f"{TESLA}.log")
    assert len(truth) == 2_571
    path = LOGS / f"{TESLA}{extension}"
    if zipped:
        copy = tmp_path / f"session{extension}.gz"
        copy.write_bytes(gzip.compress(path.read_bytes(), 1))
        path = copy
    name, tolerance_us = TESLA_FORMATS[extension]
    recording = open_recording([path])
    assert recording.epoch_us == (None if extension == ".log" else 1_700_000_000_000_000)
    found = list(recording)
    assert recording.report.formats[str(path)] == name + (" (gzip)" if zipped else "")
    assert len(found) == 2_571
    for (now_us, frame), (true_us, true_frame) in zip(found, truth, strict=True):
        assert frame._replace(channel="") == true_frame._replace(channel="")
        assert abs(now_us - true_us) <= tolerance_us


def test_a_capture_in_milliseconds_lasts_seconds_and_not_milliseconds() -> None:
    recording = open_recording([LOGS / "formats/gvret/i3_ptcan_ms_lost_frames_head.csv"])
    list(recording)
    assert recording.report.duration_us == 6_739_000


def test_one_capture_exported_in_five_formats_has_the_same_payloads() -> None:
    names = ("candump.log", "BusMasterLog.log", "CRTD_Log.txt", "GVRET_Log.csv", "MicrochipLog.log")
    folder = LOGS / "formats/savvycan"
    payloads = [
        [(frame.can_id, frame.data) for _, frame in frames_of(folder / name)] for name in names
    ]
    assert all(other == payloads[0] for other in payloads[1:])
    for name in names[1:]:
        recording = open_recording([folder / name])
        list(recording)
        assert (recording.report.duration_us, recording.report.clamped) == (8_560_000, 0)


def test_seconds_that_wrap_at_sixty_run_on() -> None:
    recording = open_recording([LOGS / "formats/savvycan/CarBusAnalyzer.trc"])
    list(recording)
    # The trace's own header says 00:00:10.078.
    assert recording.report.duration_us == 10_078_000


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_unfinalised_mf4_gives_what_it_still_holds(share: float, tmp_path: Path) -> None:
    source = LOGS / f"{CSS}data-processing_LOG_94C49784_00000005_00000002.MF4"
    content = source.read_bytes()
    path = tmp_path / "cut.mf4"
    path.write_bytes(content[: int(len(content) * share)])
    found = frames_of(path)
    whole = frames_of(source)
    assert found == whole[: len(found)]
    assert len(found) > (share - 0.1) * len(whole)
