"""Completion in the real shells: put in place by the command, then keys on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

pytestmark = pytest.mark.slow

PATIENCE_S = 90
"""How long anything that must come is waited for. Never how long anything takes."""
COLUMNS, LINES = 120, 40
SHELLS = {
    "bash": ["bash", "-i"],
    "fish": ["fish", "--interactive", "--features=no-query-term"],
    "zsh": ["zsh", "-i"],
}
PROMPT = "ready>"
STARTS = {
    "bash": (".bashrc", f"PS1='{PROMPT} '\n"),
    "fish": (".config/fish/config.fish", f"function fish_prompt; echo -n '{PROMPT} '; end\n"),
    "zsh": (".zshrc", f"PS1='{PROMPT} '\nunsetopt zle_bracketed_paste\n"),
}
"""Shell -> its start file as its owner wrote it, before completion was installed."""


class ShellTerminal:
    """A shell on a terminal of its own, in a home of its own."""

    def __init__(self, shell: str, home: Path) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            SHELLS[shell],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=surroundings(home),
            cwd=home,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(follower)

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._leader)

    def hit(self, keys: str) -> None:
        """Type keys."""
        os.write(self._leader, keys.encode())

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def see(self, *words: str) -> None:
        """Wait until all of ``words`` stand on the screen."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not all(each in self.text for each in words):
            assert time.monotonic() < give_up_s, f"never seen: {words}\n{self.text}"
            if select.select([self._leader], [], [], 0.1)[0]:
                self._stream.feed(os.read(self._leader, 65536))

    def clean(self) -> None:
        """Leave the line and begin another on an empty screen."""
        # Not Ctrl-C: the terminal would throw away what is typed right after it.
        self.hit("\x15clear\r")
        give_up_s = time.monotonic() + PATIENCE_S
        while self.text.strip() != PROMPT:
            assert time.monotonic() < give_up_s, f"never clean:\n{self.text}"
            if select.select([self._leader], [], [], 0.1)[0]:
                self._stream.feed(os.read(self._leader, 65536))


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment with nothing of this machine's user in it."""
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="module", params=sorted(SHELLS))
def shell(request, tmp_path_factory) -> Iterator[ShellTerminal]:
    """Give a shell that was opened after completion was installed."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed; run tools/guest/install")
    home = tmp_path_factory.mktemp(f"home of a {name} user")
    start = home / STARTS[name][0]
    start.parent.mkdir(parents=True, exist_ok=True)
    start.write_text(STARTS[name][1])
    subprocess.run(
        ["chargelock", "completion", name, "--install"],
        env=surroundings(home),
        check=True,
        capture_output=True,
    )
    opened = ShellTerminal(name, home)
    try:
        opened.see(PROMPT)
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("begun", "completed"),
    [
        ("chargelock unl", "chargelock unlatch "),
        ("chargelock status --js", "chargelock status --json "),
        ("chargelock settings set auto", "chargelock settings set auto-lock "),
        ("chargelock settings set auto-lock of", "chargelock settings set auto-lock off "),
        ("chargelock why ada", "chargelock why adapter "),
    ],
)
def test_the_tabulator_key_completes_what_is_begun(shell, begun, completed):
    shell.clean()
    shell.hit(f"{begun}\t")
    shell.see(completed.rstrip())
    # What is typed next stands apart: the word was complete.
    shell.hit("x")
    shell.see(f"{completed}x")


def test_the_tabulator_key_offers_every_mode(shell):
    shell.clean()
    shell.hit("chargelock settings set latch-mode \t\t")
    shell.see("with-car", "always", "while-charging", "off")
