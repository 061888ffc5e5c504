"""Runs one command and prints what the kernel says of it, as a small process of its own.

    python -S -E launch.py FOLDER COMMAND [ARGUMENT ...]

A process's peak memory begins with that of whoever started it. This one is smaller than anything
that is measured, so the peak is the command's own. It prints the exit code, wall and processor
seconds and peak kilobytes on one line; the command's errors go through.

Knows: ``wait4``. Refuses to know: what the command is for.
"""

import os
import sys
import time


def main() -> None:
    """Run it."""
    folder, *command = sys.argv[1:]
    null = os.open(os.devnull, os.O_RDONLY)
    # Not /dev/null: grep knows it, and looks for the first match only.
    output = os.memfd_create("output")
    began_ns = time.perf_counter_ns()
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        os.dup2(null, 0)
        os.dup2(output, 1)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    wall_s = (time.perf_counter_ns() - began_ns) / 1e9
    cpu_s = used.ru_utime + used.ru_stime
    print(os.waitstatus_to_exitcode(status), wall_s, cpu_s, used.ru_maxrss)


if __name__ == "__main__":
    main()
