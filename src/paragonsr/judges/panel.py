"""LPIPS and DISTS of pictures of any size, several versions beside one target, as cheaply as a processor can.

The figures are those of `lpips` and `dists`. LPIPS-vgg and DISTS look through the same VGG16 with the same
normalisation and part at the first pooling, so what comes before is computed once. Large pictures are looked at in
windows with as much around them as the networks see: both figures are made of sums over places, so nothing is lost.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paragonsr.imaging import tiles
from paragonsr.imaging.tiles import Box, Tile
from paragonsr.judges import alexnet, dists, lpips, vgg16, weights, winograd
from paragonsr.judges.dists import Moments
from paragonsr.judges.look import normalise
from paragonsr.judges.lpips import Lpips

Name = Literal["lpips_alex", "lpips_vgg", "dists"]
Pixels = NDArray[np.uint8]

FILES: dict[Name, tuple[str, ...]] = {
    "lpips_alex": (alexnet.WEIGHTS, lpips.WEIGHTS),
    "lpips_vgg": (vgg16.WEIGHTS, lpips.WEIGHTS),
    "dists": (vgg16.WEIGHTS, dists.WEIGHTS),
}
"""The weights of each, in the assets folder's `weights`."""

STRIDES: dict[Name, tuple[int, ...]] = {
    "lpips_alex": alexnet.STRIDES,
    "lpips_vgg": vgg16.STRIDES,
    "dists": (1, *vgg16.STRIDES),
}

