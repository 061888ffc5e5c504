"""Which files may be logs, in which order, and how they are cut into tasks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vehicle.replay.corpus.errors import NoLogError
from vehicle.replay.corpus.find import TASK_BYTES_MAX, TASK_FILES_MAX, Log, found, tasks_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b/z.log", "b/a.log.gz", "b-c.log", "b.log", "a/deep/er/x.blf", ".git/x.log"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    return tmp_path


def names(*places: str, leave_out: str = "out") -> list[str]:
    return [log.name for log in found(places, leave_out)]


IN_ORDER = ["in/a/deep/er/x.blf", "in/b/a.log.gz", "in/b/z.log", "in/b-c.log", "in/b.log"]


def test_a_folder_gives_all_its_files_sorted_by_the_parts_of_their_paths(folder: Path) -> None:
    assert names("in") == IN_ORDER
    assert [tuple(name.split("/")) for name in IN_ORDER] == sorted(
        tuple(name.split("/")) for name in IN_ORDER
    )


def test_what_is_named_twice_or_in_any_order_is_found_once_in_the_same_order(folder: Path) -> None:
    assert names("in/b.log", "in", "in/b") == IN_ORDER
    assert names("in/b", "in/b-c.log", "in/a", "in/b.log") == IN_ORDER


def test_a_pattern_gives_files_and_what_is_in_folders(folder: Path) -> None:
    assert names("in/*") == IN_ORDER
    assert names("in/**/*.log") == ["in/b/z.log", "in/b-c.log", "in/b.log"]
    there = str(folder / "in")
    assert names(f"{there}/b*.log") == [f"{there}/b-c.log", f"{there}/b.log"]


def test_what_was_named_is_meant_to_be_a_log(folder: Path) -> None:
    named = {log.name: log.named for log in found(["in", "in/b.log", "in/b/*"], "out")}
    assert [name for name, meant in named.items() if meant] == [
        "in/b/a.log.gz",
        "in/b/z.log",
        "in/b.log",
    ]


def test_events_beside_a_log_are_no_log_but_change_its_stamp(folder: Path) -> None:
    before = {log.name: log.stamp for log in found(["in"], "out")}
    (folder / "in/b.log.events.jsonl").write_text("", encoding="utf-8")
    after = {log.name: log.stamp for log in found(["in", "in/b.log*"], "out")}
    assert {name for name in before if before[name] != after[name]} == {"in/b.log"}
    assert before.keys() == after.keys()


def test_the_output_folder_is_left_out_under_any_name(folder: Path) -> None:
    assert names("in", leave_out="in/b") == [name for name in IN_ORDER if "/b/" not in name]
    assert names("in/b", leave_out=str(folder / "in/b")) == []


def test_links_and_pipes_are_told_and_no_loop_is_followed(folder: Path) -> None:
    inside = folder / "in"
    (inside / "loop").symlink_to(inside)
    (inside / "gone.log").symlink_to(folder / "nowhere")
    (inside / "same.log").symlink_to(inside / "b.log")
    os.mkfifo(inside / "pipe.log")
    told = {log.name: log.trouble for log in found(["in"], "out") if log.name not in IN_ORDER}
    assert told["in/gone.log"].startswith("is a link to nothing")
    assert told["in/pipe.log"] == "is a pipe or a device; save it to a file"
    assert told["in/same.log"] == ""
    assert "in/loop" not in told
    assert names("in/loop/b.log") == ["in/loop/b.log"]


def test_what_is_nothing_is_named(folder: Path) -> None:
    with pytest.raises(NoLogError, match="nowhere: there is nothing of that name"):
        names("in", "nowhere")


def test_a_task_is_fifty_logs_or_64_mb_and_one_log_at_least() -> None:
    small = [Log(f"{n:03}", 1, "") for n in range(2 * TASK_FILES_MAX + 1)]
    assert [len(task.logs) for task in tasks_of(small)] == [50, 50, 1]
    half = TASK_BYTES_MAX // 2
    sizes = [half, half, half, 3 * TASK_BYTES_MAX, 1, TASK_BYTES_MAX]
    cut = list(tasks_of(Log(str(n), size, "") for n, size in enumerate(sizes)))
    assert [[log.size_bytes for log in task.logs] for task in cut] == [
        [half, half],
        [half],
        [3 * TASK_BYTES_MAX],
        [1],
        [TASK_BYTES_MAX],
    ]
    assert [task.number for task in cut] == list(range(5))
    assert list(tasks_of([])) == []


def test_here_is_a_folder_as_any_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "in")
    assert names(".") == [name.removeprefix("in/") for name in IN_ORDER]


def test_a_pattern_leads_into_the_output_folder_in_vain(folder: Path) -> None:
    assert names("in/**", leave_out="in/b") == [name for name in IN_ORDER if "/b/" not in name]
