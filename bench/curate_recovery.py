"""Curation that is killed: the whole run with kill -9 at five random moments, or one worker of a Dask or Ray cluster.

    python bench/curate_recovery.py [--kinds local,dask,ray] [--photos 16] [--seed 0]

Photographs are made by bench/photographs.py, the set by recipes/curate.toml with smaller tiles, without NIMA, and with
bounds that keep most of it. What is left at the end (manifest, tiles, packed tiles) is compared byte for byte with an
undisturbed run. Ends with 1 when anything differs.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import heading
import photographs
from curate_cost import PROGRAM, RECIPE, tree

SETTINGS = (
    "technical=niqe", "aesthetic=none", "tiles.size=256", "photos_per_unit=1", "bounds.max_niqe=1e9",
    "bounds.min_contrast=1", "bounds.min_entropy=1", "bounds.min_sharpness=0", "bounds.max_sharpness=1e9",
    "bounds.max_brisque=1e9",
)  # fmt: skip
STAGES = ("measure", "technical", "judge", "tiles")
KILLS = 5
SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"

Result = dict[str, bytes]


def start(photos: Path, out: Path, executor: str) -> "subprocess.Popen[bytes]":
    """Begin the curation."""
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    stages = [word for stage in STAGES for word in ("--stage", stage)]
    command = [*PROGRAM, "curate", "run", RECIPE, photos, "-o", out, "--executor", executor, *settings, *stages]
    return subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)


def finish(process: "subprocess.Popen[bytes]", out: Path) -> Result:
    """Wait for the end of a curation; what it made. Stops when it fails."""
    if process.wait():
        raise SystemExit(f"the curation ended with {process.returncode}")
    files = [out / "manifest.parquet", *(path for path in (out / "tiles").rglob("*") if path.is_file())]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def killed_whole(photos: Path, out: Path, seconds: float, draw: random.Random) -> list[Result]:
    """Kill the whole run five times at random moments; what each run that came to its end made.

    A run goes on where the one before was killed, so it may end before its moment comes: then another begins anew.
    """
    ended, kills = list[Result](), 0
    while kills < KILLS:
        process = start(photos, out, "local:2")
        try:
            process.wait(draw.uniform(0.1, 0.9) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            kills += 1
            parts, tiles = (len(list(out.glob(name))) for name in ("parts/*/*.parquet", "tiles/*.webp"))
            print(f"  killed with {parts} parts and {tiles} tiles there", flush=True)
        else:
            ended.append(finish(process, out))
            shutil.rmtree(out)
    return [*ended, finish(start(photos, out, "local:2"), out)]


def killed_worker(photos: Path, out: Path, executor: str, victim: Callable[[int], int | None]) -> Result:
    """Kill one worker once some parts are there; `victim` finds it, given the curation's process."""
    process = start(photos, out, executor)
    while process.poll() is None:
        if len(list(out.glob("parts/*/*.parquet"))) >= 3 and (pid := victim(process.pid)):
            os.kill(pid, signal.SIGKILL)
            print(f"  worker killed with {len(list(out.glob('parts/*/*.parquet')))} parts there", flush=True)
            break
        time.sleep(0.01)
    else:
        raise SystemExit("no worker could be killed before the end")
    return finish(process, out)


@contextmanager
def dask(folder: Path) -> Iterator[tuple[str, int]]:
    """A scheduler with two workers: its address, and the first worker's process."""
    place, options = folder / "scheduler.json", ("--no-dashboard", "--host", "127.0.0.1")
    worker = (WORKER, "--nthreads", "1", "--no-nanny", *options)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    commands = [(SCHEDULER, "--port", "0", *options), worker, worker]
    running = [subprocess.Popen([sys.executable, "-c", *c, "--scheduler-file", str(place)], **quiet) for c in commands]
    try:
        while not place.exists() or not place.read_bytes():
            time.sleep(0.1)
        yield json.loads(place.read_bytes())["address"], running[1].pid
    finally:
        for process in running:
            process.kill()
            process.wait()


def ray_worker(root: int) -> int | None:
    """A process that Ray has at work for a curation."""
    for pid in tree(root):
        try:
            name = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::_call"):
            return pid
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="local,dask,ray")
    parser.add_argument("--photos", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    heading.show()
    with TemporaryDirectory() as name:
        sys.exit(compare(Path(name), options.kinds.split(","), options.photos, random.Random(options.seed)))


def compare(folder: Path, kinds: list[str], count: int, draw: random.Random) -> int:
    """Print what becomes of each kind; 1 when one differs from the undisturbed run."""
    photos = folder / "photos"
    photographs.write(photos, count, 900, 1200)
    began = time.monotonic()
    calm = finish(start(photos, folder / "calm", "local:2"), folder / "calm")
    seconds = time.monotonic() - began
    print(f"undisturbed: {len(calm)} files, {sum(name.endswith('.webp') for name in calm)} tiles, {seconds:.0f} s")
    differ = 0
    for kind in kinds:
        out = folder / kind
        print(f"{kind}:", flush=True)
        match kind:
            case "local":
                found = killed_whole(photos, out, seconds, draw)
            case "dask":
                with dask(folder) as (address, worker):
                    found = [killed_worker(photos, out, f"dask:{address}", lambda _, pid=worker: pid)]
            case "ray":
                found = [killed_worker(photos, out, "ray", ray_worker)]
            case _:
                raise SystemExit(f"--kinds: {kind} is neither local nor dask nor ray")
        other = sum(result != calm for result in found)
        differ += other
        print(f"  {other} of {len(found)} results differ from the undisturbed one by a byte or more", flush=True)
        shutil.rmtree(out)
    return 1 if differ else 0


if __name__ == "__main__":
    main()
