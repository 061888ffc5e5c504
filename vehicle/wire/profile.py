"""A car: its DBC, its mapping file, its limits and capabilities.

Knows: the whole mapping file, where profiles are found, and every fault by file, line and signal.
Refuses to know: frames and time; the ``translator`` reads frames with what is here.

The mapping file is TOML beside a DBC. ``dbc/reference.toml`` uses most of it, with comments.

::

    schema = 1                      required; this format
    name = "reference"              required; what --profile takes
    title = "Reference car"         required; for people
    dbc = "chargelock.dbc"          required; relative to this file
    sources = ["..."]               where the facts come from

    [car]                           what the core's ``Car`` needs
    when_empty = "release"          required; or "leave"
    connector_locks_itself, reports_weld_test = false
    manual_release = "..."          where it is, in words; "none" where the car has none
    [car.latch], [car.adapter]
    fitted = "fitted"               required; or "absent", or "signal": [[signal.latch_fitted]] or
                                    [[signal.adapter_lock_fitted]] tells. Once told it stays told
    feedback                        whether a sensor tells the pin's position; default true, false
                                    for an absent pin. true needs [[signal.latch]] (or adapter_lock)
    on_time_ms, settle_ms, tries, pause_factor, recovery, cool_down_s, debounce_ms

    [message.NAME]                  every message that is read, and sent ones to protect
    stale_ms = 500                  required to read it, unless: event = true (never goes stale)
    bus = "main"                    messages on one bus sleep together
    cycle_ms                        default: the DBC's GenMsgCycleTime
    protection = { kind = "e2e-p05", data_id = 0x2101 }
                                    AUTOSAR E2E profile 5: CRC in bytes 0 and 1, counter in byte 2.
                                    Also window = 5, max_delta = 3 (see ``protection``)
    protection = { kind = "crc8", polynomial = 0x1D, start = 0xFF, final_xor = 0x67,
                   checksum = "SIGNAL", counter = "SIGNAL", counter_max = 14 }
                                    one checksum byte over all other bytes of the frame, in order.
                                    counter is optional; counter_max defaults to what its bits hold
    secoc = { data_id = 0x2401, freshness = "SIGNAL", mac = "SIGNAL", counter = "main" }
                                    AUTOSAR SecOC, checked where a key is there (see ``secoc``): the
                                    lowest bits of the freshness value, and the highest of the code,
                                    24 or more. Messages of one sender share a counter. One that
                                    nothing else is read from may show more of its bits

    [sna]                           further raw values that say nothing. A value whose label in the
    "Msg.Sig" = [15]                DBC is SNA, or outside the DBC's range, says nothing anyway

    [[signal.NAME]]                 NAME: a field of the core's Snapshot. Sources by preference
    valid_when = { ... }            optional; the source says nothing unless this is true
    rows = [ { value = "connector", when = { "Msg.Sig" = 1, "Msg.Other" = [1, 2],
             "Msg.Current" = { max = 1.0 } } } ]

    [[request]]                     made when its conditions turn from known-false to true
    request = "unlatch"             or "latch"
    source = "port-button"          or "car", "fob", "screen", "remote"
    when = { ... }                  what an unlatch needs besides: the core's ``consent``

    [energy]
    signal = "Msg.Sig"              energy of this session; the DBC's unit must be Wh

    [position]                      where the car stands, for the owner's zones: of it only the name
    latitude = "Msg.Sig"            of a zone goes on. Both in one message that no row reads, and in
    longitude = "Msg.Sig"           degrees by the DBC's unit

    [lacks]                         why a signal is not there, for people
    occupant = "no connector signal on this bus"

    [[variant]]                     a software version of the car, see below
    name = "2019-rhd"               required
    dbc = "other.dbc"               default: the one above
    plausible = [ { signal = "Msg.Sig", values = [0, 1] },
                  { signal = "Msg.Sig", values = [3], longest_ms = 500 },
                  { never = { "Msg.Sig" = 1, "Msg.Other" = 2 } } ]
    [[variant.signal.NAME]], [[variant.request]]

    [transmit.command]              what may be sent; anything not named is never sent
    message = "LockCommand"         with [transmit.command.FIELD] tables: word = { Signal = raw }
    set = { Signal = 1 }            signals with one value in every frame
    [transmit.status], [transmit.wake]

**Conditions** compare raw whole numbers (one, or a list) or physical bounds: ``min`` and ``max``
include the bound, ``above`` and ``below`` exclude it. All conditions of a row must hold;
``when = {}`` always holds. An operand is unknown if its message was never heard, is lost or fails
its protection, if the frame is too short for the signal, or if the value says nothing. A false
operand makes its row false whatever the others are; else an unknown one makes the row unknown.
Rows are tried from the top: a true row gives the source's value, an unknown row stops the source.
A source that is stopped, or of which no row is true, says nothing, and the next source is asked. If
none says anything the signal is UNKNOWN. A multiplexed signal keeps its value while other pages
are sent; its message goes stale as a whole.

**Variants.** A variant's signal tables replace the file's for that signal, and its requests all of
them. Each check is judged on every frame shown: ``values``: the signal reads nothing else;
``values`` with ``longest_ms``: it never reads one of these for longer; ``never`` (and ``when``,
the same): the conditions never hold together. The first variant fits that has all its checks
satisfied and at least one of them judged; one without checks always fits. If none fits, only what
is the same in all variants is known.

**Transmit words.** command: latch and adapter {none, engage, release}, permit {none, ac-limited,
ac, dc}, stop {no, yes}; a field that is there has all its words. status: held {unknown, empty,
nothing, connector, adapter, adapter-only, all}, latch and adapter {the core's PinState,
not-fitted}, fault {none, the core's FaultName, other}.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import import_module
from pathlib import Path

from vehicle.wire.findings import Finding, ProfileError, Severity, did_you_mean
from vehicle.wire.layout import CanId
from vehicle.wire.loaded import Profile
from vehicle.wire.reading import read_profile

__all__ = [
    "Profile",
    "check_profile",
    "list_profiles",
    "load_profile",
    "profile_path",
    "profiles_that_fit",
]


def list_profiles() -> tuple[str, ...]:
    """Return the names of the profiles that come with the product, sorted."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.toml")))


