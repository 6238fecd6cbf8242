"""Units of work over an executor: processes of this machine, a Dask cluster or a Ray cluster, by one code path.

A unit is a tuple of items, the work a function of such a tuple that can be pickled and may run twice. Where the kernel
kills a worker, what it was doing is done again; a unit that kills its worker is halved until the item is found.
"""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import connection
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from paragonsr.errors import ExecutorError

Item = TypeVar("Item")
Result = TypeVar("Result")

ATTEMPTS = 2  # the first death may have been another unit's doing, or the machine's; then a unit runs alone
_AHEAD = 2  # units handed over per worker, so that none waits for the next
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "4194304"}
"""What glibc's allocator reads when a worker starts: give back at once what a large picture needed. Left to itself it
keeps 60 MB a worker that way. Other systems ignore it."""


class Pool(Protocol):
    """Where units run. `deaths` are the errors by which it says that a worker died, `ends` that all of it has gone."""

    workers: int
    deaths: tuple[type[BaseException], ...]
    ends: tuple[type[BaseException], ...]

    def submit(self, work: Callable[..., Any], unit: tuple[Any, ...]) -> "Future[Any]":
        """Start the work on a unit."""
        ...

    def renew(self) -> None:
        """Make the pool usable again after a death."""
        ...


class Done(NamedTuple, Generic[Item, Result]):
    """A unit and what the work made of it; `died` for a unit of the one item that kills every worker it is given to."""

    unit: tuple[Item, ...]
    result: Result | None
    died: bool = False


class _Try(NamedTuple):
    unit: tuple[Any, ...]
    deaths: int = 0


def run(
    pool: Pool, work: Callable[[tuple[Item, ...]], Result], units: Iterable[tuple[Item, ...]]
) -> Iterator[Done[Item, Result]]:
    """Each unit (or part of a unit that had to be halved) as it is done, in no particular order.

    An error of the work itself is raised here. Units are asked for as workers become free.
    """
    fresh, returned = iter(units), deque[_Try]()
    running: dict[Future[Any], _Try] = {}
    while True:
        # After a death units run alone until all that ran with it are through: the next death can only be their own.
        width = 1 if returned else pool.workers * _AHEAD
        while len(running) < width and (task := _next(returned, fresh)) is not None:
            try:
                running[pool.submit(work, task.unit)] = task
            except pool.deaths:  # a worker died a moment ago, and the units it concerns have not said so yet
                returned.appendleft(task)
                if running:
                    break
                pool.renew()
        if not running:
            return
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        has_died = False
        for future in [each for each in running if each in finished]:  # a set's order is by chance
            task = running.pop(future)
            error = _error(pool, future)
            if error is None:
                yield Done(task.unit, future.result())
            elif isinstance(error, pool.deaths):
                has_died = True
                yield from _again(task, returned)
            else:
                raise error
        if has_died:
            pool.renew()


def _next(returned: deque[_Try], fresh: Iterator[tuple[Any, ...]]) -> _Try | None:
    if returned:
        return returned.popleft()
    unit = next(fresh, None)
    return None if unit is None else _Try(unit)


def _error(pool: Pool, future: "Future[Any]") -> BaseException | None:
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    if isinstance(error, pool.ends):
        raise ExecutorError("the cluster has gone away; the same command goes on where it stopped") from error
    return error


def _again(task: _Try, returned: deque[_Try]) -> Iterator[Done[Any, Any]]:
    """Put a unit whose worker died back in line, halved if it is to blame; one item that is to blame is given up."""
    deaths = task.deaths + 1
    if deaths < ATTEMPTS:
        returned.append(_Try(task.unit, deaths))
    elif len(task.unit) > 1:
        middle = len(task.unit) // 2
        returned.extend((_Try(task.unit[:middle], 1), _Try(task.unit[middle:], 1)))
    else:
        yield Done(task.unit, None, died=True)


