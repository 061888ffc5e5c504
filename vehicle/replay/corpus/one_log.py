"""One log of a corpus: replayed, counted, compared, and put on a page.

Knows: what becomes of a log's row, and which of its faults are a cause and not an error.
Refuses to know: other logs, and where anything is written.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from vehicle.core.outputs import Entry, Fault, Output
from vehicle.core.settings import Settings
from vehicle.replay.agreement import Agreement, Interval
from vehicle.replay.beside import events_beside
from vehicle.replay.compare import Difference, compare, spans
from vehicle.replay.compare_side import ComparedSide
from vehicle.replay.compare_words import page_of
from vehicle.replay.corpus.choice import Choice, NoProfileError
from vehicle.replay.corpus.errors import StorageError
from vehicle.replay.corpus.find import Log
from vehicle.replay.corpus.moments import Moment, moments
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.rows import LogRow, Outcome
from vehicle.replay.corpus.spells import Spells, touched
from vehicle.replay.corpus.storage import at_hand
from vehicle.replay.corpus.time_limit import TookTooLongError, limited
from vehicle.replay.readers.errors import EmptyFileError, ReadingError, UnknownFormatError
from vehicle.replay.readers.formats import endings
from vehicle.replay.recording import open_recording
from vehicle.replay.report.chronicle import Chronicle, Ways
from vehicle.replay.report.facts import facts, recording_name
from vehicle.replay.run import NothingInCommonError, Replay
from vehicle.replay.summary import Summary
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.journal import is_entry
from vehicle.wire.profile import Profile


class NoLogHereError(Exception):
    """A file that was found in a folder has the name and the content of anything but a log."""


@dataclass(slots=True)
class LogDone:
    """What came of one log."""

    row: LogRow
    entries: list[tuple[int, Entry]] = field(default_factory=list)
    """The lines of its journal with their times."""
    page: bytes | None = None
    moments: list[Moment] = field(default_factory=list)


@dataclass(slots=True)
class Desk:
    """What the logs of one task share. What it remembers of one changes nothing of the next."""

    order: Order
    choice: Choice
    ways: dict[str, Ways] = field(default_factory=lambda: defaultdict(dict))
    """Profile -> what would release a pin, by what that depends on."""


@dataclass(slots=True)
class _Side:
    """One replay of the log, and what was taken down of it."""

    run: Replay
    summary: Summary
    chronicle: Chronicle | None
    spells: Spells = field(default_factory=Spells)
    entries: list[tuple[int, Entry]] = field(default_factory=list)
    first_fault_us: int | None = None

    def take(self, now_us: int, output: Output) -> None:
        """Take down one output."""
        self.spells.note(now_us, output)
        if self.chronicle is not None:
            self.chronicle.take(now_us, output)
        if is_entry(output):
            self.entries.append((now_us, output))
        if isinstance(output, Fault) and output.active and self.first_fault_us is None:
            self.first_fault_us = now_us


def replay_log(desk: Desk, log: Log, report: str) -> LogDone:
    """Replay one log. What stands against it is told in its row.

    ``report``: what its page is called, if there is one. Raises: NoLogHereError.
    """
    row = LogRow(log=log.name, size_bytes=log.size_bytes)
    if log.trouble:
        return _not(row, Outcome.UNREADABLE, log.trouble)
    try:
        with limited(desk.order.seconds_for(log.size_bytes)):
            return _at_hand(desk, log, row, report)
    except TookTooLongError as error:
        return _not(LogRow(log=log.name, size_bytes=log.size_bytes), Outcome.FAILED, str(error))


def _at_hand(desk: Desk, log: Log, row: LogRow, report: str) -> LogDone:
    try:
        with at_hand(log.name, desk.order.base) as path:
            try:
                return _replay(desk, log, path, row, report)
            except ReadingError as error:
                if _is_no_log(log, error):
                    raise NoLogHereError(log.name) from error
                cause = f"{error.what}; {error.remedy}".replace(str(path), log.name)
                return _not(row, Outcome.UNREADABLE, cause)
            except EventsFileError as error:
                cause = str(error).replace(str(path), log.name)
                return _not(row, Outcome.UNREADABLE, cause)
            except (NoProfileError, NothingInCommonError) as error:
                return _not(row, Outcome.NO_PROFILE, str(error))
    except StorageError as error:
        return _not(row, Outcome.FAILED, str(error))


def _not(row: LogRow, outcome: Outcome, cause: str) -> LogDone:
    row.outcome, row.cause = outcome, cause
    return LogDone(row)


def _is_no_log(log: Log, error: ReadingError) -> bool:
    """Whether nobody would expect a log there."""
    ending = Path(log.name.lower().removesuffix(".gz")).suffix
    strange = isinstance(error, UnknownFormatError | EmptyFileError)
    return strange and not log.named and ending not in endings()


def _replay(desk: Desk, log: Log, path: Path, row: LogRow, report: str) -> LogDone:
    order = desk.order
    recording = open_recording([path])
    row.format = next(iter(recording.report.formats.values()))
    events = events_beside(recording, shadow=order.shadow)
    chosen = desk.choice.of(recording, events)
    profile = chosen.profile

    def side(settings: Settings | None) -> _Side:
        run = Replay(recording, profile, settings, shadow=order.shadow, events=events)
        return _run(desk, profile, run)

    now = side(order.settings)
    desk.choice.see_believed(chosen, now.summary.messages_heard)
    row.profile = profile.name
    _count(row, now, path, log)
    done = LogDone(row, now.entries)
    if order.reports:
        row.report = report
    other, differences = None, list[Difference]()
    if order.against is not None:
        other = side(order.against)
        differences = _differences(now, other)
        _count_differences(row, now.spells, differences)
        done.moments = moments(log.name, row.report, profile.name, differences)
    if order.reports:
        if other is not None and differences:
            done.page = _page_of_both(log, now, other, differences)
        else:
            done.page = _page(log, path, now)
    return done


def _run(desk: Desk, profile: Profile, run: Replay) -> _Side:
    """Replay it once."""
    order, chronicle = desk.order, None
    if order.reports or order.against is not None:
        chronicle = Chronicle(shadow=run.shadow, ways=desk.ways[profile.name])
    side = _Side(run, Summary(profile.name, run.variant, run.epoch_us), chronicle)
    meet = chronicle.meet if chronicle is not None and order.reports else None
    side.summary = run.run(side.take, None, meet)
    end_us = side.summary.report.duration_us
    side.spells.finish(end_us)
    if chronicle is not None:
        chronicle.finish(end_us)
    return side


def _differences(now: _Side, other: _Side) -> list[Difference]:
    assert now.chronicle is not None, "what is compared is taken down"
    assert other.chronicle is not None, "what is compared is taken down"
    return compare(now.chronicle, other.chronicle)


# ---- the row ------------------------------------------------------------------------------------


def _count(row: LogRow, side: _Side, path: Path, log: Log) -> None:
    """Fill the row in with what a replay found."""
    summary = side.summary
    report = summary.report
    row.outcome = Outcome.REPLAYED
    row.variant, row.epoch_us = summary.variant, summary.epoch_us
    row.duration_s = report.duration_us / 1e6
    row.frames_read, row.frames_used = report.frames_read, summary.frames_used
    row.frames_skipped, row.segments = report.skipped_count, report.segments
    row.sessions, row.cables = len(side.spells.sessions), len(side.spells.cables)
    row.strokes = summary.commands.total()
    row.events, row.faults = summary.events.total(), summary.faults.total()
    row.fault_names = ", ".join(f"{n} {name}" for name, n in sorted(summary.faults.items())) or None
    row.first_fault_us = side.first_fault_us
    row.degraded = len(summary.degraded)
    row.degraded_words = "; ".join(summary.degraded) or None
    if report.frames_skipped:
        first = next(iter(report.frames_skipped))
        row.cause = f"parts of it are damaged: {first}".replace(str(path), log.name)
    if summary.agreement is not None:
        _count_agreement(row, summary.agreement)


def _count_agreement(row: LogRow, agreement: Agreement) -> None:
    differed = [each for each in agreement.intervals if each.verdict == "differed"]
    row.agreed_s = agreement.time_us("agreed") / 1e6
    row.differed_s = agreement.time_us("differed") / 1e6
    row.disagreements = len(differed)
    row.defects = agreement.releases_while_not_safe
    if differed:
        row.longest_disagreement_us = max(differed, key=_length_us).from_us


def _length_us(interval: Interval) -> int:
    return interval.to_us - interval.from_us


def _count_differences(row: LogRow, spells: Spells, differences: list[Difference]) -> None:
    apart = spans(differences)
    row.against_differences = len(differences)
    row.against_s = sum(to_us - from_us for from_us, to_us in apart) / 1e6
    if apart:
        row.longest_difference_us = max(apart, key=lambda span: span[1] - span[0])[0]
    row.against_sessions = touched(spells.sessions, apart)
    row.against_cables = touched(spells.cables, apart)


# ---- the page -----------------------------------------------------------------------------------


def _page(log: Log, path: Path, side: _Side) -> bytes:
    from vehicle.replay.report.page import Contents, Side, page

    assert side.chronicle is not None, "what is on a page is taken down"
    told = [
        (name, words.replace(str(path), log.name)) for name, words in facts(side.run, side.summary)
    ]
    settings = side.run.settings.words()
    contents = Contents(
        title=recording_name([Path(log.name)]),
        facts=told,
        sides=[Side("", side.chronicle, settings)],
        epoch_us=side.summary.epoch_us,
    )
    return page(contents).encode()


def _page_of_both(log: Log, now: _Side, other: _Side, differences: list[Difference]) -> bytes:
    from vehicle.replay.report.page import page

    sides = [
        _compared("A", "settings of now", now),
        _compared("B", "settings it is compared against", other),
    ]
    return page(page_of([Path(log.name)], sides, differences)).encode()


def _compared(name: str, what: str, side: _Side) -> ComparedSide:
    assert side.chronicle is not None, "what is compared is taken down"
    settings, summary = side.run.settings, side.summary
    return ComparedSide(name, what, summary.profile, settings, side.chronicle, summary)
