"""What gives its content only once is no recording: it would lose what was read to look at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples import SAMPLES

from vehicle.replay.readers.errors import UnreadableFileError
from vehicle.replay.recording import open_recording


def test_a_named_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    """As a shell's <(zcat drive.log.gz) is one; a gzipped file can be read as it is."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UnreadableFileError, match=r"is a pipe or a device.*save it to a file"):
        open_recording([path])


def test_a_pipe_of_this_process_is_refused() -> None:
    """Else the first frames would be gone, and nobody told."""
    reader, writer = os.pipe()
    os.write(writer, SAMPLES[0].content[:4096])
    os.close(writer)
    try:
        with pytest.raises(UnreadableFileError, match="gives its content once"):
            open_recording([Path(f"/proc/self/fd/{reader}")])
    finally:
        os.close(reader)


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    """What is read is what it points to."""
    sample = SAMPLES[0]
    (tmp_path / "real").write_bytes(sample.content)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert tuple(open_recording([tmp_path / "link"])) == sample.frames
