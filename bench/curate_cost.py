"""CPU time of curation's first stage over the bare cost of decoding and reducing the same photographs, and its memory.

    python bench/curate_cost.py [--tiles 20000] [--photos FOLDER]

The photographs are made by bench/photographs.py, 63 tiles each, into FOLDER (default: a temporary one). The bare cost
is Pillow's decoding and libvips' reduction to the scales of recipes/curate.toml, in one process. Curation runs with two
workers through stage 1 and its verdicts; its figures are of the whole tree of processes: CPU time of all of them,
memory as what they hold together at the worst moment (PSS: pages they share are counted once), looked at
twice a second. Linux only. Ends with 1 when a figure misses what it must be.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import heading
import photographs

TILES_EACH, HEIGHT, WIDTH = 63, 3000, 4000
FEWER = 2000  # tiles, at which memory is looked at as well
RECIPE = Path(__file__).parents[1] / "recipes/curate.toml"
MUST_BARE, MUST_BRISQUE, MUST_GROW, MUST_MEMORY = 4, 10, 1.2, 400
PROGRAM = (sys.executable, "-c", "import sys; from paragonsr.cli import main; sys.exit(main())")
BARE = """
import sys
from pathlib import Path
import numpy as np
import pyvips
from PIL import Image
from paragonsr.curate import tiling
from paragonsr.curate.config import Tiles
pyvips.concurrency_set(1)
for path in sorted(Path(sys.argv[1]).iterdir())[: int(sys.argv[2])]:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    for size in tiling.sizes(*pixels.shape[:2], Tiles()).values():
        tiling.reduce(pixels, size, linear=False)
"""


class Cost(NamedTuple):
    """CPU seconds and megabytes of a command with all it started."""

    seconds: float
    megabytes: float
    wall: float


def cost(*command: str | Path) -> Cost:
    """Run a command to its end; stops when it fails."""
    start, ticks, most = time.monotonic(), dict[int, int](), 0
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    while process.poll() is None:
        held = 0
        for pid in tree(process.pid):
            try:
                ticks[pid], memory = spent(pid), pss(pid)
            except (OSError, ValueError):  # it has just ended
                continue
            held += memory
        most = max(most, held)
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Cost(sum(ticks.values()) / os.sysconf("SC_CLK_TCK"), most / 1e3, time.monotonic() - start)


def tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def spent(pid: int) -> int:
    """CPU time of a process in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def pss(pid: int) -> int:
    """Its share of memory in kB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def curated(photos: list[Path], folder: Path, statistics: str) -> Cost:
    """Curation's first stage and its verdicts, with two workers, into a new folder."""
    stages = ("--stage", "measure", "--stage", "judge")
    settings = [f"statistics={statistics}", "technical=none", "aesthetic=none"]
    return cost(
        *PROGRAM, "curate", "run", RECIPE, *photos, "-o", folder, "--executor", "local:2", *stages,
        *(word for setting in settings for word in ("--set", setting)),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=20_000)
    parser.add_argument("--photos", type=Path, help="where the photographs are made, to be used again")
    options = parser.parse_args()
    heading.show()
    with TemporaryDirectory() as scratch:
        sys.exit(compare(options.photos or Path(scratch, "photos"), Path(scratch), options.tiles))


def compare(photos: Path, scratch: Path, tiles: int) -> int:
    """Print the table; 1 when a figure misses what it must be."""
    many = -(-tiles // TILES_EACH)
    few = -(-FEWER // TILES_EACH)
    photographs.write(photos, many, HEIGHT, WIDTH)
    files = sorted(photos.iterdir())[:many]
    bare = cost(sys.executable, "-c", BARE, photos, str(many))
    print(f"{many} photographs of 12 MP, {many * TILES_EACH:,} tiles\n")
    print("what                                    CPU s   over bare   wall s   MB at most")
    show("bare: decode and reduce", bare, bare)
    plain = curated(files, scratch / "plain", "none")
    show("stage 1 without BRISQUE, two workers", plain, bare)
    whole = curated(files, scratch / "whole", "brisque")
    show("stage 1, two workers", whole, bare)
    grown = 1.0
    if few < many:
        fewer = curated(files[:few], scratch / "fewer", "brisque")
        show(f"the same, {few * TILES_EACH:,} tiles", fewer, None)
        grown = whole.megabytes / fewer.megabytes
        print(f"\nmemory at {many * TILES_EACH:,} tiles over that at {few * TILES_EACH:,}: {grown:.2f}")
    met = (
        plain.seconds <= MUST_BARE * bare.seconds and whole.seconds <= MUST_BRISQUE * bare.seconds
        and 1 / MUST_GROW <= grown <= MUST_GROW and whole.megabytes < MUST_MEMORY
    )  # fmt: skip
    must = f"{MUST_BARE} x without BRISQUE, {MUST_BRISQUE} x with, memory within 20 %, under {MUST_MEMORY} MB"
    print(f"{'met' if met else 'MISSED'}: {must}")
    return 0 if met else 1


def show(name: str, found: Cost, bare: Cost | None) -> None:
    ratio = f"{found.seconds / bare.seconds:9.2f}" if bare else " " * 9
    print(f"{name:36}{found.seconds:9.1f}{ratio} x{found.wall:9.1f}{found.megabytes:13.0f}", flush=True)


if __name__ == "__main__":
    main()
