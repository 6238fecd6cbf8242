"""A contact sheet: crops of the target, bicubic, Lanczos, the published Nano, fidelity and perceptual, side by side.

    python bench/perceptual_sheet.py FIDELITY PERCEPTUAL [--published MODEL] [--crops N] [--side PX] [--out FILE]

A model is a name or an .onnx file of the program, or a checkpoint of a training (.safetensors). Each validation picture
gives the one crop in which the last two differ most, and the most different come first: nobody chose them. Prints where
they are and every version's figures over the whole pictures they come from.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

import heading
from paragonsr.artifacts.assets import find
from paragonsr.degrade import validation
from paragonsr.imaging.metrics import luma
from perceptual_figures import Judges, Pixels, markdown, model

GAP = 4


class Row(NamedTuple):
    """A picture's file, the corner of its crop, how much the models differ there, and every version of it."""

    name: str
    top: int
    left: int
    difference: float
    versions: dict[str, Pixels]


def classical(filter_: Image.Resampling) -> Callable[[Pixels], Pixels]:
    return lambda low: np.asarray(Image.fromarray(low).resize((2 * low.shape[1], 2 * low.shape[0]), filter_))


def row(index: int, path: Path, enlargers: dict[str, Callable[[Pixels], Pixels]], side: int) -> Row:
    with Image.open(path) as image:
        target = np.asarray(image.convert("RGB"))
    low = validation.degrade(target, index)
    versions = {"target": target} | {name: enlarge(low) for name, enlarge in enlargers.items()}
    first, second = (luma(picture) for picture in list(versions.values())[-2:])
    rows, columns = target.shape[0] // side, target.shape[1] // side
    apart = np.abs(first - second)[: rows * side, : columns * side].reshape(rows, side, columns, side).mean((1, 3))
    top, left = np.unravel_index(np.argmax(apart), apart.shape)
    return Row(path.name, int(top) * side, int(left) * side, float(apart.max()), versions)


def sheet(rows: list[Row], side: int) -> Image.Image:
    """One row a picture, at twice the size."""
    lines = []
    for _, top, left, _, versions in rows:
        crops = [
            picture[top : top + side, left : left + side].repeat(2, 0).repeat(2, 1) for picture in versions.values()
        ]
        lines.append(np.concatenate([np.pad(crop, ((0, GAP), (0, GAP), (0, 0))) for crop in crops], axis=1))
    return Image.fromarray(np.concatenate(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fidelity")
    parser.add_argument("perceptual")
    parser.add_argument("--published", help="the author's Nano, as an .onnx file; left out without it")
    parser.add_argument("--crops", type=int, default=12)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--out", default="perceptual_sheet.png")
    given = parser.parse_args()
    heading.show()
    enlargers = {"bicubic": classical(Image.Resampling.BICUBIC), "Lanczos": classical(Image.Resampling.LANCZOS)}
    names = {"published": given.published, "fidelity": given.fidelity, "perceptual": given.perceptual}
    enlargers |= {name: model(path) for name, path in names.items() if path}
    files = sorted(path for path in find("data/val").iterdir() if path.suffix in {".webp", ".png"})
    found = [row(index, path, enlargers, given.side) for index, path in enumerate(files)]
    rows = sorted(found, key=lambda one: -one.difference)[: given.crops]
    sheet(rows, given.side).save(given.out, optimize=True)
    print(f"{given.out}, left to right: {', '.join(rows[0].versions)}\n")
    for number, one in enumerate(rows, 1):
        print(
            f"{number:2}  {one.name}, {given.side} px from ({one.top}, {one.left}): {one.difference:.2f} of luma apart"
        )
    judges, targets = Judges(), [one.versions["target"] for one in rows]
    figures = {name: judges.figures([one.versions[name] for one in rows], targets) for name in enlargers}
    print(f"\n{markdown(figures, f'over these {len(rows)} pictures')}")


if __name__ == "__main__":
    main()
