#!/usr/bin/env python3
"""Runs a command as root under a kernel that has SocketCAN, on a machine whose own has none.

    tools/guest/run [-s] [-w DIR]... [-t SECONDS] [-m MIB] [--] COMMAND [ARGUMENT]...
    tools/guest/run --check

    -s           systemd is the first program, with journal and D-Bus; COMMAND runs in a unit
    -w DIR       the guest really writes DIR
    -t SECONDS   time limit, default 300
    -m MIB       the guest's memory, default 1024

The kernel is Debian's user-mode Linux, an ordinary program. It sees this machine's files, and what
it writes there is gone when it ends, but for the folders named with -w. vcan0 and vcan1 are up and
carry CAN FD, vcan2 carries classic frames only. The environment and the current folder are passed
on; standard input is empty. The command's two streams are passed through byte by byte, but their
order among each other is not kept, and both are terminals to the command.

Exit status: the command's own, or
    2    the command line is wrong
    69   this machine cannot run the guest; --check says so too, and 0 if it can
    124  the time limit has passed
    125  the guest ended before the command did

Knows: how the kernel is started, watched and ended, and that nothing of it stays behind.
Refuses to know: what happens inside (``inside.sh``), and what the command is for.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from machine import PATHS, UnavailableError, find_tools, memory_folder
from order import write_order

UNAVAILABLE = 69
TIME_LIMIT = 124
ENDED_EARLY = 125

PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""
ENTERED = "guest: entered"
"""What ``inside.sh`` says first on the kernel's console."""
CHECK_S = 60
"""Time limit of --check: a boot takes 2 to 4 s, and longer on a busy machine."""
DRAIN_S = 2.0
"""How long the streams may still bring something once the kernel has ended."""
CONSOLE_BYTES = 8_000
"""How much is kept of the beginning and of the end of what the kernel's console says."""


class TimeLimitError(Exception):
    """The time limit has passed."""


@dataclass(frozen=True)
class Guest:
    """A kernel that runs: its process, the command's two streams, and its own console."""

    process: subprocess.Popen[bytes]
    out: IO[bytes]
    err: IO[bytes]
    console: IO[bytes]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, or end with exit status 2 and one line of error."""
    parser = argparse.ArgumentParser(
        prog="tools/guest/run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-s", dest="systemd", action="store_true")
    parser.add_argument("-w", dest="writable", action="append", default=[], metavar="DIR")
    parser.add_argument("-t", dest="limit_s", type=float, default=300, metavar="SECONDS")
    parser.add_argument("-m", dest="memory_mib", type=int, default=1024, metavar="MIB")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args(arguments)
    if options.words[:1] == ["--"]:
        del options.words[0]
    if options.check:
        options.words, options.limit_s = ["true"], CHECK_S
    if not options.words:
        parser.error("no command; name one after the options")
    if options.limit_s <= 0:
        parser.error(f"-t {options.limit_s:g}: must be more than 0 seconds")
    if options.memory_mib < 128:
        parser.error(f"-m {options.memory_mib}: the guest needs 128 MiB or more")
    options.writable = [Path(folder) for folder in options.writable]
    for folder in options.writable:
        if not folder.is_dir():
            parser.error(f"-w {folder}: is no folder; make it first")
    return options


def kernel_line(scratch: Path, options: argparse.Namespace, out_fd: int, err_fd: int) -> list[str]:
    """Return the command that starts the kernel: two consoles for the streams, one for itself.

    Raises:
        UnavailableError: a program is not installed.
    """
    cpus = sorted(os.sched_getaffinity(0))
    return [
        # If this runner is killed, the kernel takes its processes down and ends as well.
        *("setpriv", "--pdeathsig", "TERM"),
        # It has no SMP, and its switches between processes are several times cheaper on one CPU.
        *("taskset", "-c", str(cpus[os.getpid() % len(cpus)])),
        find_tools(systemd=options.systemd),
        f"mem={options.memory_mib}M",
        *("root=none", "rootfstype=hostfs", "rootflags=/", "ro", f"init={scratch}/first"),
        *("con=null", f"con0=null,fd:{out_fd}", f"con1=null,fd:{err_fd}", "con2=null,fd:1"),
        *("console=tty2", "quiet", "loglevel=1", "panic=-1"),
        *("umid=guest", f"uml_dir={scratch}/"),
    ]


@contextlib.contextmanager
def started(scratch: Path, options: argparse.Namespace) -> Iterator[Guest]:
    """Start the kernel in a process group of its own, and leave nothing of it behind.

    Raises:
        UnavailableError: this machine cannot run the guest.
    """
    folder = memory_folder(options.memory_mib)
    with contextlib.ExitStack() as stack:
        (out_fd, guest_out_fd), (err_fd, guest_err_fd) = os.pipe(), os.pipe()
        out, err = (stack.enter_context(os.fdopen(fd, "rb", 0)) for fd in (out_fd, err_fd))
        try:
            process = subprocess.Popen(
                kernel_line(scratch, options, guest_out_fd, guest_err_fd),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": folder, "PATH": f"{os.environ.get('PATH')}:{PATHS}"},
                pass_fds=[guest_out_fd, guest_err_fd],
                start_new_session=True,
            )
        finally:
            os.close(guest_out_fd)
            os.close(guest_err_fd)
        try:
            assert process.stdout is not None
            console = stack.enter_context(process.stdout)
            yield Guest(process, out, err, console)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the kernel with every process of the guest, and wait until they are gone."""
    # All at once: what outlived the kernel would go on as a process of this machine.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    give_up_s = time.monotonic() + DRAIN_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < give_up_s:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


