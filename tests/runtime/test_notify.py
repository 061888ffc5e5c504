"""What systemd is told, the watchdog's food, the single instance and the unit."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from vehicle.runtime import unit as unit_module
from vehicle.runtime.instance import AlreadyRunningError, claim
from vehicle.runtime.notify import Watchdog, notify, watchdog_us
from vehicle.runtime.unit import KEY_ARGUMENT, UnitError, check_readable, unit_text


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_on_its_socket(abstract: bool, tmp_path: Path) -> None:
    name = f"@chargelock-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        assert notify("READY=1", "STATUS=all well", environment={"NOTIFY_SOCKET": name})
        assert manager.recv(100) == b"READY=1\nSTATUS=all well"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket"])
def test_without_systemd_nothing_is_told(address: str) -> None:
    assert not notify("READY=1", environment={"NOTIFY_SOCKET": address})


@pytest.mark.parametrize(
    ("environment", "limit_us"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "5000000"}, 5_000_000),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid())}, 5_000_000),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_interval_is_systemds(
    environment: dict[str, str], limit_us: int | None
) -> None:
    assert watchdog_us(environment) == limit_us


def test_the_watchdog_is_fed_only_while_all_is_well() -> None:
    answers = [True, False, True]
    fed: list[int] = []

    async def main() -> None:
        done = asyncio.Event()

        def alive() -> bool:
            answer = answers.pop(0)
            if not answers:
                done.set()
            return answer

        watchdog = Watchdog(alive, 2_000, lambda: fed.append(len(answers)))
        watchdog.start()
        assert fed == [2]
        await done.wait()
        watchdog.stop()

    asyncio.run(main())
    assert fed == [2, 0]


def test_without_a_watchdog_nobody_asks_and_no_timer_runs() -> None:
    async def main() -> None:
        watchdog = Watchdog(lambda: pytest.fail("asked"), None)
        watchdog.start()
        watchdog.stop()

    asyncio.run(main())


def test_a_channel_is_claimed_by_one_process_and_free_after_it() -> None:
    channel = f"test{os.getpid()}"
    with claim("virtual", channel):
        with pytest.raises(AlreadyRunningError) as caught:
            claim("virtual", channel)
        assert f"(process {os.getpid()}) already runs on {channel}; stop it" in str(caught.value)
        claim("socketcan", channel).close()
    claim("virtual", channel).close()


# ---- the unit -----------------------------------------------------------------------------------


def test_the_unit_runs_the_interpreter_with_every_argument_quoted() -> None:
    text = unit_text(Path("/opt/my car/bin/python"), ["run", "50%", "$HOME", "%S/x y", 'q"', ""])
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert command == (
        'ExecStart="/opt/my car/bin/python" -I -m vehicle.cli run 50%% $$HOME "%S/x y" "q\\"" ""'
    )
    assert "@" not in command


def test_the_unit_hands_the_key_to_the_service_alone() -> None:
    text = unit_text(Path("/usr/bin/python3"), ["--secoc-key", KEY_ARGUMENT], Path("/etc/100%.key"))
    assert "LoadCredential=secoc.key:/etc/100%%.key" in text.splitlines()
    assert "--secoc-key %d/secoc.key" in text
    assert "LoadCredential" not in unit_text(Path("/usr/bin/python3"), ["run"])


def test_the_unit_is_what_it_promises() -> None:
    lines = unit_text(Path("/usr/bin/python3"), ["run"]).splitlines()
    for line in (
        "Type=notify",
        "WatchdogSec=5",
        "Restart=always",
        "StateDirectory=chargelock",
        "CapabilityBoundingSet=",
        "DynamicUser=yes",
        "User=chargelock-run",
        "Group=chargelock",
        "RestrictAddressFamilies=AF_UNIX AF_CAN",
    ):
        assert line in lines
    assert lines.index("StartLimitIntervalSec=0") < lines.index("[Service]")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_units_exposure_is_low_and_it_has_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "chargelock.service"
    path.write_text(unit_text(Path("/bin/true"), []))
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = [line for line in told.stdout.splitlines() if "Overall exposure" in line]
    assert float(line.split(":")[1].split()[0]) <= 1.5
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert "chargelock.service:" not in verified.stderr


def test_a_program_that_the_sandbox_hides_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.touch(mode=0o755)
    monkeypatch.setattr(unit_module, "HIDDEN", (tmp_path,))
    with pytest.raises(UnitError, match="does not see"):
        check_readable(program)


def test_a_program_that_others_may_not_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    (folder / "python").touch()
    with pytest.raises(UnitError, match="other users may not enter"):
        check_readable(folder / "python")
    check_readable(Path("/bin/sh"))


def test_a_file_that_others_may_not_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "settings.toml"
    secret.touch(mode=0o600)
    monkeypatch.setattr(unit_module.stat, "S_IXOTH", 0o777)
    with pytest.raises(UnitError, match="may not read it; chmod"):
        check_readable(secret)
