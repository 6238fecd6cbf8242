"""Which heuristic of curation finds which damage: areas under the curve, ours beside the card author's definitions.

    python bench/curate_roc.py [--tiles 220] [--witnesses 44]

Tiles of the assets folder are damaged on purpose; each figure is the chance that a damaged tile looks worse than a
clean one (0.5: blind, 1: always). Where a damage changes the size, the clean tiles are reduced by an antialiased kernel
to the same size. BRISQUE and NIQE take twenty times as long as all the others, so they judge fewer tiles. Ends with 1
when a heuristic misses the damage it is meant for.
"""

import argparse
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from rich.console import Console
from rich.table import Table

import heading
from paragonsr.artifacts.assets import find
from paragonsr.console import progress
from paragonsr.curate import heuristics
from paragonsr.imaging.color import gray
from paragonsr.judges.brisque import Brisque
from paragonsr.judges.niqe import Niqe

MUST = 0.9
SIDE = 512
TEXTURES = ("t3d_", "hterr_", "sw_")  # close to noise at pixel level, says their README: no photographs

Damage = Callable[[Image.Image], Image.Image]
Score = Callable[[NDArray[np.uint8], bool], dict[str, float]]


def jpeg(picture: Image.Image, quality: int, shift: int = 0) -> Image.Image:
    """Through JPEG (4:2:0), then cropped so that its grid of blocks begins elsewhere."""
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB").crop((shift, shift, *picture.size))


def noise(picture: Image.Image, deviation: float) -> Image.Image:
    """Gaussian noise, the same for the three channels."""
    values = np.asarray(picture, np.float64)
    added = np.random.default_rng(1).normal(0, deviation, (*values.shape[:2], 1))
    return Image.fromarray(np.clip(np.rint(values + added), 0, 255).astype(np.uint8))


def resized(picture: Image.Image, side: int, kernel: Image.Resampling) -> Image.Image:
    return picture.resize((side, side), kernel)


def enlarged(picture: Image.Image) -> Image.Image:
    """The middle quarter at twice its size."""
    quarter, kernel = SIDE // 4, Image.Resampling.BICUBIC
    return picture.crop((quarter, quarter, 3 * quarter, 3 * quarter)).resize((SIDE, SIDE), kernel)


def faded(picture: Image.Image) -> Image.Image:
    """A fifth of the contrast, as in haze."""
    return picture.point(lambda value: round(150 + (value - 128) / 5))


CLEAN: dict[str, Damage] = {
    "512": lambda picture: picture,
    **{f"{side}": partial(resized, side=side, kernel=Image.Resampling.LANCZOS) for side in (384, 256, 128)},
}
NEAREST = Image.Resampling.NEAREST
DAMAGES: dict[str, tuple[str, Damage]] = {
    **{f"JPEG {q}": ("512", partial(jpeg, quality=q)) for q in (95, 90, 80, 70, 50, 30, 10)},
    **{f"JPEG {q}, grid moved": ("512", partial(jpeg, quality=q, shift=3)) for q in (95, 80, 50, 10)},
    **{f"blur of {r} px": ("512", lambda p, r=r: p.filter(ImageFilter.GaussianBlur(r))) for r in (1, 2, 4)},
    **{
        f"unsharp mask {s} %": ("512", lambda p, s=s: p.filter(ImageFilter.UnsharpMask(2, s, 0)))
        for s in (100, 200, 400)
    },
    **{f"nearest to {s / SIDE:.0%}": (f"{s}", partial(resized, side=s, kernel=NEAREST)) for s in (384, 256, 128)},
    "enlarged 2x": ("512", enlarged),
    **{f"noise of {d}": ("512", partial(noise, deviation=d)) for d in (5, 10, 20)},
    "faded to a fifth": ("512", faded),
}
OBVIOUS = {
    "JPEG 50": ("blockiness",),
    "JPEG 50, grid moved": ("blockiness",),
    "blur of 2 px": ("too soft", "BRISQUE", "NIQE"),
    "unsharp mask 400 %": ("too sharp",),
    "nearest to 50%": ("aliasing",),
    "nearest to 75%": ("aliasing",),
    "enlarged 2x": ("too soft",),
    "noise of 10": ("aliasing",),
    "faded to a fifth": ("entropy", "contrast"),
}
"""Which heuristic must find what; the card states no strengths, so these are ours."""


def author_blockiness(plane: NDArray[np.uint8]) -> float:
    """The card author's: sum of differences at every 8th row and column, over the area; in uint8, so it wraps."""
    rows = np.abs(plane[8::8] - plane[7:-1:8])
    columns = np.abs(plane[:, 8::8] - plane[:, 7:-1:8])
    return float(rows.sum() + columns.sum()) / plane.size


