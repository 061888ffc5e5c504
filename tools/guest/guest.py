#!/usr/bin/env python3
"""Runs a command as root under a kernel that has SocketCAN, on a machine whose own has none.

    tools/guest/run [-s] [-w DIR]... [-t SECONDS] [-m MIB] [--] COMMAND [ARGUMENT]...
    tools/guest/run --check

The kernel is Debian's user-mode Linux, an ordinary program. It sees this machine's files, and what
it writes there is gone when it ends; the folders named with -w are really written. vcan0 and vcan1
are up and carry CAN FD, vcan2 carries classic frames only. The environment and the current folder
are passed on; standard input is empty. The command's two streams are passed through byte by byte,
but their order among each other is not kept, and both are terminals to the command.

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
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import BinaryIO, NoReturn

HERE = Path(__file__).resolve().parent
UNAVAILABLE = 69
TIME_LIMIT = 124
ENDED_EARLY = 125

KERNEL = "linux.uml"
NEEDED = (KERNEL, "modprobe", "ip", "setpriv", "taskset", "stty")
SYSTEMD = Path("/lib/systemd/systemd")
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

CHECK_S = 60
"""Time limit of --check: a boot takes 2 to 4 s, and longer on a busy machine."""
DRAIN_S = 2.0
"""How long the streams may still bring something once the kernel has ended."""
CONSOLE_BYTES = 8_000
"""How much of the kernel's own console is kept: a panic and its trace."""


class UnavailableError(Exception):
    """This machine cannot run the guest. The message says what is missing and what to do."""


class TimeLimitError(Exception):
    """The time limit has passed."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, or end with exit status 2 and one line of error."""
    parser = argparse.ArgumentParser(
        prog="tools/guest/run", description="Run a command under a kernel that has SocketCAN."
    )
    parser.add_argument("-s", dest="systemd", action="store_true", help="systemd as first program")
    parser.add_argument(
        "-w", dest="writable", action="append", default=[], type=Path, metavar="DIR",
        help="a folder that the guest really writes",
    )  # fmt: skip
    parser.add_argument("-t", dest="limit_s", type=float, default=300, metavar="SECONDS")
    parser.add_argument("-m", dest="memory_mib", type=int, default=1024, metavar="MIB")
    parser.add_argument("--check", action="store_true", help="only tell whether a guest boots")
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
    for folder in options.writable:
        if not folder.is_dir():
            parser.error(f"-w {folder}: is no folder; make it first")
    return options


def find_tools(*, systemd: bool) -> str:
    """Return the kernel's path.

    Raises:
        UnavailableError: a program is not installed.
    """
    path = f"{os.environ.get('PATH', '')}:{PATHS}"
    missing = [name for name in NEEDED if shutil.which(name, path=path) is None]
    if systemd and not SYSTEMD.exists():
        missing.append("systemd")
    if missing:
        raise UnavailableError(f"{', '.join(missing)} not installed; run tools/guest/install")
    return str(shutil.which(KERNEL, path=path))


def memory_folder(memory_mib: int) -> str:
    """Return where the kernel may keep its memory: it needs room there, and the right to execute.

    Raises:
        UnavailableError: neither /dev/shm nor /tmp will do.
    """
    for folder in ("/dev/shm", "/tmp"):
        with contextlib.suppress(OSError):
            info = os.statvfs(folder)
            free_mib = info.f_bavail * info.f_frsize >> 20
            if free_mib >= memory_mib and not info.f_flag & os.ST_NOEXEC:
                return folder
    raise UnavailableError(
        f"neither /dev/shm nor /tmp has {memory_mib} MiB of room without noexec; ask for less by -m"
    )


def write_order(scratch: Path, options: argparse.Namespace) -> None:
    """Write what ``inside.sh`` is to do, as lines of shell."""
    exports = [
        f"  export {name}={shlex.quote(value)}"
        for name, value in os.environ.items()
        if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name != "PATH"
    ]
    writable = [shlex.quote(str(folder.resolve())) for folder in options.writable]
    lines = [
        f"systemd={'yes' if options.systemd else ''}",
        f"folder={shlex.quote(str(Path.cwd()))}",
        f"host_path={shlex.quote(os.environ.get('PATH', PATHS))}",
        f"writable=({' '.join(writable)})",
        f"words=({' '.join(shlex.quote(word) for word in options.words)})",
        "environment() {",
        "  export PATH",
        *exports,
        "}",
    ]
    (scratch / "order").write_text("\n".join(lines) + "\n")
    inside = shlex.quote(str(HERE / "inside.sh"))
    first = scratch / "first"
    first.write_text(f"#!/bin/sh\nexec /bin/bash {inside} enter {scratch}\n")
    first.chmod(0o755)


