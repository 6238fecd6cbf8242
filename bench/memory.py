"""Peak memory of the whole `paragonsr upscale` process on a photograph of 24 megapixels.

    python bench/memory.py [--model MODEL] [--side 6000x4000]

The photograph is made here, textured and the same on every machine: octaves of noise as in clouds and foliage, and
grain. It is made by a process of its own, because a child's peak counts what its parent held when it was started.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import heading
from paragonsr.imaging import codec

MUST, HOPE = 1.2, 0.8


def photograph(path: Path, width: int, height: int) -> None:
    """Write a JPEG of noise in octaves of 512 to 2 pixels, amplitudes falling as in nature, quality 92."""
    rng = np.random.default_rng(24)
    total = np.full((height, width), 128, np.float32)
    for octave in range(1, 10):
        cell = 2**octave
        small = rng.integers(0, 256, (-(-height // cell), -(-width // cell)), np.uint8)
        layer = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(layer, np.float32) - 128) * np.float32(0.05 * octave)
    total += rng.normal(0, 2, (height, width)).astype(np.float32)
    tint = np.linspace((-20, 0, 20), (20, 0, -20), width, dtype=np.float32)
    picture = np.clip(total[:, :, None] + tint, 0, 255).astype(np.uint8)
    Image.fromarray(picture).save(path, quality=92, subsampling=0)


def peak(command: list[str]) -> int:
    """Run a command to its end and return the most memory it held, in bytes; stops when it fails."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="name or file of the model; default: the shipped one")
    parser.add_argument("--side", default="6000x4000", help="width x height of the photograph")
    options = parser.parse_args()
    width, height = map(int, options.side.split("x"))
    heading.show()
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "photograph.jpg"), Path(folder, "larger.jpg")
        maker = multiprocessing.get_context("spawn").Process(target=photograph, args=(source, width, height))
        maker.start()
        maker.join()
        program = str(Path(sys.executable).with_name("paragonsr"))
        model = ["--model", options.model] if options.model else []
        start = time.perf_counter()
        memory = peak([program, "upscale", str(source), "-o", str(result), *model])
        seconds = time.perf_counter() - start
        assert codec.size(result) == (2 * height, 2 * width), "the result must be twice as large"
    size = f"{width * height / 1e6:.0f} MP -> {4 * width * height / 1e6:.0f} MP"
    print(f"{size}: peak {memory / 1e9:.2f} GB (must {MUST}, hope {HOPE}), {seconds:.0f} s")


if __name__ == "__main__":
    main()
