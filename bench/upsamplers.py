"""Five ways to enlarge features by two, trained alike: which is best, which leaves a grid, which is slow.

    python bench/upsamplers.py [--steps 3000]

One body (3x3 to 16 channels, two more 3x3) and one exact Magic Kernel Sharp 2021 base for all; only the way from the
last features to RGB differs, with widths chosen so that the numbers are equal within 4 %. Same seed, same crops, same
steps, stage 1's data and losses, the card's random low resolution. Needs the assets (PARAGONSR_ASSETS).
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import heading
from paragonsr.artifacts import assets
from paragonsr.degrade.config import Degradation
from paragonsr.imaging.metrics import checkerboard_energy, psnr_y
from paragonsr.model import magic
from paragonsr.model.fuse import crop
from paragonsr.train.config import Batch, Data, Losses
from paragonsr.train.data import Crops
from paragonsr.train.losses.ms_ssim import MsSsim
from paragonsr.train.shards import pack
from paragonsr.train.validate import Pair, enlarge, pairs

LOSSES = Losses()  # stage 1's
RADIUS = 8  # context of the crops; no design looks farther


class PixelShuffle(nn.Module):
    """A 3x3 to 12 free phases (Shi et al. 2016)."""

    width = 14

    def __init__(self) -> None:
        super().__init__()
        self.phases = nn.Conv2d(self.width, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.phases(x), 2)


class Resized(nn.Module):
    """A fixed enlargement, then 5x5 at output size."""

    width = 16

    def __init__(self, resize: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.resize = resize
        self.mix = nn.Conv2d(self.width, 3, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(self.resize(x))


class Dynamic(nn.Module):
    """Bilinear samples at places the network chooses for each picture (DySample, Liu et al. 2023), then 5x5."""

    width = 15

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(self.width, 8, 1)
        nn.init.zeros_(self.offsets.weight)
        nn.init.zeros_(self.offsets.bias)
        self.mix = nn.Conv2d(self.width, 3, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        moved = F.pixel_shuffle(self.offsets(x), 2).permute(0, 2, 3, 1) * 0.5  # in input pixels
        rows = (torch.arange(2 * height, device=x.device) + 0.5) / height - 1
        columns = (torch.arange(2 * width, device=x.device) + 0.5) / width - 1
        grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], -1)
        grid = grid + moved * moved.new_tensor([2 / width, 2 / height])
        return self.mix(F.grid_sample(x, grid, padding_mode="border", align_corners=False))


def magic_resize(x: Tensor) -> Tensor:
    return magic.double(F.pad(x, (1, 1, 1, 1), mode="replicate"))


def bilinear_resize(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def nearest_resize(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


DESIGNS: dict[str, Callable[[], nn.Module]] = {
    "PixelShuffle": PixelShuffle,
    "nearest + conv": lambda: Resized(nearest_resize),
    "bilinear + conv": lambda: Resized(bilinear_resize),
    "dynamic + conv": Dynamic,
    "Magic + conv": lambda: Resized(magic_resize),
}


class Network(nn.Module):
    """The body that all share, one of the tails, and the exact base; `[N,3,H,W]` -> `[N,3,2H,2W]`."""

    def __init__(self, tail: nn.Module) -> None:
        super().__init__()
        widths = (3, 16, 16, tail.width)
        self.body = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise(widths))
        self.tail = tail
        with torch.no_grad():  # all begin close to the base, whatever the fan-in of their last layer
            last = tail.phases if isinstance(tail, PixelShuffle) else tail.mix
            last.weight.mul_(0.05)
            last.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        features = x - 0.5
        for layer in self.body:
            features = F.leaky_relu(layer(features), 0.1)
        return magic.enlarge(F.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate")) + self.tail(features)


def fit(network: Network, crops: Crops, steps: int) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, betas=(0.9, 0.99), weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, steps, pct_start=0.1)
    similarity = MsSsim()
    for step in range(steps):
        low, high = (side.float() / 255 for side in crops[step])
        output = crop(network(low), 2 * RADIUS)  # the layers pad; the rim that feels it is cut off
        loss = LOSSES.l1 * F.l1_loss(output, high) + LOSSES.ms_ssim * similarity(output, high)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


@click.command()
@click.option("--steps", default=3000, show_default=True)
@click.option("--tiles", default=12, show_default=True, help="Validation tiles to measure on.")
def main(steps: int, tiles: int) -> None:
    """Train and measure the five designs."""
    torch.set_num_threads(1)
    heading.show()
    shard, held_out = (pack(assets.find(f"data/{name}"), Path("runs/shards"), Data()) for name in ("train", "val"))
    crops = Crops(shard, Batch(), Degradation(), context=RADIUS, seed=0)
    measured = pairs(held_out, Degradation())[:: max(1, len(held_out.names) // tiles)][:tiles]
    print("| upsampler | numbers | PSNR-Y | checkerboard, x target | CPU ms / output MP |\n|---|---:|---:|---:|---:|")
    for name, design in DESIGNS.items():
        torch.manual_seed(0)
        network = Network(design())
        fit(network, crops, steps)
        print(f"| {name} | {row(network, measured)} |", flush=True)


@torch.no_grad()
def row(network: Network, measured: list[Pair]) -> str:
    """One line of the table."""
    psnr, grid, target, cost = [], 0.0, 0.0, []
    for low, high in measured:
        start = time.process_time()
        output = enlarge(network, low, torch.device("cpu"))
        cost.append((time.process_time() - start) / (high.size / 3e6))
        psnr.append(psnr_y(output, high, border=2))
        grid, target = grid + checkerboard_energy(output), target + checkerboard_energy(high)
    numbers = sum(parameter.numel() for parameter in network.parameters())
    return f"{numbers} | {np.mean(psnr):.3f} | {grid / target:.3f} | {1e3 * np.median(cost):.0f}"


if __name__ == "__main__":
    main()
