"""The systemd unit of the service: its text, its group, and whether its sandbox sees the program.

Knows: the template beside this file, systemd's quoting, and the folders that the sandbox hides.
Refuses to know: how a unit is put in place (``chargelock service``).
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from vehicle.runtime.varlink_access import GROUP

UNIT = "chargelock.service"

GROUP_FILE = f"""\
# Written by `chargelock service install`. Members of this group may unlatch and change settings.
g {GROUP} -
"""
"""What asks systemd-sysusers for the group. Source: sysusers.d(5)."""

HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"))
"""What ProtectHome takes out of the service's sight."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@")


class UnitError(ValueError):
    """The service could not run so. The message says why and what to do."""


KEY_ARGUMENT = "%d/secoc.key"
"""Where the service finds the credential that ``unit_text`` is given."""


def unit_text(python: Path, arguments: Sequence[str], key: Path | None = None) -> str:
    """Return the unit that runs ``python -m vehicle.cli`` with ``arguments``.

    ``%S`` in an argument stands for the folder that holds the state directory. ``key``: a file that
    systemd reads as root and hands to the service alone, as ``KEY_ARGUMENT``.
    """
    template = (resources.files("vehicle.runtime") / UNIT).read_text(encoding="utf-8")
    words = [str(python), "-I", "-m", "vehicle.cli", *arguments]
    load = "" if key is None else f"LoadCredential=secoc.key:{_escaped(str(key))}\n"
    template = template.replace("@CREDENTIAL@\n", load)
    return template.replace("@COMMAND@", " ".join(_quoted(word) for word in words))


def _quoted(word: str) -> str:
    """Return ``word`` as one argument of ExecStart. Source: systemd.service(5), Command Lines."""
    kept = word.startswith(("%S/", "%d/"))
    word = _escaped(word).replace("$", "$$")
    if kept:
        word = word.removeprefix("%")
    if word and set(word) <= _PLAIN | {"%", "$"}:
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(word: str) -> str:
    """Return ``word`` without specifiers. Source: systemd.unit(5), Specifiers."""
    return word.replace("%", "%%")


def check_readable(*paths: Path) -> None:
    """See that a service without any privilege can read ``paths`` in its sandbox.

    Raises UnitError naming the first that it cannot.
    """
    for path in paths:
        for each in {path, path.resolve()}:
            hidden = next((folder for folder in HIDDEN if folder in each.parents), None)
            if hidden is not None:
                raise UnitError(
                    f"{each}: the service does not see {hidden}; install chargelock, and put its"
                    " files, where every user can read them, such as /opt"
                )
            for folder in each.parents:
                if not folder.stat().st_mode & stat.S_IXOTH:
                    raise UnitError(
                        f"{each}: other users may not enter {folder}; install chargelock, and put"
                        " its files, where every user can read them, such as /opt"
                    )
        if not path.stat().st_mode & stat.S_IROTH:
            raise UnitError(f"{path}: other users may not read it; chmod o+r it")
