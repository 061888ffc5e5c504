"""Who does the work: processes beside this one, or a Dask cluster. Both are executors.

Knows: how an executor is had, and how many tasks it can do at once.
Refuses to know: what a task is, and what to do where one fails.

Dask schedules, moves work off dead workers and tries again by itself; here is nothing of that. It
is an extra and is imported only for a cluster.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

from vehicle.core.record import record
from vehicle.replay.corpus.errors import WorkersError

LOCAL_CLUSTER = "local"
"""The address that stands for a cluster of processes on this machine."""

LOOPBACK = {
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "worker_dashboard_address": "127.0.0.1:0",
}
"""Where a local cluster listens. Left to itself, Dask opens a fixed port for its status pages."""

ANSWER_S = 10
"""How long a cluster may take to answer at all."""


@record
class Workers:
    """Executors to be had: a pool that broke is replaced by a new one."""

    width: int
    """How many tasks can run at once."""
    open: Callable[[], Executor]
    """Return an executor that works. Asked again where the one before broke."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


@contextlib.contextmanager
def local_workers(count: int) -> Iterator[Workers]:
    """Give processes on this machine. At the end, however it comes, they are gone."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())

    def pool() -> Executor:
        return ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent)

    try:
        yield Workers(count, pool)
    finally:
        # Whatever a worker is at may be cut: what it writes gets its name at the end.
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()


def _end_with_parent() -> None:
    """Let this process end on Ctrl-C without a word, and when whoever started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker was started by somebody"
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def cluster_workers(address: str, count: int | None) -> Iterator[Workers]:
    """Give the workers of a Dask cluster.

    ``address``: of its scheduler, or ``local`` for ``count`` processes (None: one for each
    processor). Raises: WorkersError where there is none, or it has no worker.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise WorkersError(
            "--cluster needs the extra cluster; install it: pip install 'chargelock[cluster]'"
        ) from error
    with contextlib.ExitStack() as stack:
        if address == LOCAL_CLUSTER:
            cluster = LocalCluster(n_workers=count or cores(), threads_per_worker=1, **LOOPBACK)
            target = stack.enter_context(cluster)
        else:
            target = address
        try:
            client = stack.enter_context(Client(target, timeout=ANSWER_S, set_as_default=False))
        except (OSError, ValueError) as error:
            raise WorkersError(
                f"--cluster {address}: no scheduler answers ({error}); start one: dask scheduler"
            ) from error
        width = sum(client.nthreads().values())
        if not width:
            raise WorkersError(
                f"--cluster {address}: the cluster has no worker; start some: dask worker {address}"
            )
        yield Workers(width, lambda: client.get_executor(pure=False))