def pass_through(guest: Guest, said: bytearray) -> None:
    """Pass both streams on until the kernel has ended; put what its console says into ``said``."""
    ended = False
    with selectors.DefaultSelector() as selector:
        selector.register(guest.out, selectors.EVENT_READ, sys.stdout.buffer)
        selector.register(guest.err, selectors.EVENT_READ, sys.stderr.buffer)
        selector.register(guest.console, selectors.EVENT_READ, None)
        while selector.get_map():
            ready = selector.select(DRAIN_S)
            if not ready and ended:
                break
            ended = guest.process.poll() is not None
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data is None:
                    said += data
                    del said[CONSOLE_BYTES:-CONSOLE_BYTES]
                else:
                    key.data.write(data)
                    key.data.flush()


def run(options: argparse.Namespace) -> int:
    """Run the command in a guest; return the exit status as in the module's docstring.

    Raises:
        UnavailableError: this machine cannot run the guest.
    """
    with tempfile.TemporaryDirectory(prefix=f"guest-{os.getpid()}-", dir="/tmp") as name:
        scratch = Path(name)
        write_order(scratch, options)
        said, late = bytearray(), False
        try:
            with started(scratch, options) as guest:
                signal.setitimer(signal.ITIMER_REAL, options.limit_s)
                pass_through(guest, said)
        except TimeLimitError:
            late = True
        return outcome(scratch, options, said.decode(errors="replace"), late=late)


def last_words(said: str) -> str:
    """Return the line that tells most of the kernel's console: a panic's, ours, or the last."""
    lines = [" ".join(line.split()) for line in said.splitlines()]
    told = [line for line in lines if line not in ("", ENTERED)]
    panics = [line for line in told if "Kernel panic" in line]
    ours = [line.removeprefix("guest: ") for line in told if line.startswith("guest: ")]
    return (panics or ours or told or ["(none)"])[-1]


def outcome(scratch: Path, options: argparse.Namespace, said: str, *, late: bool) -> int:
    """Return the exit status of a guest that has ended; one line tells if it is not the command's.

    Raises:
        UnavailableError: the kernel never came as far as to run anything.
    """
    booted = ENTERED in said
    status = scratch / "status"
    if late and (booted or not options.check):
        print(f"guest: the time limit of {options.limit_s:g} s has passed", file=sys.stderr)
        return TIME_LIMIT
    if status.exists() and (number := status.read_text().strip()):
        return int(number)
    words = f"its last words: {last_words(said)}"
    if not booted:
        raise UnavailableError(f"the guest kernel does not boot here; {words}")
    print(f"guest: ended before the command did; {words}", file=sys.stderr)
    return ENDED_EARLY


def on_alarm(number: int, frame: FrameType | None) -> NoReturn:
    """The time limit has passed, even while a stream is being written."""
    raise TimeLimitError


def on_signal(number: int, frame: FrameType | None) -> NoReturn:
    """Someone ends the runner: it takes the guest along."""
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments``."""
    options = parse(arguments)
    # Every file that the guest has seen is an open file of the kernel's process for a while.
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    # What the kernel leaves when it dies becomes this process's to wait for.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGALRM, on_alarm)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return run(options)
    except UnavailableError as error:
        print(f"guest: {error}", file=sys.stderr)
        return UNAVAILABLE
    except BrokenPipeError:
        # Nobody reads any more. What is still buffered must not fail a second time at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