def kernel_line(kernel: str, scratch: Path, memory_mib: int, console_fd: int) -> list[str]:
    """Return the command that starts the kernel: two consoles for the streams, one for itself."""
    cpus = sorted(os.sched_getaffinity(0))
    return [
        # If this runner is killed, the kernel takes its processes down and ends as well.
        *("setpriv", "--pdeathsig", "TERM"),
        # It has no SMP, and its switches between processes are several times cheaper on one CPU.
        *("taskset", "-c", str(cpus[os.getpid() % len(cpus)])),
        kernel,
        f"mem={memory_mib}M",
        *("root=none", "rootfstype=hostfs", "rootflags=/", "ro", f"init={scratch}/first"),
        *("con=null", "con0=null,fd:1", "con1=null,fd:2", f"con2=null,fd:{console_fd}"),
        *("console=tty2", "quiet", "loglevel=1", "panic=-1"),
        *("umid=guest", f"uml_dir={scratch}/"),
    ]


@contextlib.contextmanager
def started(line: list[str], folder: str, console_fd: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the kernel in a process group of its own, and leave nothing of it behind."""
    process = subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": folder, "PATH": f"{os.environ.get('PATH', '')}:{PATHS}"},
        pass_fds=[console_fd],
        start_new_session=True,
    )
    os.close(console_fd)
    try:
        yield process
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the kernel with every process of the guest, and wait until they are gone."""
    give_up_s = time.monotonic() + DRAIN_S
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < give_up_s:
            # All at once: what outlived the kernel would go on as a process of this machine.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(0.01)


def pass_through(process: subprocess.Popen[bytes], console: BinaryIO) -> bytes:
    """Pass both streams on until the kernel has ended; return what its console said last."""
    assert process.stdout is not None
    assert process.stderr is not None
    said = b""
    ended = False
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, sys.stdout.buffer)
        selector.register(process.stderr, selectors.EVENT_READ, sys.stderr.buffer)
        selector.register(console, selectors.EVENT_READ, None)
        while selector.get_map():
            ready = selector.select(DRAIN_S)
            if not ready and ended:
                break
            ended = process.poll() is not None
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data is None:
                    said = (said + data)[-CONSOLE_BYTES:]
                else:
                    key.data.write(data)
                    key.data.flush()
    return said


def run(options: argparse.Namespace) -> int:
    """Run the command in a guest; return the exit status as in the module's docstring.

    Raises:
        UnavailableError: this machine cannot run the guest.
    """
    kernel = find_tools(systemd=options.systemd)
    folder = memory_folder(options.memory_mib)
    with tempfile.TemporaryDirectory(prefix=f"guest-{os.getpid()}-", dir="/tmp") as name:
        scratch = Path(name)
        write_order(scratch, options)
        reading_fd, writing_fd = os.pipe()
        line = kernel_line(kernel, scratch, options.memory_mib, writing_fd)
        said, late = b"", False
        with os.fdopen(reading_fd, "rb", buffering=0) as console:
            try:
                with started(line, folder, writing_fd) as process:
                    signal.setitimer(signal.ITIMER_REAL, options.limit_s)
                    said = pass_through(process, console)
            except TimeLimitError:
                late = True
        return outcome(scratch, options, said, late=late)


def last_words(said: str) -> str:
    """Return the one line of the kernel's console that tells most: the panic's, or the last."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    panics = [line for line in lines if "Kernel panic" in line]
    return (panics or lines or ["(none)"])[-1]


def outcome(scratch: Path, options: argparse.Namespace, said: bytes, *, late: bool) -> int:
    """Return the exit status of a guest that has ended; one line tells if it is not the command's.

    Raises:
        UnavailableError: the kernel never came as far as to run anything.
    """
    words = last_words(said.decode(errors="replace"))
    settled = (scratch / "settled").exists()
    if late and (settled or not options.check):
        print(f"guest: the time limit of {options.limit_s:g} s has passed", file=sys.stderr)
        return TIME_LIMIT
    status = scratch / "status"
    if status.exists() and (text := status.read_text().strip()):
        return int(text)
    if not settled:
        raise UnavailableError(f"the guest kernel does not boot here; its last words: {words}")
    print(f"guest: ended before the command did; its last words: {words}", file=sys.stderr)
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
