"""The figures that the tables of stage 2 show: fidelity, what people would say, and what sharpness must not cost.

    python bench/perceptual_figures.py MODEL... [--hr FOLDER] [--lr card|bicubic] [--every N] [--unsharp AMOUNT]

On data/val with the card's low resolution unless told otherwise. A model is a name or an .onnx file, which the
runtime enlarges with, or a checkpoint of a training (.safetensors).
"""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

import heading
from paragonsr import Upscaler
from paragonsr.artifacts.assets import find
from paragonsr.evaluate import pairs
from paragonsr.evaluate.jury import Jury
from paragonsr.export import checkpoint
from paragonsr.imaging.metrics import checkerboard_energy, colour_shift, overshoot, psnr_y
from paragonsr.model.fuse import fuse
from paragonsr.train import validate

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


def model(name: str) -> Callable[[Pixels], Pixels]:
    """What enlarges with a model of the program or a checkpoint."""
    if not name.endswith(".safetensors"):
        return Upscaler(name)
    with torch.no_grad():
        network = fuse(checkpoint.load(Path(name)).nano)
    return torch.no_grad()(lambda low: validate.enlarge(network, low, torch.device("cpu")))


def sharpened(picture: Pixels, amount: float) -> Pixels:
    """Pillow's unsharp mask, radius 2: `amount` of what the blur takes away is added."""
    mask = ImageFilter.UnsharpMask(radius=2, percent=round(100 * amount), threshold=0)
    return np.asarray(Image.fromarray(picture).filter(mask))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="names, .onnx files or checkpoints")
    parser.add_argument("--hr", default="data/val", help="folder of targets (default data/val)")
    parser.add_argument("--lr", default="card", choices=("card", "bicubic"))
    parser.add_argument("--every", type=int, default=1, help="take every N-th picture")
    parser.add_argument(
        "--unsharp", type=float, metavar="AMOUNT", help="also each model with an unsharp mask behind it"
    )
    given = parser.parse_args()
    heading.show()
    chosen = pairs.candidates(find(given.hr), given.lr)[:: given.every]
    loaded = [pairs.load(candidate, given.lr, gray_as_rgb=True) for candidate in chosen]
    judges, rows, targets = Judges(), dict[str, Figures](), [pair.high for pair in loaded]
    for name in given.models:
        enlarge = model(name)
        outputs = [enlarge(pair.low) for pair in loaded]
        rows[name] = judges.figures(outputs, targets)
        if given.unsharp:
            sharp = [sharpened(output, given.unsharp) for output in outputs]
            rows[f"{name}, unsharp mask {given.unsharp:g}"] = judges.figures(sharp, targets)
    print(markdown(rows, f"{len(targets)} pictures of {given.hr}, {given.lr}"))


if __name__ == "__main__":
    main()
