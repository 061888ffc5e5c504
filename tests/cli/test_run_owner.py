"""``chargelock run``: where settings are kept, and the control socket, named or not."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import COMMAND, chargelock, environment

from vehicle.cli import control_socket
from vehicle.cli.control_socket import NOT_KEPT, control_socket_if_possible, settings_kept
from vehicle.cli.live import _open
from vehicle.core.settings import Settings, Toggle
from vehicle.runtime.port_error import PortError
from vehicle.runtime.ports import Port

RUN = ("run", "--interface", "virtual", "--profile", "reference", "--channel")


@contextmanager
def running(channel: str, *arguments: str | Path) -> Iterator[list[str]]:
    """Run the service until it greets; give what it said before that."""
    process = subprocess.Popen(
        [*COMMAND, *RUN, channel, *map(str, arguments)],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said: list[str] = []
        while not said or "end with Ctrl-C" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], "it ended"
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_run_serves_the_socket_and_keeps_the_settings(tmp_path) -> None:
    path, state = tmp_path / "s", tmp_path / "state"
    for value in ("off", "on"):
        with running("a", "--socket", path, "--state", state):
            done = chargelock("settings", "set", "auto-lock", value, CHARGELOCK_SOCKET=str(path))
            assert (done.returncode, done.stderr) == (0, "")
    lines = (state / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(each["old"], each["new"]) for each in map(json.loads, lines)] == [
        (None, "off"),
        ("off", "on"),
    ]


def test_run_without_a_folder_says_that_changes_are_not_kept(tmp_path) -> None:
    config, path = tmp_path / "c.toml", tmp_path / "s"
    config.write_text('latch-mode = "always"\n', encoding="utf-8")
    with running("b", "--socket", path, "--config", config) as said:
        assert f"{NOT_KEPT}\n" in said
        ask = {"CHARGELOCK_SOCKET": str(path)}
        told = json.loads(chargelock("settings", "show", "--json", **ask).stdout)
        assert told["vendor"] == {"latch-mode": "always"}
        assert told["paths"]["vendor"] == str(config)
        shown = chargelock("settings", "show", **ask).stdout
        assert "the vendor's; otherwise with-car" in shown
        assert NOT_KEPT in shown
        assert path.stat().st_mode & 0o777 == 0o660


def test_run_lets_everybody_read_on_request(tmp_path) -> None:
    with running("c", "--socket", tmp_path / "s", "--everybody-reads"):
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o666


def test_a_second_run_on_the_same_settings_or_socket_is_refused(tmp_path) -> None:
    path, state = tmp_path / "s", tmp_path / "state"
    with running("d", "--socket", path, "--state", state):
        same = chargelock(*RUN, "e", "--state", state, "--socket", tmp_path / "other")
        assert same.returncode == 1
        assert "another process keeps these settings" in same.stderr
        taken = chargelock(*RUN, "e", "--socket", path)
        assert taken.returncode == 1
        assert "another service listens there" in taken.stderr
        with running("e", "--state", state, "--socket", tmp_path / "dry", "--dry-run") as said:
            assert f"{NOT_KEPT}\n" in said


@pytest.mark.parametrize(
    ("option", "words"),
    [("--socket", "cannot listen there"), ("--state", "cannot be used")],
)
def test_what_was_named_and_cannot_be_made_is_misuse(tmp_path, option, words) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = chargelock(*RUN, "f", option, tmp_path / "file" / "below")
    assert done.returncode == 2
    assert words in done.stderr


# ---- what run does without ----------------------------------------------------------------------


def test_a_default_socket_that_cannot_be_made_is_done_without(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(control_socket, "SOCKET_PATH", str(tmp_path / "file" / "s"))
    said: list[str] = []
    with control_socket_if_possible(None, None, None, said.append, everybody_reads=False):
        (told,) = said
    assert told.startswith("no control socket, so nobody can ask by command line: ")


def test_a_settings_file_that_cannot_be_used_is_noted(tmp_path) -> None:
    (tmp_path / "settings.toml").mkdir()
    with settings_kept(tmp_path, None, dry_run=False) as (store, settings):
        assert settings == Settings()
        assert any("settings.toml cannot be used" in note for note in store.notes)


def test_settings_from_before_hold_and_what_fails_later_is_not_blamed_on_the_folder(
    tmp_path,
) -> None:
    (tmp_path / "settings.toml").write_text('auto-lock = "off"\n', encoding="utf-8")

    def serve() -> None:
        with settings_kept(tmp_path, None, dry_run=False) as (_, settings):
            assert settings == Settings(auto_lock=Toggle.OFF)
            raise OSError(5, "something else")

    with pytest.raises(OSError, match="something else"):
        serve()


def test_a_vendors_file_that_is_wrong_is_misuse(tmp_path) -> None:
    (tmp_path / "c.toml").write_text('auto-lok = "off"\n', encoding="utf-8")
    with (
        pytest.raises(SystemExit) as told,
        settings_kept(tmp_path / "state", tmp_path / "c.toml", dry_run=False),
    ):
        pass
    assert told.value.code == 2


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EPERM, 3), (errno.EACCES, 3), (errno.ENODEV, 2), (errno.EBUSY, 2), (None, 2)],
)
def test_a_channel_that_cannot_be_opened_ends_run_with_the_code_of_its_cause(
    number: int | None, code: int, capsys
) -> None:
    class Refused(Port):
        def open(self) -> None:
            raise PortError(number, "channel c cannot be opened: so it is; do this")

    with pytest.raises(SystemExit) as ended:
        _open(Refused("socketcan", "c", []), wait=False)
    assert ended.value.code == code
    assert capsys.readouterr().err == "error: channel c cannot be opened: so it is; do this\n"
