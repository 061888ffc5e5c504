"""Reads the car's SecOC key from a file that nobody else may read.

Knows: what such a file looks like, and what its permissions must be. Refuses to know: what the key
is used for. The key is never printed, logged, journalled or part of an error.

A file is 16 raw bytes, or 32 hexadecimal digits on a line. It belongs to the service's user or to
root, and neither group nor others have any permission. systemd hands over a credential in a folder
of its own, ``$CREDENTIALS_DIRECTORY``, which only the service may enter; there the group's bits may
be those of an access list. Source: systemd.exec(5), LoadCredential.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from vehicle.wire.secoc import KEY_BYTES

_FILE_BYTES_MAX = 2 * KEY_BYTES + 2
"""The longest form: hexadecimal digits and a line end."""


class KeyFileError(Exception):
    """A key file cannot be used. The message says why and what to do, and nothing of the key."""


def read_key(path: Path) -> bytes:
    """Return the key in ``path``, 16 bytes.

    Raises:
        KeyFileError: it cannot be read, others may read it, or it holds no key.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileError(
            f"{path}: the SecOC key cannot be read ({error.strerror}); name a file that the"
            " service's user can read"
        ) from error
    try:
        _check_permissions(path, os.fstat(descriptor))
        content = os.read(descriptor, _FILE_BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    key = _key_in(content)
    if key is None:
        raise KeyFileError(
            f"{path}: holds no SecOC key; write {KEY_BYTES} bytes, or {2 * KEY_BYTES} hexadecimal"
            " digits"
        )
    return key


def _check_permissions(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyFileError(f"{path}: is no file; name the file with the SecOC key")
    if found.st_uid not in (0, os.geteuid()):
        raise KeyFileError(
            f"{path}: belongs to user {found.st_uid}, who could read or replace the SecOC key;"
            f" chown it to the service's user"
        )
    forbidden = stat.S_IRWXO if _is_credential(path) else stat.S_IRWXG | stat.S_IRWXO
    if found.st_mode & forbidden:
        mode = stat.S_IMODE(found.st_mode)
        raise KeyFileError(f"{path}: others may use the SecOC key (mode {mode:04o}); chmod 600 it")


def _is_credential(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent.absolute() == Path(folder)


def _key_in(content: bytes) -> bytes | None:
    if len(content) == KEY_BYTES:
        return content
    digits = content.removesuffix(b"\n").removesuffix(b"\r")
    if len(digits) != 2 * KEY_BYTES:
        return None
    try:
        key = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
