"""Runs the tests of this folder inside the guest, one boot to a file, and reports each by its name.

Outside, every test of this folder is replaced by one of the same name that fetches its outcome. The
first of a file to ask boots a guest in which pytest runs the very same tests of that file. There
each phase's report is written as one JSON line, so what was over before a guest died is known.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from guest_bench import UNAVAILABLE, in_guest, why_unavailable

HERE = Path(__file__).resolve().parent
UNDER_SYSTEMD = "_systemd"
"""Ends the name of a file whose guest has systemd as its first program."""
REPORTS = os.environ.get("CHARGELOCK_GUEST_REPORTS")
"""Set inside the guest: the file that the reports go to."""


class GuestFailedError(Exception):
    """A test failed inside the guest. The message is what pytest said there."""


class Guest:
    """One boot for all tests of one file that were selected."""

    def __init__(self, path: Path, nodeids: list[str]) -> None:
        self._systemd = ("-s",) if path.stem.endswith(UNDER_SYSTEMD) else ()
        self._nodeids = nodeids
        self._ended: subprocess.CompletedProcess[str] | None = None
        self._reports: dict[str, list[dict[str, str]]] = {}

    def reports(self, nodeid: str) -> list[dict[str, str]]:
        """Return the reports of one test's phases, after booting if nobody did before."""
        if self._ended is None:
            self._ended = self._boot()
        if self._ended.returncode == UNAVAILABLE:
            pytest.skip(self._ended.stderr.strip())
        found = self._reports.get(nodeid, [])
        if not any(each["when"] == "teardown" for each in found):
            said = self._ended.stdout[-4000:] + self._ended.stderr[-4000:]
            raise GuestFailedError(f"the guest ended before this test did:\n{said}")
        return found

    def _boot(self) -> subprocess.CompletedProcess[str]:
        pytest_words = ("-m", "pytest", "-m", "slow", "-p", "no:cacheprovider", "-q")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "reports.jsonl"
            ended = in_guest(
                *(*self._systemd, "-w", folder, sys.executable, *pytest_words, *self._nodeids),
                env={"CHARGELOCK_GUEST_REPORTS": str(path)},
            )
            for line in path.read_text().splitlines() if path.exists() else []:
                report = json.loads(line)
                self._reports.setdefault(report["nodeid"], []).append(report)
        return ended


class GuestItem(pytest.Item):
    """Stands for a test of the same name that runs inside the guest."""

    guest: Guest

    def runtest(self) -> None:
        """Fetch the outcome."""
        reason = why_unavailable()
        if reason is not None:
            pytest.skip(reason)
        for report in self.guest.reports(self.nodeid):
            if report["outcome"] == "failed":
                raise GuestFailedError(report["text"])
            if report["outcome"] == "skipped":
                pytest.skip(report["text"])

    def reportinfo(self):
        """Head a failure with the test's own name."""
        return self.path, None, self.name

    def repr_failure(self, excinfo, style=None):
        """Show what pytest said inside, as it is."""
        if isinstance(excinfo.value, GuestFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session, config, items):
    """Outside, put a GuestItem in the place of each test of this folder that is left."""
    if REPORTS is not None:
        return
    files: dict[Path, list[int]] = {}
    for index, item in enumerate(items):
        if HERE in item.path.parents:
            files.setdefault(item.path, []).append(index)
    for path, mine in files.items():
        guest = Guest(path, [items[index].nodeid for index in mine])
        for index in mine:
            item = GuestItem.from_parent(items[index].parent, name=items[index].name)
            item.guest = guest
            items[index] = item


def pytest_runtest_logreport(report):
    """Inside, write one line for each phase of a test."""
    if REPORTS is None:
        return
    line = {
        "nodeid": report.nodeid,
        "when": report.when,
        "outcome": report.outcome,
        "text": report.longrepr[2] if report.skipped else report.longreprtext,
    }
    with Path(REPORTS).open("a") as file:
        file.write(json.dumps(line) + "\n")
