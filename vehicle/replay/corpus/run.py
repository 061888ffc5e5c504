"""A whole run: what is left to do, done, and everything gathered into tables and a page.

Knows: the order of things, and how a run that was cut goes on. Refuses to know: who does the work,
how a log is replayed, and what a terminal is.

Nothing is remembered but in the output folder. A task whose record is there, with the logs as they
were, is not done again; so a run that was stopped goes on, and one that grew does what is new.
What is gathered depends on the records alone, so neither the number of workers nor a stop changes
a byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from vehicle.replay.corpus.errors import NoLogError, OutputFolderError
from vehicle.replay.corpus.find import Log, Task, found, tasks_of
from vehicle.replay.corpus.order import Order, claim
from vehicle.replay.corpus.overview import overview
from vehicle.replay.corpus.runner import Job, Runner
from vehicle.replay.corpus.storage import Store, store_at
from vehicle.replay.corpus.tables import SummaryTables
from vehicle.replay.corpus.task import (
    Record,
    fingerprint,
    read_record,
    record_name,
    run_task,
    try_log,
)
from vehicle.replay.corpus.totals import Totals
from vehicle.replay.corpus.workers import Workers

OVERVIEW = "overview.html"
SUMMARY_PARQUET = "summary.parquet"
SUMMARY_CSV = "summary.csv"


class CorpusRun:
    """One run. Make it, see how much there is, then call ``go``."""

    def __init__(self, order: Order) -> None:
        """Look at what there is, and make the output folder this order's.

        Raises: NoLogError, OutputFolderError, StorageError.
        """
        self._order = order
        self._store = store_at(order.out, order.base)
        self.logs = self.size_bytes = self.logs_done = 0
        for log in self._found():
            self.logs += 1
            self.size_bytes += log.size_bytes
        if not self.logs:
            places = ", ".join(order.places)
            raise NoLogError(f"{places}: there is no file; name a folder with recordings in it")
        claim(self._store, order)

    def _found(self) -> Iterator[Log]:
        return found(self._order.places, self._order.out)

    def go(self, workers: Workers, progress: Callable[[int], None]) -> Totals:
        """Do what is left to do, gather it all, and return what it comes to.

        ``progress`` is given the bytes of the logs that are done. Raises: a CorpusError.
        """
        done_bytes, count = 0, 0

        def note(task: Task) -> None:
            nonlocal done_bytes
            done_bytes += task.size_bytes
            self.logs_done += len(task.logs)
            progress(done_bytes)

        def left() -> Iterator[Task]:
            nonlocal count
            for task in tasks_of(self._found()):
                count = task.number + 1
                record = read_record(self._store, task.number)
                if record and record.final and record.fingerprint == fingerprint(task):
                    note(task)
                else:
                    yield task

        order = self._order
        job = Job(partial(run_task, order), partial(try_log, order), order.seconds_for)
        for number, task in enumerate(Runner(workers, job).through(left())):
            if number == 0:
                self._record(task.number)  # where nothing arrives here, the rest need not be done
            note(task)
        return self._gather(count)

    def _record(self, number: int) -> Record:
        record = read_record(self._store, number)
        if record is None:
            raise OutputFolderError(
                f"--out {self._order.out}: what the workers wrote is not there: on a cluster it"
                " must be an address, or a folder that all machines share"
            )
        return record

    def _gather(self, count: int) -> Totals:
        """Write the tables and the page of all records; remove what earlier runs left behind."""
        store, totals = self._store, Totals()
        store.tidy()
        with store.writing(SUMMARY_PARQUET) as parquet, store.writing(SUMMARY_CSV) as text:
            tables = SummaryTables(parquet, text)
            for number in range(count):
                record = self._record(number)
                tables.add(record.rows)
                totals.add(record)
            tables.finish()
        store.write(OVERVIEW, overview(self._order, totals))
        _remove_from(store, count)
        return totals


def _remove_from(store: Store, number: int) -> None:
    """Remove what tasks from ``number`` on left behind when there were more logs."""
    while (record := read_record(store, number)) is not None:
        for name in record.files:
            store.remove(name)
        store.remove(record_name(number))
        number += 1
