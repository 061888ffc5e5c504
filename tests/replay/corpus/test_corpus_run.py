"""A whole corpus: what is left in its folder, whoever did the work and however often it stopped."""

from __future__ import annotations

import csv
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from corpus_logs import contents, threads, write_logs
from drives import write_car

from vehicle.core.settings import Settings, Toggle
from vehicle.replay.corpus import find
from vehicle.replay.corpus.errors import NoLogError, OutputFolderError
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.rows import Outcome
from vehicle.replay.corpus.run import CorpusRun
from vehicle.replay.corpus.totals import Totals
from vehicle.replay.corpus.workers import Workers, local_workers
from vehicle.wire.profile import load_profile

LOGS = 40
AGAINST = Settings(auto_lock=Toggle.OFF)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small car and ``logs``: 40 of them, two damaged; and a text beside them."""
    folder = tmp_path_factory.mktemp("corpus")
    write_car(folder)
    write_logs(folder / "logs", LOGS)
    (folder / "logs" / "README.md").write_text("What these are.\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty logs are four tasks."""
    monkeypatch.setattr(find, "TASK_FILES_MAX", 11)


def order_of(base: Path, out: str, **changes: object) -> Order:
    car = load_profile(base / "small.toml")
    made = Order(
        places=("logs",), out=out, base=base, profiles=(car,), against=AGAINST, reports=False
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def here(base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(base)
    return base


def run(order: Order) -> Totals:
    with threads() as workers:
        return CorpusRun(order).go(workers, lambda _: None)


@pytest.fixture(scope="module")
def done(base: Path) -> tuple[Path, Totals]:
    """The corpus as one thread did it."""
    before = Path.cwd()
    os.chdir(base)
    files_max, find.TASK_FILES_MAX = find.TASK_FILES_MAX, 11
    try:
        totals = run(order_of(base, "done"))
    finally:
        os.chdir(before)
        find.TASK_FILES_MAX = files_max
    return base / "done", totals


def test_every_log_is_a_row_and_a_damaged_one_has_its_cause(done: tuple[Path, Totals]) -> None:
    folder, totals = done
    rows = pq.read_table(folder / "summary.parquet").to_pylist()
    assert len(rows) == totals.logs == LOGS
    assert totals.others == 1, "README.md"
    assert [row["log"] for row in rows] == sorted(row["log"] for row in rows)
    causes = {row["log"]: row["cause"] for row in rows if row["outcome"] != Outcome.REPLAYED}
    assert causes == {
        "logs/car00/drive00019.log": "is empty; record or copy it again",
        "logs/car00/drive00039.log": causes["logs/car00/drive00039.log"],
    }
    assert causes["logs/car00/drive00039.log"].startswith("has no format that is known here")
    assert totals.outcomes == {Outcome.REPLAYED: LOGS - 2, Outcome.UNREADABLE: 2}
    whole = next(row for row in rows if row["log"] == "logs/car00/drive00000.log")
    assert (whole["profile"], whole["frames_read"], whole["frames_used"]) == ("small", 180, 180)
    assert (whole["sessions"], whole["cables"], whole["duration_s"]) == (1, 1, 8.9)
    assert whole["epoch_us"] == 1_700_000_000_000_000
    cut = next(row for row in rows if row["log"] == "logs/car00/drive00010.log")
    assert (cut["outcome"], cut["frames_skipped"]) == ("replayed", 1)


def test_the_csv_says_what_the_parquet_says(done: tuple[Path, Totals]) -> None:
    folder, _ = done
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    rows = pq.read_table(folder / "summary.parquet").to_pylist()
    assert [{name: "" if v is None else str(v) for name, v in row.items()} for row in rows] == told


def test_pyarrow_and_duckdb_read_the_decisions_as_one_table(done: tuple[Path, Totals]) -> None:
    folder, _ = done
    table = ds.dataset(folder / "journal", partitioning="hive").to_table()
    commands = table.filter(ds.field("kind") == "command")
    assert set(commands["profile"].to_pylist()) == {"small"}
    counted = duckdb.sql(
        "select log, count(*) from"
        f" read_parquet('{folder}/journal/**/*.parquet', hive_partitioning = true)"
        " where kind = 'command' and profile = 'small' group by log"
    ).fetchall()
    strokes = {
        row["log"]: row["strokes"]
        for row in pq.read_table(folder / "summary.parquet").to_pylist()
        if row["strokes"]
    }
    assert dict(counted) == strokes
    because = table.filter(ds.field("kind") == "decision")["details"].to_pylist()[0]
    assert "because" in json.loads(because)


def test_what_would_be_otherwise_is_counted_and_the_moments_are_told(
    done: tuple[Path, Totals],
) -> None:
    _, totals = done
    sums = totals.sums
    assert 0 < sums["against_sessions"] <= sums["sessions"]
    assert 0 < sums["against_cables"] <= sums["cables"]
    assert sums["against_s"] > 0
    assert len(totals.moments) == 10
    assert len({each.log for each in totals.moments}) > 5
    assert all(each.values[0] != each.values[1] for each in totals.moments)


def test_two_processes_leave_the_same_bytes_as_one_thread(
    here: Path, done: tuple[Path, Totals]
) -> None:
    order = order_of(here, "two")
    with local_workers(2) as workers:
        CorpusRun(order).go(workers, lambda _: None)
    assert contents(here / "two") == contents(done[0])


def test_a_run_that_was_stopped_goes_on_where_it_was(here: Path, done: tuple[Path, Totals]) -> None:
    order = order_of(here, "stopped")
    calls = 0

    def stop_soon(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), threads() as workers:
        CorpusRun(order).go(workers, stop_soon)
    records = {path: path.stat().st_mtime_ns for path in (here / "stopped/tasks").iterdir()}
    assert len(records) >= 2
    assert not (here / "stopped/summary.parquet").exists()
    run(order)
    assert contents(here / "stopped") == contents(done[0])
    assert (
        records.items()
        <= {path: path.stat().st_mtime_ns for path in (here / "stopped/tasks").iterdir()}.items()
    ), "what was done is not done again"


def test_what_a_killed_worker_had_begun_is_gone_at_the_end(
    here: Path, done: tuple[Path, Totals]
) -> None:
    """Only files that are surely ours: a temporary name with eight digits at its end."""
    folder = shutil.copytree(done[0], here / "killed")
    left = ("tasks/.00001.json.083f1a71.new", ".summary.csv.00000000.new")
    kept = ("journal/.keep.new", "reports/notes.new")
    for name in (*left, *kept):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"half")
    run(order_of(here, "killed"))
    assert contents(folder) == {**contents(done[0]), **dict.fromkeys(kept, b"half")}


def test_only_what_has_changed_is_done_again_and_what_is_gone_leaves_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(base / "logs", tmp_path / "logs")
    order = replace(order_of(base, "out"), base=tmp_path, against=None)
    run(order)
    records = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/tasks").iterdir()}
    changed = tmp_path / "logs/car00/drive00000.log"
    changed.write_bytes(changed.read_bytes()[: -len("(1700000008.900000) can0 101#0501\n")])
    for number in range(32, LOGS):
        for path in (tmp_path / "logs/car00").glob(f"drive{number:05}.*"):
            path.unlink()
    totals = run(order)
    left = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/tasks").iterdir()}
    assert totals.logs == 32
    assert left.keys() == {f"{number:05}.json" for number in range(3)}
    assert {name for name in left if left[name] != records[name]} == {"00000.json"}
    parts = [path.name for path in (tmp_path / "out/journal/profile=small").iterdir()]
    assert sorted(parts) == ["00000.parquet", "00001.parquet", "00002.parquet"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "0.0.9"}, "another version of chargelock"),
        ({"settings": AGAINST}, "another --settings"),
        ({"against": None}, "another --against"),
        ({"shadow": True}, "another --shadow"),
        ({"places": ("logs/car00",)}, "another choice of logs"),
    ],
)
def test_a_folder_of_another_order_is_refused(
    here: Path, done: tuple[Path, Totals], changes: dict[str, object], words: str
) -> None:
    before = contents(done[0])
    with pytest.raises(OutputFolderError, match=f"--out done: was made with {words}"):
        CorpusRun(order_of(here, "done", **changes))
    assert contents(done[0]) == before