_GRID = 16
"""The pixels between two places of the deepest stage: windows begin and end at multiples of it."""
_SIDE = 64  # of what a window is for, in units of the grid
_AROUND = -(-vgg16.REACH // _GRID)  # more than AlexNet's 80

_CHUNK = 2**16  # numbers that are compared at a time, so that they stay in the processor's cache

Seen = dict[Name, list[Tensor]]
"""What each judge saw at each of its stages, `[places, C]`."""


class Panel:
    """The judges of `names`, with their published weights; may be called by several threads at once.

    Raises AssetError when they cannot be had.
    """

    def __init__(self, names: Sequence[Name]) -> None:
        self._alex = weights.place(lpips.load("alex"), "cpu") if "lpips_alex" in names else None
        self._vgg = lpips.load("vgg") if "lpips_vgg" in names else None
        self._dists = dists.load() if "dists" in names else None
        if self._vgg and self._dists:
            self._dists.vgg.features = self._vgg.backbone.features  # the same weights, held once
        for judge in (self._vgg, self._dists):
            if judge:
                winograd.replace(weights.place(judge, "cpu"))

    @torch.no_grad()
    def __call__(self, target: Pixels, versions: Sequence[Pixels]) -> dict[Name, list[float]]:
        """How far each version is from the target, by each judge; all uint8 HWC RGB of one size, sides from 31 up."""
        known, tallies = _Target(), [_Tally(self._lpips()) for _ in versions]
        for tile in windows(*target.shape[:2]):
            known.look(self._look(target, tile))
            for tally, version in zip(tallies, versions, strict=True):
                tally.add(known, self._look(version, tile))
        found: dict[Name, list[float]] = {name: [tally.distance(name) for tally in tallies] for name in self._lpips()}
        if self._dists:
            found["dists"] = [float(self._dists.judge(tally.moments())) for tally in tallies]
        return found

    @staticmethod
    def limit(threads: int) -> None:
        """Let PyTorch use this many threads where it is called by this one, and by those that begin after it."""
        torch.set_num_threads(threads)

    def _lpips(self) -> dict[Name, Lpips]:
        known: dict[Name, Lpips | None] = {"lpips_alex": self._alex, "lpips_vgg": self._vgg}
        return {name: judge for name, judge in known.items() if judge}

    def _look(self, picture: Pixels, tile: Tile) -> Seen:
        """What the judges see of a window's core."""
        x = torch.from_numpy(picture[tile.window.slices].copy()).permute(2, 0, 1)[None].float() / 255
        known, seen = normalise(x), dict[Name, list[Tensor]]()
        if self._alex:
            seen["lpips_alex"] = self._alex.backbone.stages(known)
        vgg = self._vgg.backbone if self._vgg else self._dists.vgg if self._dists else None
        if isinstance(vgg, vgg16.Vgg16):
            first = vgg.stage(0, known)
            if self._vgg:
                seen["lpips_vgg"] = vgg.onward(first)
            if self._dists:
                seen["dists"] = [x, *self._dists.vgg.onward(first)]
        core, end = tile.core.within(tile.window), x.shape[2:]
        return {
            name: [_places(one, core, end, stride) for one, stride in zip(stages, STRIDES[name], strict=True)]
            for name, stages in seen.items()
        }


class _Target:
    """What a window of the target gives to every comparison with it."""

    def __init__(self) -> None:
        self.units: dict[Name, list[Tensor]] = {}
        self.stages = list[Tensor]()
        self.shifts = list[Tensor]()  # what is near the means is taken off first: squares lose fewer digits
        self.sums = list[Tensor]()

    def look(self, seen: Seen) -> None:
        """Take the place of the window before with what was seen of the next; `shifts` are those of the first."""
        stages = seen.pop("dists", [])
        self.units = {name: [_units(y) for y in layers] for name, layers in seen.items()}
        self.shifts = self.shifts or [y.mean(0) for y in stages]
        self.stages = [y - shift for y, shift in zip(stages, self.shifts, strict=True)]
        self.sums = [_sums(y, y)[:2] for y in self.stages]


class _Tally:
    """What of one version and its target adds up from window to window."""

    def __init__(self, judges: dict[Name, Lpips]) -> None:
        self._heads: dict[Name, list[Tensor]] = {
            name: [_weight(layer) for layer in judge.heads.layers] for name, judge in judges.items()
        }
        self._apart: dict[Name, list[float]] = {name: [0.0] * len(heads) for name, heads in self._heads.items()}
        self._places: dict[Name, list[int]] = {name: [0] * len(heads) for name, heads in self._heads.items()}
        self._shifts = list[Tensor]()
        self._sums = list[Tensor]()
        self._counts = list[int]()

    def add(self, target: _Target, version: Seen) -> None:
        """Take in a window."""
        for name, heads in self._heads.items():
            for index, (head, x, y) in enumerate(zip(heads, version[name], target.units[name], strict=True)):
                self._apart[name][index] += _apart(head, x, y)
                self._places[name][index] += len(x)
        for index, x in enumerate(version.get("dists", ())):
            if index == len(self._sums):
                self._sums.append(x.new_zeros(5, x.shape[1], dtype=torch.float64))
                self._counts.append(0)
            own = _sums(x - target.shifts[index], target.stages[index])
            self._sums[index] += torch.cat([target.sums[index], own])
            self._counts[index] += len(x)
        self._shifts = target.shifts

    def distance(self, name: Name) -> float:
        """LPIPS (equation 1): the mean over places, summed over layers."""
        return sum(apart / places for apart, places in zip(self._apart[name], self._places[name], strict=True))

    def moments(self) -> list[Moments]:
        """Of each stage of DISTS."""
        return [_moments(*each) for each in zip(self._sums, self._counts, self._shifts, strict=True)]


def windows(height: int, width: int) -> Iterable[Tile]:
    """The windows that a picture is looked at in, one for a picture of up to 1024 x 1024; may end beyond it."""
    grid = tiles.whole(-(-height // _GRID), -(-width // _GRID))
    for core, window in tiles.cut(grid, grid, _SIDE, _AROUND):
        yield Tile(core.scaled(_GRID), window.scaled(_GRID))


def _places(stage: Tensor, core: Box, end: torch.Size, stride: int) -> Tensor:
    """`[1,C,h,w]` to the `[places, C]` of the core, up to the end where the picture ends there."""
    rows, columns = (
        slice(span.start // stride, span.stop // stride if span.stop < length else None)
        for span, length in zip(core, end, strict=True)
    )
    return stage[0].permute(1, 2, 0)[rows, columns].reshape(-1, stage.shape[1])


def _units(y: Tensor) -> Tensor:
    return torch.cat([lpips.unit(some) for some in y.split(_rows(y))])


def _apart(head: Tensor, x: Tensor, units: Tensor) -> float:
    """The sum over places of the weighted squared differences of an LPIPS layer, the target's scaled already."""
    total = 0.0
    for a, b in zip(x.split(_rows(x)), units.split(_rows(x)), strict=True):
        total += float((lpips.unit(a).sub_(b).square_() @ head).sum())
    return total


def _sums(x: Tensor, y: Tensor) -> Tensor:
    """The sums over places of x, xx and xy: `[3, C]`, added up in double precision."""
    total = x.new_zeros(3, x.shape[1], dtype=torch.float64)
    for a, b in zip(x.split(_rows(x)), y.split(_rows(x)), strict=True):
        total += torch.stack([a.sum(0), (a * a).sum(0), (a * b).sum(0)])
    return total


def _rows(x: Tensor) -> int:
    """How many of the places `[places, C]` are compared at a time."""
    return max(1, _CHUNK // x.shape[1])


def _moments(sums: Tensor, count: int, shift: Tensor) -> Moments:
    y, yy, x, xx, xy = (sums / count)[:, None]
    return Moments(x + shift, y + shift, xx - x * x, yy - y * y, xy - x * y)


def _weight(layer: torch.nn.Module) -> Tensor:
    (weight,) = layer.parameters()
    return weight.detach().view(-1)
