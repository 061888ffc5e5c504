"""What stands beside a recording: the events file of each of its files, on one clock.

Knows: which files belong together. Refuses to know: what an event means.
"""

from __future__ import annotations

from operator import itemgetter

from vehicle.replay.recording import Recording
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.events_file import events_path, read_events
from vehicle.runtime.side_events import Judged, SideEvent, Started


def events_beside(recording: Recording, *, shadow: bool = False) -> list[tuple[int, SideEvent]]:
    """Return the events beside a recording's files, in order of time; none where there are none.

    The pieces of a live recording have one clock of their own, which begins where ``Started`` says;
    ``Replay`` puts the frames on it. Else times run from the recording's first frame.

    ``shadow``: the recording is compared with another controller, so what we were told when we
    moved the pins ourselves is left out; what a dry run was told is not, nor what was found of
    authentication codes.

    Raises: EventsFileError where a file cannot be used, or files of different runs are given.
    """
    found: list[tuple[int, SideEvent]] = []
    epochs: dict[int, str] = {}
    for path, begins_us in recording.begins_us.items():
        beside = events_path(path)
        if not beside.exists():
            continue
        events = read_events(beside)
        started = started_of(events)
        if shadow and (started is None or not started.shadow):
            judged = [each for each in events if isinstance(each[1], Judged)]
            events = (events[:1] if started is not None else []) + judged
        if started is not None:
            epochs[started.epoch_us] = str(path)
            begins_us = 0
        found += [(begins_us + now_us, event) for now_us, event in events]
    if len(epochs) > 1:
        names = " and ".join(sorted(epochs.values())[:2])
        raise EventsFileError(f"{names} are recordings of different runs; replay them one by one")
    return sorted(found, key=itemgetter(0))


def started_of(events: list[tuple[int, SideEvent]]) -> Started | None:
    """Return what a live recording begins with; None for any other recording."""
    first = events[0][1] if events else None
    return first if isinstance(first, Started) else None
