"""The same set from a Dask cluster as from this machine, although a worker is killed on the way.

Ray takes half a minute to start: bench/curate_recovery.py does the same with it.
"""

import signal
import subprocess
import sys
import time

import msgspec
import pytest

from paragonsr import jobs
from paragonsr.curate import pipeline

SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"


@pytest.fixture
def quick(config):
    return msgspec.structs.replace(config, photos_per_unit=1)


def curated(photographs, out, config, pool, **options):
    pipeline.curate((photographs,), pipeline.plan(config, out), pool, **options)
    files = [out / "manifest.parquet", *(path for path in (out / "tiles").rglob("*") if path.is_file())]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def dask(tmp_path, work):
    """A scheduler with two workers in processes of their own: its address, and the workers."""
    started = []

    def start(program, *arguments):
        command = [sys.executable, "-c", program, *arguments]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(process)
        return process

    place = tmp_path / "scheduler.json"
    start(SCHEDULER, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place))
    while not place.exists():
        time.sleep(0.05)
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    workers = [start(WORKER, "--scheduler-file", str(place), *options) for _ in range(2)]
    yield msgspec.json.decode(place.read_bytes())["address"], workers
    for process in started:
        process.kill()
        process.wait()


def test_dask_with_a_worker_killed_in_the_middle(photographs, tmp_path, quick, pool, dask, work, through):
    address, workers = dask
    calm = curated(photographs, tmp_path / "calm", quick, pool)
    with jobs.executor(f"dask:{address}") as cluster:
        cluster._client.wait_for_workers(2)  # pyright: ignore[reportAttributeAccessIssue] (Dask's pool has one)
        killed = []

        def check():
            if not killed:
                workers[0].send_signal(signal.SIGKILL)
                killed.append(workers[0].wait())

        rough = curated(photographs, tmp_path / "rough", quick, through(cluster, work.slow), check=check)
    assert killed == [-signal.SIGKILL]
    assert rough == calm
