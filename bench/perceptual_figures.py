"""The figures that the tables of stage 2 show: fidelity, what people would say, and what sharpness must not cost.

    python bench/perceptual_figures.py MODEL... [--every N]

On data/val with the card's low resolution, through the runtime.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import heading
from paragonsr import Upscaler
from paragonsr.artifacts.assets import find
from paragonsr.degrade import validation
from paragonsr.evaluate.jury import Jury
from paragonsr.imaging.codec import read
from paragonsr.imaging.metrics import checkerboard_energy, colour_shift, overshoot, psnr_y

Pixels = NDArray[np.uint8]


class Figures(NamedTuple):
    """Means over pictures, but for `colour`, the largest over them, and `checkerboard`, a ratio of means."""

    psnr_y: float
    lpips_alex: float
    lpips_vgg: float
    dists: float
    niqe: float
    colour: float
    halo: float
    checkerboard: float

    def cells(self) -> list[str]:
        """As a table shows them, in the order of `COLUMNS`."""
        formats = (".2f", ".4f", ".4f", ".4f", ".2f", ".2f", ".3f", ".3f")
        return [format(value, style) for value, style in zip(self, formats, strict=True)]


COLUMNS = ("PSNR-Y", "LPIPS-alex", "LPIPS-vgg", "DISTS", "NIQE", "colour/255", "halo/255", "checkerboard")


class Judges:
    """Everything that judges a picture beside its target, loaded once."""

    def __init__(self) -> None:
        self._jury = Jury(("lpips_alex", "lpips_vgg", "dists", "niqe"))
        if missing := self._jury.unmeasured:
            raise SystemExit("; ".join(f"{column}: {reason}" for column, reason in missing.items()))

    def figures(self, outputs: Sequence[Pixels], targets: Sequence[Pixels]) -> Figures:
        """The figures of outputs, uint8 HWC RGB, beside their targets."""
        rows = np.array([self._picture(output, target) for output, target in zip(outputs, targets, strict=True)])
        means = rows.mean(0)
        return Figures(*means[:5], colour=rows[:, 5].max(), halo=means[6], checkerboard=means[7] / means[8])

    def _picture(self, output: Pixels, target: Pixels) -> list[float]:
        scores = self._jury.scores(target, {"output": output})["output"]
        return [
            psnr_y(output, target, border=2),
            *(scores[column] for column in ("lpips_alex", "lpips_vgg", "dists")),
            scores.get("niqe", math.inf),
            colour_shift(output, target),
            overshoot(output, target),
            checkerboard_energy(output),
            checkerboard_energy(target),
        ]


def markdown(rows: dict[str, Figures], first: str) -> str:
    """The table, ready for docs/."""
    lines = [f"| {first} | {' | '.join(COLUMNS)} |", "|---|" + "---:|" * len(COLUMNS)]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(row.cells())} |" for name, row in rows.items())])


def existing(path: str) -> Path:
    """A path from the command line that must be there."""
    if not (found := Path(path)).exists():
        raise SystemExit(f"{path} is not there")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="names or .onnx files")
    parser.add_argument("--every", type=int, default=1, help="take every N-th picture of data/val")
    given = parser.parse_args()
    heading.show()
    files = sorted(path for path in find("data/val").iterdir() if path.suffix in {".webp", ".png"})
    targets = [read(path).pixels for path in files][:: given.every]
    lows = [validation.degrade(target, given.every * index) for index, target in enumerate(targets)]
    judges = Judges()
    rows: dict[str, Figures] = {}
    for name in given.models:
        with Upscaler(name) as upscale:
            rows[name] = judges.figures([upscale(low) for low in lows], targets)
    print(markdown(rows, f"{len(targets)} pictures of data/val"))


if __name__ == "__main__":
    main()
