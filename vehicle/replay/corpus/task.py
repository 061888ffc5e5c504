"""One task: some logs replayed one after the other, and its results written.

Knows: the files that a task leaves behind, and how to tell that it was done.
Refuses to know: who calls it and where. The same function runs in a process beside this one and on
a machine far away; doing a task twice leaves the same files as doing it once.

A task's files: ``journal/profile=NAME/NUMBER.parquet`` for each profile met, a page for each log
under ``reports/NUMBER/``, and last of all its record ``tasks/NUMBER.json``. Without the record the
task counts as not done.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from vehicle.replay.corpus.choice import Choice
from vehicle.replay.corpus.errors import WorkersError
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.moments import Moment, moment_of
from vehicle.replay.corpus.one_log import Desk, LogDone, NoLogHereError, replay_log
from vehicle.replay.corpus.order import Order, version_here
from vehicle.replay.corpus.rows import LogRow, Outcome, row_of
from vehicle.replay.corpus.storage import Store, store_at
from vehicle.replay.corpus.tables import JournalTable
from vehicle.replay.report.privacy import told_to_all

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_NAME_LETTERS_MAX = 80


@dataclass(slots=True)
class Record:
    """What a task left behind."""

    fingerprint: str
    """Changes with the logs, their content, and the events beside them."""
    rows: list[LogRow] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    others: int = 0
    """Files that turned out not to be logs."""
    files: list[str] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether nothing of it is worth another try at the next start."""
        return not any(row.outcome == Outcome.FAILED for row in self.rows)

    def to_json(self) -> bytes:
        """Return what its file holds."""
        plain = {
            "fingerprint": self.fingerprint,
            "rows": [row.plain() for row in self.rows],
            "moments": [moment.plain() for moment in self.moments],
            "others": self.others,
            "files": self.files,
        }
        return json.dumps(plain, ensure_ascii=False, indent=0).encode() + b"\n"


def record_name(number: int) -> str:
    """Return where the record of a task is."""
    return f"tasks/{number:05}.json"


def read_record(store: Store, number: int) -> Record | None:
    """Return the record of a task; None where it was not done, or somebody damaged it."""
    content = store.read(record_name(number))
    if content is None:
        return None
    try:
        plain: dict[str, Any] = json.loads(content)
    except ValueError:
        return None
    return Record(
        plain["fingerprint"],
        [row_of(each) for each in plain["rows"]],
        [moment_of(each) for each in plain["moments"]],
        plain["others"],
        plain["files"],
    )


def fingerprint(task: Task) -> str:
    """Return what changes with the task's logs."""
    told = [[log.name, log.size_bytes, log.stamp, log.named, log.trouble] for log in task.logs]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def run_task(order: Order, task: Task) -> int:
    """Do a task and write its results; return its number.

    Raises: OutputFolderError, WorkersError.
    """
    desk = _desk(order)
    store = store_at(order.out, order.base)
    before = read_record(store, task.number)
    failed = dict(task.failed)
    record, tables = Record(fingerprint(task)), dict[str, JournalTable]()
    for place, log in enumerate(task.logs):
        report = f"reports/{task.number:05}/{place:02}-{_safe(log)}.html"
        if place in failed:
            row = LogRow(log=log.name, size_bytes=log.size_bytes)
            row.outcome, row.cause = Outcome.FAILED, failed[place]
            record.rows.append(row)
            continue
        try:
            done = replay_log(desk, log, report)
        except NoLogHereError:
            record.others += 1
            continue
        _take(record, tables, done)
        if done.page is not None:
            store.write(report, done.page)
            record.files.append(report)
    for profile, table in sorted(tables.items()):
        name = f"journal/profile={profile}/{task.number:05}.parquet"
        store.write(name, table.finish())
        record.files.append(name)
    for name in set(before.files if before is not None else ()) - set(record.files):
        store.remove(name)
    store.write(record_name(task.number), record.to_json())
    return task.number


def try_log(order: Order, task: Task, place: int) -> None:
    """Replay one log of a task and write nothing: to see whether it can be done at all."""
    desk = _desk(order)
    try:
        replay_log(desk, task.logs[place], "")
    except NoLogHereError:
        return


def _desk(order: Order) -> Desk:
    here = version_here()
    if order.version != here:
        raise WorkersError(
            f"a worker has chargelock {here}, and {order.version} asked it; install the same on all"
        )
    return Desk(order, Choice(order.profiles))


def _safe(log: Log) -> str:
    name = told_to_all(log.name.rpartition("/")[2])
    return _UNSAFE.sub("_", name)[:_NAME_LETTERS_MAX]


def _take(record: Record, tables: dict[str, JournalTable], done: LogDone) -> None:
    record.rows.append(done.row)
    record.moments += done.moments
    profile = done.row.profile
    if profile is None:
        return
    table = tables.setdefault(profile, JournalTable())
    for now_us, entry in done.entries:
        table.add(done.row.log, now_us, entry)
