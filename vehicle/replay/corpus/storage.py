"""Where logs come from and results go to: folders, and addresses that fsspec reaches (``s3://...``).

Knows: whole files, read, written, listed. Refuses to know: what is in them.

fsspec is an extra and is imported only for an address. On a disk a file is written beside, flushed
and renamed; an object store takes an object whole or not at all by itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from vehicle.replay.corpus.errors import OutputFolderError, StorageError
from vehicle.runtime.events_file import events_path

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_NEW = ".new"
_BESIDE = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(_NEW)}")
"""A file that has not taken its name."""


def is_address(place: str) -> bool:
    """Return whether ``place`` is an address, not a path."""
    return "://" in place


# ---- logs ---------------------------------------------------------------------------------------


class FileAt(NamedTuple):
    """A file behind an address."""

    name: str
    size_bytes: int
    stamp: str
    named: bool


def files_at(address: str) -> list[FileAt]:
    """Return the file at ``address``, those that it matches as a pattern, or all below it.

    Raises: StorageError.
    """
    with _reached(address) as (fs, path):
        pattern = any(each in path for each in "*?[")
        details = fs.glob(path, detail=True) if pattern else fs.find(path, detail=True)
        return [
            FileAt(fs.unstrip_protocol(name), int(info["size"] or 0), _stamp(info), pattern)
            for name, info in details.items()
            if info["type"] == "file"
        ]


def _stamp(info: dict[str, Any]) -> str:
    told = next((info[key] for key in ("ETag", "mtime", "LastModified") if key in info), "")
    return str(told).strip('"')


@contextlib.contextmanager
def at_hand(name: str, base: Path) -> Iterator[Path]:
    """Give a path at which a log, and the events beside it, can be read.

    ``base``: what a relative path starts from. What an address leads to is fetched, and taken away
    again at the end. Raises: StorageError where that fails.
    """
    if not is_address(name):
        yield base / name
        return
    with tempfile.TemporaryDirectory(prefix="chargelock-") as folder, _reached(name) as (fs, path):
        here = Path(folder) / path.rpartition("/")[2]
        fs.get_file(path, str(here))
        beside = events_path(here)
        if fs.exists(path + beside.name.removeprefix(here.name)):
            fs.get_file(path + beside.name.removeprefix(here.name), str(beside))
        yield here


@contextlib.contextmanager
def _reached(address: str) -> Iterator[tuple[AbstractFileSystem, str]]:
    """Give the file system behind ``address`` and the path in it, and name what goes wrong."""
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        raise StorageError(
            f"{address}: an address needs fsspec; install it: pip install 'chargelock[s3]'"
        ) from error
    try:
        fs, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise StorageError(f"{address}: cannot be reached: {error}") from error
    try:
        yield fs, path
    except _fetching_errors() as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise StorageError(f"{address}: {what}; check address, access and connection") from error


def _fetching_errors() -> tuple[type[Exception], ...]:
    """Return what fetching may raise; botocore's errors are no OSError."""
    botocore = sys.modules.get("botocore.exceptions")
    return (OSError,) if botocore is None else (OSError, botocore.BotoCoreError)


# ---- results ------------------------------------------------------------------------------------


class Store(Protocol):
    """An output folder. Names in it have "/" between their parts. All raise OutputFolderError."""

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None: there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Make a file hold ``content``, whole or not at all."""

    def writing(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Give a file to write to; it takes its name at the end, where nothing went wrong."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def tidy(self) -> None:
        """Remove what writers began who were ended before the file took its name."""

    def names(self) -> list[str]:
        """Return what lies in the folder itself, not below."""


def store_at(place: str, base: Path) -> Store:
    """Return the output folder at a path (from ``base`` on) or an address."""
    return _AddressStore(place) if is_address(place) else _FolderStore(base / place)


class _FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._error(name, error) from error

    def write(self, name: str, content: bytes) -> None:
        with self.writing(name) as file:
            file.write(content)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        path = self._folder / name
        # Two workers may do one task, when the first was only believed to be dead.
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_NEW}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise self._error(name, error) from error
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._error(name, error) from error

    def tidy(self) -> None:
        for path in self._folder.rglob(f".*{_NEW}"):
            if _BESIDE.fullmatch(path.name):
                self.remove(str(path.relative_to(self._folder)))

    def names(self) -> list[str]:
        try:
            return sorted(each.name for each in self._folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._error("", error) from error

    def _error(self, name: str, error: OSError) -> OutputFolderError:
        path = self._folder / name
        why = error.strerror or str(error)
        return OutputFolderError(f"--out {path}: {why}; make room, or name another folder")


class _AddressStore:
    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def _at(self, name: str) -> str:
        return f"{self._address}/{name}" if name else self._address

    @contextlib.contextmanager
    def _reached(self, name: str) -> Iterator[tuple[AbstractFileSystem, str]]:
        try:
            with _reached(self._at(name)) as reached:
                yield reached
        except StorageError as error:
            raise OutputFolderError(f"--out {error}") from error

    def read(self, name: str) -> bytes | None:
        with self._reached(name) as (fs, path):
            try:
                content: bytes = fs.cat_file(path)
            except FileNotFoundError:
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        with self._reached(name) as (fs, path):
            fs.pipe_file(path, content)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with self._reached(name) as (fs, path), fs.open(path, "wb") as object_:
                shutil.copyfileobj(file, object_)

    def remove(self, name: str) -> None:
        with self._reached(name) as (fs, path), contextlib.suppress(FileNotFoundError):
            fs.rm_file(path)

    def tidy(self) -> None:
        """Nothing is left behind: an object is there whole or not at all."""

    def names(self) -> list[str]:
        with self._reached("") as (fs, path):
            fs.invalidate_cache()
            try:
                listed = fs.ls(path, detail=False)
            except FileNotFoundError:
                return []
            return sorted(name.rstrip("/").rpartition("/")[2] for name in listed)
