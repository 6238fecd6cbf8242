"""Units over processes, Dask and Ray: everything is done once, and a worker that dies costs nothing but its item."""

import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from concurrent.futures import Future
from functools import partial

import pytest

from paragonsr import jobs
from paragonsr.errors import ExecutorError

UNITS = [(f"a{k}", f"b{k}", f"c{k}") for k in range(6)]
WORK = """
import os, signal, time
from pathlib import Path

def join(unit):
    return "".join(unit)

def kept(unit):
    # MB that remain after large pieces of memory were given back
    before = resident()
    for megabytes in (20, 19, 18):
        piece = b"x" * (megabytes << 20)
        del piece
    return resident() - before

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def deadly(bad, unit):
    if bad in unit:
        os.kill(os.getpid(), signal.SIGKILL)
    return "".join(unit)

def once(flag, unit):
    try:
        Path(flag).touch(exist_ok=False)
    except FileExistsError:
        time.sleep(0.05)
        return "".join(unit)
    os.kill(os.getpid(), signal.SIGKILL)

def wrong(unit):
    raise ZeroDivisionError(unit[0])
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "dangerous.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "dangerous", raising=False)
    import dangerous

    return dangerous


def results(pool, work, units=UNITS):
    done = list(jobs.run(pool, work, units))
    assert Counter(item for found in done for item in found.unit) == Counter(item for unit in units for item in unit)
    for found in done:
        assert found.died or found.result == "".join(found.unit)
    return done


@pytest.mark.parametrize("workers", [1, 2])
def test_every_unit_is_done_once(work, workers):
    with jobs.executor(f"local:{workers}") as pool:
        done = results(pool, work.join)
    assert sorted(found.unit for found in done) == UNITS
    assert not any(found.died for found in done)


def test_units_are_asked_for_as_workers_become_free(work):
    asked = []

    def endless():
        for number in range(10_000):
            asked.append(number)
            yield (str(number),)

    with jobs.executor("local:1") as pool:
        found = jobs.run(pool, work.join, endless())
        for _ in range(3):
            next(found)
        assert len(asked) < 12
        found.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of glibc's allocator")
def test_a_worker_gives_large_pieces_of_memory_back(work):
    with jobs.executor("local:1") as pool:
        assert next(iter(jobs.run(pool, work.kept, [("a",)]))).result < 8


def test_no_units():
    with jobs.executor("local:1") as pool:
        assert list(jobs.run(pool, len, [])) == []


def test_an_error_of_the_work_is_raised(work):
    """That of any unit: two may be through before either is looked at."""
    with jobs.executor("local:1") as pool, pytest.raises(ZeroDivisionError, match=r"^a[0-5]$"):
        list(jobs.run(pool, work.wrong, UNITS))


def test_a_killed_worker_loses_nothing(work, tmp_path):
    with jobs.executor("local:2") as pool:
        done = results(pool, partial(work.once, str(tmp_path / "flag")))
    assert (tmp_path / "flag").exists()
    assert not any(found.died for found in done)


def test_the_item_that_kills_its_worker_is_found_and_all_others_are_done(work):
    with jobs.executor("local:2") as pool:
        done = results(pool, partial(work.deadly, "b3"))
    assert [found.unit for found in done if found.died] == [("b3",)]


def test_workers_end_with_a_program_that_was_killed(tmp_path):
    program = textwrap.dedent("""
        import os, time
        from paragonsr import jobs
        with jobs.executor("local:1") as pool:
            print(pool.submit(eval, ("__import__('os').getpid()")).result(), flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    worker = int(process.stdout.readline())
    process.kill()
    process.communicate()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"worker {worker} lives on")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("threads", "write local"),
        ("local:0", "1 or more"),
        ("local:two", "1 or more"),
        ("dask", "name the scheduler"),
        ("dask:nowhere", "no Dask scheduler answers"),
    ],
)
def test_executors_that_cannot_be_had(spec, message):
    with pytest.raises(ExecutorError, match=message), jobs.executor(spec):
        pass


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExecutorError, match=r"pip install 'paragonsr\[dask\]'"), jobs.executor("dask:tcp://x:1"):
        pass


def test_ray_takes_a_partial_and_outlives_a_killed_worker(work, tmp_path):
    with jobs.executor("ray") as pool:
        results(pool, partial(work.once, str(tmp_path / "flag")))


class Leaving:
    """A pool that does the first unit and has gone away when asked for another."""

    workers, deaths, ends = 1, (KeyError,), (ConnectionError,)

    def __init__(self):
        self.gone = False

    def submit(self, work, unit):
        future = Future()
        future.set_exception(ConnectionError()) if self.gone else future.set_result(work(unit))
        self.gone = True
        return future


def test_a_cluster_that_is_gone_is_no_deadly_item():
    found = jobs.run(Leaving(), "".join, UNITS)
    assert next(found).result == "".join(UNITS[0])
    with pytest.raises(ExecutorError, match="the cluster has gone away"):
        list(found)
