"""A guest with systemd as its first program runs units, sandboxed, and keeps their journal."""

from __future__ import annotations

import sys

import pytest
from guest_bench import UNAVAILABLE, in_guest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("guest")]

UNIT = """
[Unit]
Description=Sends one frame, and tries what it may not
[Service]
Type=oneshot
ExecStart="{python}" "{program}"
CapabilityBoundingSet=
RestrictAddressFamilies=AF_CAN AF_UNIX
ProtectSystem=strict
"""

PROGRAM = """
import socket

with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as can_socket:
    can_socket.bind(("vcan0",))
    print("sent", can_socket.send(bytes(16)), flush=True)
try:
    socket.socket(socket.AF_INET)
except OSError as error:
    print("no network:", error.strerror, flush=True)
"""

SCRIPT = """
systemctl is-system-running --wait
cp "$1/oneshot.service" /etc/systemd/system/
systemctl daemon-reload
systemctl start oneshot.service || exit 4
journalctl --sync
journalctl --unit oneshot.service --output cat --grep 'sent|network'
systemctl show --property Result,ExecMainStatus oneshot.service
systemctl start no-such-unit.service 2>/dev/null && exit 5
exit 3
"""


def test_systemd_boots_whole_and_runs_a_sandboxed_oneshot_unit(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    (tmp_path / "oneshot.service").write_text(UNIT.format(python=sys.executable, program=program))
    ended = in_guest("-s", "bash", "-c", SCRIPT, "bash", tmp_path)
    if ended.returncode == UNAVAILABLE:
        pytest.skip(ended.stderr.strip())
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "running",
        "sent 16",
        "no network: Address family not supported by protocol",
        "Result=success",
        "ExecMainStatus=0",
    ]
    assert ended.returncode == 3
