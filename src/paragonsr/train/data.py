"""Batches as a pure function of (seed, step): what makes a resumed run the same run."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from paragonsr.degrade.config import Degradation
from paragonsr.degrade.training import degrade
from paragonsr.errors import DataError, RecipeError
from paragonsr.imaging.metrics import luma
from paragonsr.train.config import Batch
from paragonsr.train.graphics import page
from paragonsr.train.ranks import Ranks
from paragonsr.train.shards import Shard

MARGIN = 8  # input pixels around a crop that only the degradation's kernels see


class Crops(Dataset[tuple[Tensor, Tensor]]):
    """Item `step` is that step's batch: `low [B,3,P+2r,P+2r]` and `high [B,3,2P,2P]`, uint8, for context r.

    Of several processes, each takes its share of every batch. Raises RecipeError for a batch that cannot be shared
    evenly, and DataError for tiles that are smaller than a crop with its surroundings.
    """

    def __init__(
        self,
        shard: Shard,
        batch: Batch,
        degradation: Degradation,
        *,
        context: int,
        seed: int,
        ranks: Ranks = Ranks(),  # noqa: B008 (a constant)
    ) -> None:
        if batch.size % ranks.count:
            raise RecipeError(f"train.batch.size: {batch.size} samples cannot be shared by {ranks.count} processes")
        self.ranks = ranks
        self.shard, self.batch, self.degradation = shard, batch, degradation
        self.context, self.seed = context, seed
        self.side = 2 * (batch.patch + 2 * (context + MARGIN))
        smallest = min((level.shape[1:3] for level in shard.levels), key=min)
        if min(smallest) < self.side:
            raise DataError(
                f"tiles of {smallest[0]}x{smallest[1]} are too small: a patch of {batch.patch} input pixels is cut, "
                f"with its rim, from {self.side}x{self.side}; lower train.batch.patch or raise train.data.scales"
            )

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """The batch of `step`."""
        own = range(self.ranks.rank, self.batch.size, self.ranks.count)
        pairs = [self.pair(step * self.batch.size + index) for index in own]
        low, high = (torch.from_numpy(np.stack(side)).permute(0, 3, 1, 2) for side in zip(*pairs, strict=True))
        return low, high

    def pair(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Sample `index` of the run: a crop, turned, perhaps gray, and what the degradation makes of it."""
        draw = np.random.Generator(np.random.Philox(key=np.array([self.seed, index], dtype=np.uint64)))
        name, crop = self._crop(draw)
        crop = np.rot90(crop, int(draw.integers(4)))
        crop = crop[:, ::-1] if draw.random() < 0.5 else crop
        if draw.random() < self.batch.gray:
            gray = (luma(crop) - 16.0) * (255 / 219)
            crop = np.repeat(np.rint(gray).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        crop = np.ascontiguousarray(crop)
        low = degrade(crop, seed=self.seed, tile=name, step=index, config=self.degradation)
        rim = 2 * (MARGIN + self.context)
        return low[MARGIN:-MARGIN, MARGIN:-MARGIN], crop[rim:-rim, rim:-rim]

    def _crop(self, draw: np.random.Generator) -> tuple[str, NDArray[np.uint8]]:
        """The tile's name and the crop with all its surroundings: of a tile at one of its scales, or a drawn page."""
        if draw.random() < self.batch.drawn:
            return "drawn", page(self.side, draw)
        tile = int(draw.choice(len(self.shard.names), p=self.shard.weights))
        tiles = self.shard.levels[int(draw.integers(len(self.shard.levels)))]
        height, width = tiles.shape[1:3]
        top = int(draw.integers(height - self.side + 1))
        left = int(draw.integers(width - self.side + 1))
        return self.shard.names[tile], tiles[tile, top : top + self.side, left : left + self.side]


def batches(crops: Crops, steps: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of `steps` in order, whatever the number of workers."""
    return iter(DataLoader(crops, batch_size=None, sampler=steps, num_workers=workers))