def author_aliasing(plane: NDArray[np.uint8]) -> float:
    """The card author's: mean magnitude of the spectrum beyond 0.75 of the radius, over the mean of all."""
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(plane)))
    down, across = np.ogrid[: plane.shape[0], : plane.shape[1]]
    middle = [side // 2 for side in plane.shape]
    beyond = (down - middle[0]) ** 2 + (across - middle[1]) ** 2 > int(min(middle) * 0.75) ** 2
    return float(spectrum[beyond].mean() / (spectrum.mean() + 1e-9))


def scorer() -> Score:
    """Every figure of a tile, turned so that more is worse; those of BRISQUE and NIQE where they are asked for."""
    brisque = Brisque(find("weights/brisque_svr_live.npz"))
    niqe = Niqe(find("weights/niqe_pris_params.npz"))

    def score(tile: NDArray[np.uint8], witnesses: bool) -> dict[str, float]:
        found, plane = heuristics.measure(tile), gray(tile)
        figures = {
            "entropy": -found.entropy,
            "contrast": -found.contrast,
            "too soft": -found.sharpness,
            "too sharp": found.sharpness,
            "blockiness": found.blockiness,
            "his blockiness": author_blockiness(plane),
            "aliasing": found.aliasing,
            "his aliasing": author_aliasing(plane),
        }
        return figures | ({"BRISQUE": brisque.score(tile), "NIQE": niqe.score(tile)} if witnesses else {})

    return score


LIMITS = {
    "entropy": -5.0,
    "contrast": -15.0,
    "too soft": -50.0,
    "too sharp": 3000.0,
    "blockiness": heuristics.BLOCKINESS_LIMIT,
    "his blockiness": 40.0,
    "aliasing": heuristics.ALIASING_LIMIT,
    "his aliasing": 0.35,
    "BRISQUE": 40.0,
}


def area(clean: NDArray[np.float64], damaged: NDArray[np.float64]) -> float:
    """The area under the ROC curve: how often a damaged one is worse than a clean one, ties half."""
    order = np.sort(clean)
    below, upto = (np.searchsorted(order, damaged, side=side) for side in ("left", "right"))
    return float(np.mean(below + upto) / (2 * len(clean)))


def chosen(count: int) -> list[Path]:
    """As many photographs' tiles, drawn once and for all."""
    paths = [path for path in sorted(find("data/train").glob("*.webp")) if not path.name.startswith(TEXTURES)]
    picks = np.random.default_rng(0).permutation(len(paths))[:count]
    return [paths[index] for index in sorted(picks)]


def measure(paths: Sequence[Path], witnesses: int) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Kind of tile -> figure -> its value for each tile; BRISQUE's and NIQE's for `witnesses` of them."""
    kinds = {f"clean {name}": damage for name, damage in CLEAN.items()} | {k: d for k, (_, d) in DAMAGES.items()}
    rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    score, chosen = scorer(), set(np.linspace(0, len(paths) - 1, witnesses).round().astype(int).tolist())
    with progress(len(paths), "tiles") as advance:
        for index, path in enumerate(paths):
            picture = Image.open(path).convert("RGB")
            for kind, damage in kinds.items():
                rows[kind].append(score(np.asarray(damage(picture)), index in chosen))
            advance(1)
    names = rows["clean 512"][0]
    return {kind: {n: np.array([row[n] for row in found if n in row]) for n in names} for kind, found in rows.items()}


def areas(found: dict[str, dict[str, NDArray[np.float64]]]) -> tuple[Table, list[str]]:
    """The table of areas, and what fell short."""
    names = list(next(iter(found.values())))
    table = Table(title="area under the curve; * must be 0.9", title_justify="left")
    table.add_column("damage")
    for name in names:
        table.add_column(name, justify="right")
    missed = []
    for kind, (size, _) in DAMAGES.items():
        cells = []
        for name in names:
            value = area(found[f"clean {size}"][name], found[kind][name])
            wanted = name in OBVIOUS.get(kind, ())
            cells.append(f"{value:.3f}{'*' if wanted else ' '}")
            if wanted and value < MUST:
                missed.append(f"{name} finds {kind} with {value:.3f}")
        table.add_row(kind, *cells)
    return table, missed


def rejected(found: dict[str, dict[str, NDArray[np.float64]]]) -> Table:
    """How many tiles each threshold throws away."""
    table = Table(title="share of tiles beyond the threshold, %", title_justify="left")
    table.add_column("tiles")
    for name, limit in LIMITS.items():
        table.add_column(f"{name}\n{abs(limit):g}", justify="right")
    for kind, figures in found.items():
        table.add_row(kind, *(f"{100 * np.mean(figures[name] > limit):.0f}" for name, limit in LIMITS.items()))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=220, help="clean tiles, and as many of each damage")
    parser.add_argument("--witnesses", type=int, default=44, help="of them, tiles that BRISQUE and NIQE judge")
    options = parser.parse_args()
    heading.show()
    paths = chosen(options.tiles)
    givers = {path.stem.rsplit("_", 1)[0] for path in paths}
    print(f"{len(paths)} tiles of {len(givers)} photographs; BRISQUE, NIQE: {options.witnesses} tiles\n", flush=True)
    found = measure(paths, options.witnesses)
    table, missed = areas(found)
    console = Console(width=max(150, Console().width))
    console.print(table)
    console.print(rejected(found))
    print("\n".join(missed) or "every heuristic finds what it is meant to find")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