def test_a_folder_with_anything_else_in_it_is_refused(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "letter.txt").write_text("Dear", encoding="utf-8")
    with pytest.raises(OutputFolderError, match=r"--out mine: holds letter\.txt"):
        CorpusRun(order_of(here, "mine"))


def test_the_output_folder_is_no_input(here: Path, tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "logs", 2)
    order = replace(order_of(here, str(logs / "out")), places=(str(logs),))
    assert [run(order).logs, run(order).logs] == [2, 2]


def test_a_folder_without_a_file_has_no_log(here: Path, tmp_path: Path) -> None:
    order = replace(order_of(here, str(tmp_path / "out")), places=(str(tmp_path),))
    with pytest.raises(NoLogError, match="there is no file"):
        CorpusRun(order)
    assert not (tmp_path / "out").exists()


def test_workers_that_write_elsewhere_are_noticed_at_once(here: Path, tmp_path: Path) -> None:
    """As on a cluster whose machines have folders of their own."""
    run = CorpusRun(order_of(here, "elsewhere"))
    shutil.rmtree(here / "elsewhere")
    done: list[int] = []
    with ThreadPoolExecutor(1) as executor:

        class Elsewhere:
            def submit(self, function, task):
                order = replace(function.args[0], out=str(tmp_path / "theirs"))
                return executor.submit(function.func, order, task)

            def shutdown(self, **_):
                """It is ended below."""

        workers = Workers(1, Elsewhere)
        with pytest.raises(OutputFolderError, match="what the workers wrote is not there"):
            run.go(workers, done.append)
    assert done == []