@contextmanager
def executor(spec: str, preload: tuple[str, ...] = ()) -> Generator[Pool]:
    """The pool that `local[:N]`, `dask:ADDRESS` or `ray[:ADDRESS]` names, closed at the end.

    Without N there is one process a core; `preload` names modules that local workers then share the memory of.
    Raises ExecutorError for another word, a library that is not installed, or a cluster that does not answer.
    """
    kind, _, place = spec.partition(":")
    match kind:
        case "local":
            if place and not (place.isdecimal() and int(place) > 0):
                raise ExecutorError(f"--executor {spec}: write local:N with N processes, 1 or more")
            pool = _Local(int(place) if place else _cores(), preload)
        case "dask":
            pool = _Dask(place)
        case "ray":
            pool = _Ray(place)
        case _:
            raise ExecutorError(f"--executor {spec}: write local, local:N, dask:ADDRESS, ray or ray:ADDRESS")
    try:
        yield pool
    finally:
        pool.close()


class _Local:
    """Processes of this machine, which end with this one, however it ends."""

    deaths: tuple[type[BaseException], ...] = (BrokenProcessPool,)
    ends: tuple[type[BaseException], ...] = ()

    def __init__(self, workers: int, preload: tuple[str, ...]) -> None:
        self.workers = workers
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self._context = multiprocessing.get_context(method)
        self._context.set_forkserver_preload(list(preload))
        for setting, value in _ALLOCATOR.items():
            os.environ.setdefault(setting, value)
        self._pool = self._new()

    def _new(self) -> Executor:
        return ProcessPoolExecutor(self.workers, self._context, initializer=_follow_parent)

    def submit(self, work: Callable[..., Any], unit: tuple[Any, ...]) -> "Future[Any]":
        return self._pool.submit(work, unit)

    def renew(self) -> None:
        self._pool.shutdown()
        self._pool = self._new()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class _Dask:
    """The workers of a Dask scheduler; it retries what a dead worker did itself, and gives up after some deaths."""

    def __init__(self, address: str) -> None:
        if not address:
            raise ExecutorError("--executor dask: name the scheduler, dask:tcp://HOST:8786 for instance")
        distributed = _library("distributed", "dask")
        try:
            self._client: Any = distributed.Client(address, set_as_default=False, timeout="15s")
        except (OSError, ValueError) as error:
            raise ExecutorError(f"--executor dask:{address}: no Dask scheduler answers there: {error}") from error
        self._executor: Executor = self._client.get_executor(pure=False)
        self.workers = max(1, sum(self._client.nthreads().values()))
        self.deaths: tuple[type[BaseException], ...] = (distributed.KilledWorker,)
        self.ends: tuple[type[BaseException], ...] = (CancelledError,)

    def submit(self, work: Callable[..., Any], unit: tuple[Any, ...]) -> "Future[Any]":
        return self._executor.submit(work, unit)

    def renew(self) -> None:
        """Nothing: the scheduler knows which of its workers live."""

    def close(self) -> None:
        self._client.close()


class _Ray:
    """The workers of a Ray cluster, or of one that is started on this machine for as long as the work takes."""

    def __init__(self, address: str) -> None:
        self._ray: Any = _library("ray", "ray")
        try:
            self._ray.init(address=address or None, log_to_driver=False, include_dashboard=None if address else False)
        except Exception as error:  # Ray has nothing narrower for a cluster that does not come up in time
            raise ExecutorError(f"--executor ray:{address}: no Ray cluster answers there: {error}") from error
        self.workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        errors: Any = self._ray.exceptions
        self.deaths: tuple[type[BaseException], ...] = (
            errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError,
        )  # fmt: skip
        self.ends: tuple[type[BaseException], ...] = (CancelledError, errors.LocalRayletDiedError)

    def submit(self, work: Callable[..., Any], unit: tuple[Any, ...]) -> "Future[Any]":
        return self._ray.remote(max_retries=1)(_call).remote(work, unit).future()

    def renew(self) -> None:
        """Nothing: Ray starts its workers anew itself."""

    def close(self) -> None:
        self._ray.shutdown()


def _call(work: Callable[..., Any], unit: tuple[Any, ...]) -> Any:
    """What Ray runs: it takes plain functions alone, and work may be a `partial`."""
    return work(unit)


def _library(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ExecutorError(f"--executor {extra}: needs {name}: pip install 'paragonsr[{extra}]'") from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _follow_parent() -> None:
    """In a worker: end as soon as the parent has, even if it was killed and could say nothing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
