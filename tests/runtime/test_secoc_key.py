"""A key file is taken only where nobody else can have read or written it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vehicle.runtime.secoc_key import KeyFileError, read_key

KEY = bytes(range(200, 216))


def written(folder: Path, content: bytes = KEY, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\r\n"])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_is_sixteen_bytes_or_their_digits(tmp_path: Path, content: bytes, mode: int) -> None:
    assert read_key(written(tmp_path, content, mode)) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyFileError, match=rf"others may use the SecOC key \(mode {mode:04o}\)"):
        read_key(written(tmp_path, mode=mode))


def test_in_systemds_credentials_folder_the_group_bits_are_an_access_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_key(written(tmp_path, mode=0o440)) == KEY
    with pytest.raises(KeyFileError, match="others may use"):
        read_key(written(tmp_path, mode=0o444))
    (tmp_path / "deeper").mkdir()
    with pytest.raises(KeyFileError, match="others may use"):
        read_key(written(tmp_path / "deeper", mode=0o440))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    os.chown(path, 12345, -1)
    with pytest.raises(KeyFileError, match="belongs to user 12345"):
        read_key(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        KEY[:15],
        KEY + b"\n",
        KEY.hex().encode()[:31],
        KEY.hex().encode() * 2,
        b"g" * 32,
        b"00 " * 10 + b"00",
        "\u0660".encode() * 16,
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(KeyFileError, match="holds no SecOC key") as raised:
        read_key(written(tmp_path, content))
    assert KEY.hex() not in str(raised.value)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        read_key(tmp_path / "none")
    with pytest.raises(KeyFileError, match="is no file"):
        read_key(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="is no file"):
        read_key(tmp_path / "pipe")
