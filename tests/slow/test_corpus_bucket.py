"""A corpus in a bucket: logs read from, and results written to, an S3-compatible server."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pytest
from command_line import chargelock
from corpus_logs import contents, write_logs
from drives import write_car

if TYPE_CHECKING:
    from s3fs import S3FileSystem

needed = ("moto", "s3fs")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in needed),
        reason="moto and s3fs are not here: pip install 'chargelock[fleet]'",
    ),
    pytest.mark.filterwarnings("default"),  # theirs, not ours
]

LOGS = 12


@pytest.fixture(scope="module")
def access() -> Iterator[dict[str, str]]:
    """Environment variables that lead to a server of this machine, and let one in."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server.stop()


@pytest.fixture(scope="module")
def bucket(access: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bucket with twelve logs, one of them empty, and the folder that they come from."""
    from s3fs import S3FileSystem

    folder = tmp_path_factory.mktemp("bucket")
    write_car(folder)
    write_logs(folder / "logs", LOGS, damaged_each=6)
    beside = folder / "logs/car00/drive00000.log.events.jsonl"
    beside.write_text('{"t":2500000,"event":"requested","request":"unlatch","source":"remote"}\n')
    fs = S3FileSystem(
        endpoint_url=access["AWS_ENDPOINT_URL"],
        key="testing",
        secret="testing",
        use_listings_cache=False,
    )
    fs.mkdir("fleet")
    fs.put(str(folder / "logs"), "fleet/", recursive=True)
    return folder, fs


def got(fs: S3FileSystem, where: str) -> dict[str, bytes]:
    return {name.removeprefix(f"{where}/"): fs.cat_file(name) for name in sorted(fs.find(where))}


HOW = ("--profile", "small.toml", "--workers", "2")


def test_a_bucket_gives_what_a_folder_gives_under_other_names(
    bucket: Any, access: dict[str, str]
) -> None:
    folder, fs = bucket
    local = chargelock("corpus", "logs", "--out", "local", *HOW, cwd=folder)
    assert (local.returncode, local.stderr) == (0, "")
    there = ("corpus", "s3://fleet/logs", "--out", "s3://fleet/out")
    far = chargelock(*there, *HOW, cwd=folder, **access)
    assert (far.returncode, far.stderr) == (0, "")
    one, other = contents(folder / "local"), got(fs, "fleet/out")
    assert one.keys() == other.keys()
    text = other["summary.csv"].decode().replace("s3://fleet/logs/", "logs/")
    assert text == one["summary.csv"].decode()
    assert b"chargelock-" not in b"".join(other.values()), "no name of a folder that was ours"
    told = ds.dataset(folder / "local/journal", partitioning="hive").to_table()
    asked = told.filter(ds.field("source") == "remote")["log"].to_pylist()
    assert set(asked) == {"logs/car00/drive00000.log"}, "what stands beside a log goes with it"


def test_a_bucket_that_was_done_is_not_done_again(bucket: Any, access: dict[str, str]) -> None:
    folder, fs = bucket
    there = ("corpus", "s3://fleet/logs/**/*.gz", "--out", "s3://fleet/again")
    assert chargelock(*there, *HOW, cwd=folder, **access).returncode == 0
    first = {name: fs.info(name)["LastModified"] for name in fs.find("fleet/again/tasks")}
    assert chargelock(*there, *HOW, cwd=folder, **access).returncode == 0
    assert first == {name: fs.info(name)["LastModified"] for name in fs.find("fleet/again/tasks")}
    other = chargelock(*there, *HOW, "--shadow", cwd=folder, **access)
    assert (other.returncode, "another --shadow" in other.stderr) == (2, True)


def test_a_bucket_that_is_not_there_is_a_clear_line(
    bucket: Any, access: dict[str, str], tmp_path: Path
) -> None:
    folder, _ = bucket
    for place in ("s3://nowhere/logs", "s3://fleet/nothing", "nosuch://x"):
        done = chargelock(
            "corpus", place, "--out", str(tmp_path / "out"), *HOW, cwd=folder, **access
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert done.stderr.startswith(f"error: {place}: ")
    lost = chargelock("corpus", "logs", "--out", "s3://nowhere/out", *HOW, cwd=folder, **access)
    assert (lost.returncode, lost.stderr.count("\n")) == (2, 1), lost.stderr
