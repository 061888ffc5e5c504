"""A replay as a Perfetto trace: states as slices, signals as counters too, and causes as flows.

Knows: Perfetto's track events, through the ``perfetto`` package's own builder and messages.
Refuses to know: files.

Every track is a row of slices that touch; a rule's slice says its sentence. A signal is a counter
besides, of its code (see ``export_table``). A command, a request, an event and a fault are moments
on a row of their own kind. Where a command follows from a frame, an arrow leads to it from there.
Source: https://perfetto.dev/docs/reference/synthetic-track-event
"""

from __future__ import annotations

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import (
    TracePacket,
    TrackDescriptor,
    TrackEvent,
)
from perfetto.trace_builder.proto_builder import TraceProtoBuilder

from vehicle.core.policy import RULES
from vehicle.core.snapshot import SIGNALS
from vehicle.replay.export_table import all_tracks, code_of, column_name
from vehicle.replay.report.chronicle import Chronicle, Mark, Track
from vehicle.replay.report.privacy import told_to_all

_SEQUENCE = 1
_SENTENCES = {rule.name: rule.sentence for rule in RULES}
_FRAMES = "frames"


def exported(chronicle: Chronicle) -> bytes:
    """Return the file's content."""
    trace = _Trace()
    states, numbers, moments = (
        trace.row(name) for name in ("states", "signals as numbers", "moments")
    )
    for key, track in all_tracks(chronicle).items():
        trace.slices(trace.row(column_name(key), states), track, chronicle.end_us)
        if key in SIGNALS:
            trace.counter(trace.row(key, numbers, counter=True), key, track)
    rows: dict[str, int] = {}
    for number, mark in enumerate(chronicle.marks, 1):
        for kind in (_FRAMES, mark.kind) if mark.cause else (mark.kind,):
            if kind not in rows:
                rows[kind] = trace.row(kind, moments)
        trace.moment(rows[mark.kind], mark, flow=number if mark.cause else 0)
        if mark.cause:
            trace.frame(rows[_FRAMES], mark, flow=number)
    content: bytes = trace.builder.serialize()
    return content


class _Trace:
    """The packets so far. Times go in as microseconds; Perfetto's are nanoseconds."""

    def __init__(self) -> None:
        self.builder = TraceProtoBuilder()
        self._rows = 0
        first = self._packet(0)
        first.sequence_flags = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED

    def row(self, name: str, parent: int = 0, *, counter: bool = False) -> int:
        """Begin a row below ``parent`` (0: at the top); return its number."""
        self._rows += 1
        descriptor = self._packet(0).track_descriptor
        descriptor.uuid, descriptor.name = self._rows, name
        descriptor.child_ordering = TrackDescriptor.EXPLICIT
        descriptor.sibling_order_rank = self._rows
        if parent:
            descriptor.parent_uuid = parent
        if counter:
            descriptor.counter.SetInParent()
        return self._rows

    def slices(self, row: int, track: Track, end_us: int) -> None:
        """Show what a track says, from each of its changes to the next, and the last to the end."""
        names = list(track.names)
        for now_us, then_us, value in zip(
            track.times_us, [*track.times_us[1:], end_us], track.values, strict=True
        ):
            begin = self._event(now_us, row, TrackEvent.TYPE_SLICE_BEGIN)
            begin.name = names[value]
            if begin.name in _SENTENCES:
                note = begin.debug_annotations.add()
                note.name, note.string_value = "sentence", _SENTENCES[begin.name]
            self._event(then_us, row, TrackEvent.TYPE_SLICE_END)

    def counter(self, row: int, key: str, track: Track) -> None:
        """Show a signal's code over time."""
        names = list(track.names)
        for now_us, value in zip(track.times_us, track.values, strict=True):
            event = self._event(now_us, row, TrackEvent.TYPE_COUNTER)
            event.counter_value = code_of(key, names[value]) or 0

    def moment(self, row: int, mark: Mark, *, flow: int) -> None:
        """Show what happened; an arrow of number ``flow`` ends there."""
        event = self._event(mark.now_us, row, TrackEvent.TYPE_INSTANT)
        event.name = told_to_all(mark.words)
        if flow:
            event.terminating_flow_ids.append(flow)

    def frame(self, row: int, mark: Mark, *, flow: int) -> None:
        """Show the frame that ``mark`` follows from; an arrow of number ``flow`` begins there."""
        event = self._event(mark.now_us, row, TrackEvent.TYPE_INSTANT)
        event.name = f"frame {mark.cause}"
        event.flow_ids.append(flow)

    def _event(self, now_us: int, row: int, kind: int) -> TrackEvent:
        event = self._packet(now_us).track_event
        event.track_uuid, event.type = row, kind
        return event

    def _packet(self, now_us: int) -> TracePacket:
        packet = self.builder.add_packet()
        packet.timestamp = now_us * 1_000
        packet.trusted_packet_sequence_id = _SEQUENCE
        return packet