def profile_path(name: str | Path) -> Path:
    """Return the mapping file of a profile's name, or of a path to a TOML file."""
    if isinstance(name, str) and not name.endswith(".toml") and "/" not in name:
        return _shipped() / f"{name}.toml"
    return Path(name)


def _shipped() -> Path:
    """Return the folder of the profiles that come with the product."""
    return Path(import_module("vehicle.dbc").__path__[0])


def load_profile(name: str | Path, *, compiled: Path | None = None) -> Profile:
    """Load a profile by name or path.

    Args:
        name: of a profile that comes with the product, or a mapping file.
        compiled: the folder to keep compiled DBCs in; None: it is compiled anew.

    Raises:
        ProfileError: it cannot be used; the error carries every finding.
    """
    profile, findings = _read(name, compiled)
    if profile is None:
        raise ProfileError(str(name), findings)
    return profile


def _read(name: str | Path, compiled: Path | None = None) -> tuple[Profile | None, list[Finding]]:
    path = profile_path(name)
    if isinstance(name, str) and not path.exists():
        hint = did_you_mean(name, list_profiles())
        return None, [Finding(name, 0, "", f"there is no such profile; {hint}")]
    return read_profile(path, compiled)


def check_profile(name: str | Path) -> list[Finding]:
    """Return everything that is wrong with a profile or worth knowing: errors, then notes."""
    _, findings = _read(name)
    return sorted(findings, key=lambda f: (f.severity is Severity.NOTE, f.file, f.line))


def profiles_that_fit(ids_seen: Collection[CanId]) -> list[tuple[str, int]]:
    """Return the shipped profiles with identifiers in ``ids_seen``, most in common first."""
    seen = set(ids_seen)
    fits = [(name, len(seen & _shipped_ids(name))) for name in list_profiles()]
    return sorted((fit for fit in fits if fit[1]), key=lambda fit: (-fit[1], fit[0]))


@cache
def _shipped_ids(name: str) -> frozenset[CanId]:
    """Return what a shipped profile receives: read once, for it is asked for each recording."""
    return frozenset(load_profile(name).receive_ids)
