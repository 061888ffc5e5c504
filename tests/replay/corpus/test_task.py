"""What a task leaves behind, and how it is told that it was done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from drives import write_car, write_session

from vehicle.replay.corpus.errors import OutputFolderError, WorkersError
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.rows import Outcome
from vehicle.replay.corpus.storage import store_at
from vehicle.replay.corpus.task import fingerprint, read_record, run_task, try_log
from vehicle.wire.profile import load_profile

VIN = "5YJ3E1EA7KF317000"


@pytest.fixture
def order(tmp_path: Path) -> Order:
    car = load_profile(write_car(tmp_path))
    return Order(places=(".",), out="out", base=tmp_path, profiles=(car,))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A session under a name that says too much, and a file that is gone."""
    name = f"drive {VIN}.log"
    path = write_session(tmp_path / name)
    return Task(3, (Log(name, path.stat().st_size, "1"), Log("gone.log", 0, "2")))


def test_a_task_leaves_a_part_for_each_profile_a_page_for_each_log_and_its_record(
    order: Order, task: Task, tmp_path: Path
) -> None:
    assert run_task(order, task) == 3
    record = read_record(store_at("out", tmp_path), 3)
    assert record is not None
    assert record.fingerprint == fingerprint(task)
    assert [row.outcome for row in record.rows] == [Outcome.REPLAYED, Outcome.UNREADABLE]
    assert record.rows[1].cause == "there is no such file; check the path"
    assert record.files == [
        "reports/00003/00-drive_left_out_.log.html",
        "journal/profile=small/00003.parquet",
    ]
    left = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    assert left == {*record.files, "tasks/00003.json"}


def test_a_page_says_neither_which_vehicle_it_is_nor_where_its_files_lie(
    order: Order, task: Task, tmp_path: Path
) -> None:
    run_task(order, task)
    page = next((tmp_path / "out/reports/00003").iterdir()).read_text(encoding="utf-8")
    assert VIN not in page
    assert str(tmp_path) not in page


def test_doing_a_task_twice_leaves_the_same_and_nothing_that_was_before(
    order: Order, task: Task, tmp_path: Path
) -> None:
    def left() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}

    run_task(order, task)
    first = left()
    run_task(order, task)
    assert left() == first
    run_task(order, replace(task, failed=((0, "it ends the process"),)))
    assert [Path(path).name for path in left()] == ["00003.json"]
    record = read_record(store_at("out", tmp_path), 3)
    assert record is not None
    assert (record.rows[0].outcome, record.rows[0].cause) == ("failed", "it ends the process")
    assert not record.final


def test_trying_a_log_leaves_nothing(order: Order, task: Task, tmp_path: Path) -> None:
    try_log(order, task, 0)
    try_log(order, task, 1)
    assert not (tmp_path / "out").exists()


def test_a_fingerprint_changes_with_content_and_names_and_nothing_else(task: Task) -> None:
    log = task.logs[0]
    others = [
        replace(task, logs=(log._replace(stamp="9"), task.logs[1])),
        replace(task, logs=(log._replace(size_bytes=9), task.logs[1])),
        replace(task, logs=(log,)),
    ]
    assert len({fingerprint(each) for each in (task, *others)}) == 4
    assert fingerprint(replace(task, number=9, failed=((0, "x"),))) == fingerprint(task)


def test_a_record_that_somebody_damaged_counts_as_not_done(
    order: Order, task: Task, tmp_path: Path
) -> None:
    run_task(order, task)
    path = tmp_path / "out/tasks/00003.json"
    path.write_bytes(path.read_bytes()[:-20])
    assert read_record(store_at("out", tmp_path), 3) is None
    run_task(order, task)
    assert json.loads(path.read_bytes())["others"] == 0


def test_a_worker_of_another_version_refuses(order: Order, task: Task) -> None:
    with pytest.raises(WorkersError, match=r"and 0\.0\.1 asked it; install the same on all"):
        run_task(replace(order, version="0.0.1"), task)


def test_an_output_that_cannot_be_written_is_named(order: Order, task: Task) -> None:
    with pytest.raises(OutputFolderError, match="--out /proc/out"):
        run_task(replace(order, out="/proc/out"), task)
